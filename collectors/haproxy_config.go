package collectors

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// HAProxyConfig is an entry of collectors.haproxy in the configuration.
type HAProxyConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// Where it tells its statistics: unix:///path of its socket, or the address of its page with ;csv at the end.
	URL string `yaml:"url"`
	// How often; at least a second.
	Interval model.Duration `yaml:"interval"`
	// How long it may take.
	Timeout model.Duration `yaml:"timeout"`
}

func (c *HAProxyConfig) setDefaults() {
	setDefault(&c.Interval, defaultServerInterval)
	setDefault(&c.Timeout, defaultServerTimeout)
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *HAProxyConfig) Validate() error {
	var m invalid.Mistakes
	if c.Name == "" {
		m.Add("name", "is missing")
	}
	if u, err := url.Parse(c.URL); err == nil && u.Scheme == "unix" {
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			m.Add("url", "must be unix:///path, with three slashes")
		}
	} else {
		validateStatusURL(&m, "url", c.URL)
	}
	validatePace(&m, c.Interval, c.Timeout)
	return m.Err()
}

// validateHAProxy notes the mistakes of all entries.
func validateHAProxy(m *invalid.Mistakes, all []HAProxyConfig) {
	if len(all) > maxServers {
		m.Add("haproxy", "has %d entries, at most %d are possible", len(all), maxServers)
	}
	seen := map[string]bool{}
	for i := range all {
		at := fmt.Sprintf("haproxy[%d]", i)
		m.AddIn(at, all[i].Validate())
		if name := all[i].Name; seen[name] && name != "" {
			m.Add(at+".name", "%q is used by another HAProxy", name)
		}
		seen[all[i].Name] = true
	}
}
