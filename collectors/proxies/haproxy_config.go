package proxies

import (
	"net/url"
	"strings"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
)

// HAProxyConfig is an entry of collectors.haproxy in the configuration.
type HAProxyConfig struct {
	collect.ServerConfig `yaml:",inline"`
	// Where it tells its statistics: unix:///path of its socket, or the address of its page with ;csv at the end.
	URL string `yaml:"url"`
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *HAProxyConfig) Validate() error {
	var m invalid.Mistakes
	if u, err := url.Parse(c.URL); err == nil && u.Scheme == "unix" {
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			m.Add("url", "must be unix:///path, with three slashes")
		}
	} else {
		fetch.ValidateURL(&m, "url", c.URL)
	}
	m.AddIn("", c.ServerConfig.Validate())
	return m.Err()
}

// Collectors returns what is switched on.
func (c *HAProxyConfig) Collectors(collect.Env) ([]collect.Collector, error) {
	one, err := newHAProxy(*c)
	return []collect.Collector{one}, err
}

// Catalogue lists every metric that can be given.
func (*HAProxyConfig) Catalogue() []collect.Row {
	one, _ := newHAProxy(HAProxyConfig{}) // "" is a URL
	return one.Metrics.List("")
}
