package collect

import (
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

// MinInterval is how often anything is collected at most.
const MinInterval = model.Duration(time.Second)

const (
	defaultServerInterval = model.Duration(10 * time.Second)
	defaultServerTimeout  = model.Duration(3 * time.Second)
	// maxServers bounds the entries of each kind of server: each is a connection that stays open.
	maxServers = 20
)

// Identity returns the key that tells entries apart, and its value.
func (c *ServerConfig) Identity() (key, value string) { return "name", c.Name }

// Most is how many entries there may be.
func (c *ServerConfig) Most() int { return maxServers }

// SetDefaults fills what is left out.
func (c *ServerConfig) SetDefaults() {
	SetDefault(&c.Interval, defaultServerInterval)
	SetDefault(&c.Timeout, defaultServerTimeout)
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *ServerConfig) Validate() error {
	var m invalid.Mistakes
	if c.Interval < MinInterval {
		m.Add("interval", "must be at least %s, is %s", MinInterval, c.Interval)
	}
	if c.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", c.Timeout)
	}
	return m.Err()
}
