package web

// Config is http: in the configuration.
type Config struct {
	// Address of the web page, /metrics and the API. It stays on loopback unless a reverse proxy with
	// authentication stands before it.
	Listen string `yaml:"listen"`
}
