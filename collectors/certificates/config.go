// Package certificates watches certificates, as servers show them and in files: how long they last, and what changed.
package certificates

import (
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/collectors/globs"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config is collectors.tls in the configuration: the certificates whose end would stop payments.
type Config struct {
	// How often endpoints are connected to and files are looked at.
	Interval model.Duration `yaml:"interval"`
	// How long one endpoint may take.
	Timeout model.Duration `yaml:"timeout"`
	// How often each endpoint is tried with old protocols and weak ciphers, which takes a few connections more. At least
	// an hour; 0: never.
	ScanInterval model.Duration `yaml:"scan_interval"`
	// Addresses that are connected to.
	Endpoints []EndpointConfig `yaml:"endpoints"`
	// Files with certificates.
	Files []FilesConfig `yaml:"files"`
}

// EndpointConfig is an entry of collectors.tls.endpoints in the configuration.
type EndpointConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// Address as host:port.
	Address string `yaml:"address"`
	// Name asked for, and the one the certificate has to be for. Empty: the host of the address.
	ServerName string `yaml:"server_name"`
	// File with certificate authorities (PEM) trusted instead of the system's.
	CAFile string `yaml:"ca_file"`
	// Certificate and key (PEM) that are shown to servers that ask for one.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// Files (PEM, PKCS#12, JKS) one of which holds the certificate that is to be served: it differs when a server was not
	// reloaded after a renewal.
	ServedFrom []string `yaml:"served_from"`
	// Password of PKCS#12 files among them.
	Password secret.Secret `yaml:"password"`
}

// FilesConfig is an entry of collectors.tls.files in the configuration.
type FilesConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// Files (PEM, DER, PKCS#12, JKS), with * and ?. What is named without them has to be there.
	Paths []string `yaml:"paths"`
	// Password of PKCS#12 files. JKS needs none: certificates are not encrypted in it.
	Password secret.Secret `yaml:"password"`
	// Whose certificates these are: server, client (shown to providers), provider (their public keys) or ca. In the label
	// "source".
	Source string `yaml:"source"`
	// Payment provider concerned, in the label "provider".
	Provider string `yaml:"provider"`
}

const (
	defaultTLSInterval = model.Duration(5 * time.Minute)
	defaultTLSTimeout  = model.Duration(10 * time.Second)
	defaultTLSScan     = model.Duration(24 * time.Hour)

	maxTLSEndpoints = 100
	maxTLSFiles     = 100
	minTLSInterval  = model.Duration(10 * time.Second)
	minTLSScan      = model.Duration(time.Hour)
)

func certificateSources() []string { return []string{"server", "client", "provider", "ca"} }

// DefaultConfig watches what is named, and looks for old protocols once in a while.
func DefaultConfig() Config {
	return Config{Interval: defaultTLSInterval, Timeout: defaultTLSTimeout, ScanInterval: defaultTLSScan}
}

// SetDefaults fills what is left out.
func (c *Config) SetDefaults() {
	collect.SetDefault(&c.Interval, defaultTLSInterval)
	collect.SetDefault(&c.Timeout, defaultTLSTimeout)
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		if host, _, err := net.SplitHostPort(e.Address); err == nil {
			collect.SetDefault(&e.ServerName, host)
		}
	}
	for i := range c.Files {
		collect.SetDefault(&c.Files[i].Source, "server")
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Interval < minTLSInterval {
		m.Add("interval", "must be at least %s, is %s", minTLSInterval, c.Interval)
	}
	if c.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", c.Timeout)
	}
	if c.ScanInterval != 0 && c.ScanInterval < minTLSScan {
		m.Add("scan_interval", "must be at least %s, or 0 for never, is %s", minTLSScan, c.ScanInterval)
	}
	collect.CheckEntries(&m, "endpoints", c.Endpoints, maxTLSEndpoints, func(e *EndpointConfig) (string, string, error) { return "name", e.Name, e.validate() })
	collect.CheckEntries(&m, "files", c.Files, maxTLSFiles, func(f *FilesConfig) (string, string, error) { return "name", f.Name, f.validate() })
	return m.Err()
}

// Collectors returns what is switched on.
func (c *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	var all []collect.Collector
	if len(c.Files) > 0 {
		all = append(all, newTLSFiles(*c, e.Log))
	}
	for _, endpoint := range c.Endpoints {
		one, err := newTLSEndpoint(endpoint, *c, e.Log)
		if err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", endpoint.Name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	endpoint, _ := newTLSEndpoint(EndpointConfig{}, Config{}, nil) // without a ca_file nothing can be wrong
	return append(newTLSFiles(Config{}, nil).Metrics, endpoint.Metrics...).List("")
}

func (e *EndpointConfig) validate() error {
	var m invalid.Mistakes
	host, port, err := net.SplitHostPort(e.Address)
	if n, badPort := strconv.ParseUint(port, 10, 16); err != nil || badPort != nil || n == 0 || host == "" {
		m.Add("address", "must be host:port, is %q", e.Address)
	}
	if _, err := fetch.LoadRoots(e.CAFile); err != nil {
		m.Add("ca_file", "%v", err)
	}
	switch {
	case (e.CertFile == "") != (e.KeyFile == ""):
		m.Add("cert_file", "goes together with key_file")
	case e.CertFile != "":
		if _, err := tls.LoadX509KeyPair(e.CertFile, e.KeyFile); err != nil {
			m.Add("cert_file", "%v", err)
		}
	}
	for i, path := range e.ServedFrom {
		if !filepath.IsAbs(path) {
			m.Add(fmt.Sprintf("served_from[%d]", i), "must be an absolute path, is %q", path)
		}
	}
	return m.Err()
}

func (f *FilesConfig) validate() error {
	var m invalid.Mistakes
	if len(f.Paths) == 0 {
		m.Add("paths", "is missing")
	}
	globs.Check(&m, "paths", f.Paths)
	if !slices.Contains(certificateSources(), f.Source) {
		m.Add("source", "must be one of %q, is %q", certificateSources(), f.Source)
	}
	return m.Err()
}
