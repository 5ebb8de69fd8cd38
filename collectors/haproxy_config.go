package collectors

import (
	"net/url"
	"strings"

	"gatewatch/internal/invalid"
)

// HAProxyConfig is an entry of collectors.haproxy in the configuration.
type HAProxyConfig struct {
	ServerConfig `yaml:",inline"`
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
		validateStatusURL(&m, "url", c.URL)
	}
	m.AddIn("", c.ServerConfig.Validate())
	return m.Err()
}

func (c *HAProxyConfig) collectors(env) ([]collector, error) {
	one, err := newHAProxy(*c)
	return []collector{one}, err
}

func (*HAProxyConfig) catalogue() []Metric {
	one, _ := newHAProxy(HAProxyConfig{}) // "" is a URL
	return one.metrics.list("")
}
