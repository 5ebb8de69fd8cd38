package collectors

import (
	"net/url"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// ServerConfig is what the entries of all kinds of servers have.
type ServerConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// How often; at least a second.
	Interval model.Duration `yaml:"interval"`
	// How long one collection may take in all.
	Timeout model.Duration `yaml:"timeout"`
}

const (
	defaultServerInterval = model.Duration(10 * time.Second)
	defaultServerTimeout  = model.Duration(3 * time.Second)
	minInterval           = model.Duration(time.Second)
	// maxServers bounds the entries of each kind of server: each is a connection that stays open.
	maxServers = 20
)

func (c *ServerConfig) identity() (key, value string) { return "name", c.Name }

func (c *ServerConfig) most() int { return maxServers }

func (c *ServerConfig) setDefaults() {
	setDefault(&c.Interval, defaultServerInterval)
	setDefault(&c.Timeout, defaultServerTimeout)
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *ServerConfig) Validate() error {
	var m invalid.Mistakes
	if c.Interval < minInterval {
		m.Add("interval", "must be at least %s, is %s", minInterval, c.Interval)
	}
	if c.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", c.Timeout)
	}
	return m.Err()
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
