package web

import (
	"net"
	"strings"

	"gatewatch/internal/invalid"
)

// Config is http: in the configuration.
type Config struct {
	// Address of the web page, /metrics and the API. It stays on loopback unless a reverse proxy with
	// authentication stands before it.
	Listen string `yaml:"listen"`
	// Host names under which people reach the page, e.g. that of a reverse proxy. IP addresses, localhost and this
	// host's own name always work; any other name is refused, so that no foreign site can read the page through a
	// name that it points here.
	Hosts []string `yaml:"hosts"`
}

// DefaultConfig returns the configuration of an agent whose page stays on its host.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:9600"} }

// Validate returns the mistakes in c, as invalid.Mistakes.
func (c *Config) Validate() error {
	var bad invalid.Mistakes
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		bad.Add("listen", "must be an address and a port, like 127.0.0.1:9600, not %q", c.Listen)
	}
	for i, h := range c.Hosts {
		if h == "" || strings.ContainsAny(h, "/: ") {
			bad.Add("hosts["+itoa(i)+"]", "must be a host name without scheme and port, like gw.example.com, not %q", h)
		}
	}
	return bad.Err()
}
