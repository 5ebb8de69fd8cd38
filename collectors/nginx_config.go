package collectors

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// NginxConfig is an entry of collectors.nginx in the configuration.
type NginxConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// Address of its stub_status page.
	StatusURL string `yaml:"status_url"`
	// How often; at least a second.
	Interval model.Duration `yaml:"interval"`
	// How long the page may take.
	Timeout model.Duration `yaml:"timeout"`
	// Files of its configuration, to see whether they were changed after the last reload. Globs.
	ConfigFiles []string `yaml:"config_files"`
	// Command that tests the configuration, such as ["nginx", "-t", "-q"]. It runs when a file has changed, and every
	// five minutes. Empty: none. nginx itself needs the rights to read certificates' keys for it.
	ConfigTest []string `yaml:"config_test"`
}

const (
	defaultServerInterval = model.Duration(10 * time.Second)
	defaultServerTimeout  = model.Duration(3 * time.Second)
	// maxServers bounds the entries of each kind of server.
	maxServers = 20
)

func (c *NginxConfig) setDefaults() {
	setDefault(&c.Interval, defaultServerInterval)
	setDefault(&c.Timeout, defaultServerTimeout)
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *NginxConfig) Validate() error {
	var m invalid.Mistakes
	if c.Name == "" {
		m.Add("name", "is missing")
	}
	validateStatusURL(&m, "status_url", c.StatusURL)
	validatePace(&m, c.Interval, c.Timeout)
	for i, glob := range c.ConfigFiles {
		if _, err := filepath.Match(glob, ""); err != nil || !filepath.IsAbs(glob) {
			m.Add(fmt.Sprintf("config_files[%d]", i), "%q is no absolute path or glob", glob)
		}
	}
	if len(c.ConfigTest) > 0 && c.ConfigTest[0] == "" {
		m.Add("config_test[0]", "is empty; it must be a program")
	}
	return m.Err()
}

func validatePace(m *invalid.Mistakes, interval, timeout model.Duration) {
	if interval < minProbeInterval {
		m.Add("interval", "must be at least %s, is %s", minProbeInterval, interval)
	}
	if timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", timeout)
	}
}

// validateStatusURL notes what is wrong with the address, without repeating it: it may hold a password.
func validateStatusURL(m *invalid.Mistakes, path, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		m.Add(path, "is missing")
	case err != nil:
		m.Add(path, "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		m.Add(path, "must be http://host… or https://host…")
	}
}

// validateNginx notes the mistakes of all entries.
func validateNginx(m *invalid.Mistakes, all []NginxConfig) {
	if len(all) > maxServers {
		m.Add("nginx", "has %d entries, at most %d are possible", len(all), maxServers)
	}
	seen := map[string]bool{}
	for i := range all {
		at := fmt.Sprintf("nginx[%d]", i)
		m.AddIn(at, all[i].Validate())
		if name := all[i].Name; seen[name] && name != "" {
			m.Add(at+".name", "%q is used by another nginx", name)
		}
		seen[all[i].Name] = true
	}
}
