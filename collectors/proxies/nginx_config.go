package proxies

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
)

// NginxConfig is an entry of collectors.nginx in the configuration.
type NginxConfig struct {
	collect.ServerConfig `yaml:",inline"`
	// Address of its stub_status page, such as http://127.0.0.1:8080/stub_status, or unix:/path/of/socket:/stub_status.
	StatusURL string `yaml:"status_url"`
	// Files of its configuration, to see whether they were changed after the last reload. Globs.
	ConfigFiles []string `yaml:"config_files"`
	// Command that tests the configuration, such as ["nginx", "-t", "-q"]. It runs when a file has changed, and every
	// five minutes. Empty: none. nginx itself needs the rights to read certificates' keys for it.
	ConfigTest []string `yaml:"config_test"`
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *NginxConfig) Validate() error {
	var m invalid.Mistakes
	if _, _, err := c.socket(); err != nil {
		m.Add("status_url", "%v", err)
	} else if !strings.HasPrefix(c.StatusURL, socketScheme) {
		fetch.ValidateURL(&m, "status_url", c.StatusURL)
	}
	m.AddIn("", c.ServerConfig.Validate())
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

// socketScheme begins the address of a page behind a socket.
const socketScheme = "unix:"

// socket returns the socket behind which the status page is, and the page's path; "" when it is behind none.
func (c *NginxConfig) socket() (socket, page string, err error) {
	rest, ok := strings.CutPrefix(c.StatusURL, socketScheme)
	if !ok {
		return "", "", nil
	}
	socket, page, _ = strings.Cut(rest, ":")
	if !filepath.IsAbs(socket) || strings.HasPrefix(socket, "//") || !strings.HasPrefix(page, "/") {
		return "", "", errors.New("must be unix:/path/of/socket:/stub_status")
	}
	return socket, page, nil
}

// Collectors returns what is switched on.
func (c *NginxConfig) Collectors(e collect.Env) ([]collect.Collector, error) {
	one, err := newNginx(*c, e.Host.Proc, e.Log)
	return []collect.Collector{one}, err
}

// Catalogue lists every metric that can be given.
func (*NginxConfig) Catalogue() []collect.Row {
	one, _ := newNginx(NginxConfig{}, "", nil) // "" is a URL
	return one.Metrics.List("")
}
