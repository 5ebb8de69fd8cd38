package collectors

import (
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// TLSConfig is collectors.tls in the configuration: the certificates whose end would stop payments.
type TLSConfig struct {
	// How often endpoints are connected to and files are looked at.
	Interval model.Duration `yaml:"interval"`
	// How long one endpoint may take.
	Timeout model.Duration `yaml:"timeout"`
	// How often each endpoint is tried with old protocols and weak ciphers, which takes a few connections more. At least
	// an hour; 0: never.
	ScanInterval model.Duration `yaml:"scan_interval"`
	// Addresses that are connected to.
	Endpoints []TLSEndpointConfig `yaml:"endpoints"`
	// Files with certificates.
	Files []TLSFilesConfig `yaml:"files"`
}

// TLSEndpointConfig is an entry of collectors.tls.endpoints in the configuration.
type TLSEndpointConfig struct {
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

// TLSFilesConfig is an entry of collectors.tls.files in the configuration.
type TLSFilesConfig struct {
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

func defaultTLS() TLSConfig {
	return TLSConfig{Interval: defaultTLSInterval, Timeout: defaultTLSTimeout, ScanInterval: defaultTLSScan}
}

func (c *TLSConfig) setDefaults() {
	setDefault(&c.Interval, defaultTLSInterval)
	setDefault(&c.Timeout, defaultTLSTimeout)
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		if host, _, err := net.SplitHostPort(e.Address); err == nil {
			setDefault(&e.ServerName, host)
		}
	}
	for i := range c.Files {
		setDefault(&c.Files[i].Source, "server")
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *TLSConfig) Validate() error {
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
	checkEntries(&m, "endpoints", c.Endpoints, maxTLSEndpoints, func(e *TLSEndpointConfig) (string, string, error) { return "name", e.Name, e.validate() })
	checkEntries(&m, "files", c.Files, maxTLSFiles, func(f *TLSFilesConfig) (string, string, error) { return "name", f.Name, f.validate() })
	return m.Err()
}

func (c *TLSConfig) collectors(e env) ([]collector, error) {
	var all []collector
	if len(c.Files) > 0 {
		all = append(all, newTLSFiles(*c, e.log))
	}
	for _, endpoint := range c.Endpoints {
		one, err := newTLSEndpoint(endpoint, *c, e.log)
		if err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", endpoint.Name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func (*TLSConfig) catalogue() []Metric {
	endpoint, _ := newTLSEndpoint(TLSEndpointConfig{}, TLSConfig{}, nil) // without a ca_file nothing can be wrong
	return append(newTLSFiles(TLSConfig{}, nil).metrics, endpoint.metrics...).list("")
}

func (e *TLSEndpointConfig) validate() error {
	var m invalid.Mistakes
	host, port, err := net.SplitHostPort(e.Address)
	if n, badPort := strconv.ParseUint(port, 10, 16); err != nil || badPort != nil || n == 0 || host == "" {
		m.Add("address", "must be host:port, is %q", e.Address)
	}
	if _, err := loadRoots(e.CAFile); err != nil {
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

func (f *TLSFilesConfig) validate() error {
	var m invalid.Mistakes
	if len(f.Paths) == 0 {
		m.Add("paths", "is missing")
	}
	checkPatterns(&m, "paths", f.Paths)
	if !slices.Contains(certificateSources(), f.Source) {
		m.Add("source", "must be one of %q, is %q", certificateSources(), f.Source)
	}
	return m.Err()
}

// checkPatterns notes patterns of files that find nothing whatever is there.
func checkPatterns(m *invalid.Mistakes, section string, patterns []string) {
	for i, pattern := range patterns {
		at := fmt.Sprintf("%s[%d]", section, i)
		if !filepath.IsAbs(pattern) {
			m.Add(at, "must be an absolute path, is %q", pattern)
		} else if _, err := filepath.Match(pattern, "/"); err != nil {
			m.Add(at, "%q is no pattern: a bracket is not closed", pattern)
		}
	}
}
