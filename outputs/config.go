package outputs

import (
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config says where events go beside the journal (outputs: in the configuration).
type Config struct {
	// Elasticsearch or OpenSearch cluster; none when absent.
	Elasticsearch *ElasticsearchConfig `yaml:"elasticsearch"`
}

// ElasticsearchConfig is outputs.elasticsearch in the configuration.
type ElasticsearchConfig struct {
	// Addresses of the nodes, e.g. http://127.0.0.1:9200.
	URLs []string `yaml:"urls"`
	// Namespace of the data streams logs-gatewatch.<kind>-<namespace>.
	Namespace string `yaml:"namespace"`
	// API key (base64 form), or user name and password.
	APIKey   secret.Secret `yaml:"api_key"`
	Username string        `yaml:"username"`
	Password secret.Secret `yaml:"password"`
	// File with the certificate authorities of the cluster (PEM). Empty: the system's.
	CAFile string `yaml:"ca_file"`
	// Compress requests with gzip: less network, more CPU.
	Gzip bool `yaml:"gzip"`
	// Largest body of a bulk request before compression.
	BulkSize units.Base2Bytes `yaml:"bulk_size"`
	// How long one request may take.
	Timeout model.Duration `yaml:"timeout"`
}

const (
	defaultNamespace = "default"
	defaultBulkSize  = 1 * units.MiB
	defaultTimeout   = time.Minute

	// smallestBulkSize holds a few documents; largestBulkSize is below what Elasticsearch accepts by default (100 MB).
	smallestBulkSize = 16 * units.KiB
	largestBulkSize  = 64 * units.MiB
	shortestTimeout  = time.Second
	maxNamespaceLen  = 100
)

// DefaultConfig returns the configuration of an agent that keeps its events to itself.
func DefaultConfig() Config { return Config{} }

// SetDefaults fills in what the sections that are there leave open.
func (c *Config) SetDefaults() {
	if c.Elasticsearch != nil {
		c.Elasticsearch.SetDefaults()
	}
}

// Validate returns every mistake in c as invalid.Mistakes, or nil.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Elasticsearch != nil {
		m.AddIn("elasticsearch", c.Elasticsearch.Validate())
	}
	return m.Err()
}

// SetDefaults fills in what c leaves open.
func (c *ElasticsearchConfig) SetDefaults() {
	if c.Namespace == "" {
		c.Namespace = defaultNamespace
	}
	if c.BulkSize == 0 {
		c.BulkSize = defaultBulkSize
	}
	if c.Timeout == 0 {
		c.Timeout = model.Duration(defaultTimeout)
	}
}

// Validate returns every mistake in c as invalid.Mistakes, or nil. It reads the file that ca_file names.
func (c *ElasticsearchConfig) Validate() error {
	var m invalid.Mistakes
	if len(c.URLs) == 0 {
		m.Add("urls", "must name at least one node, such as http://127.0.0.1:9200")
	}
	for i, text := range c.URLs {
		if fault := urlFault(text); fault != "" {
			m.Add(indexed("urls", i), "%s", fault)
		}
	}
	if fault := namespaceFault(c.Namespace); fault != "" {
		m.Add("namespace", "%s", fault)
	}
	c.validateCredentials(&m)
	if c.CAFile != "" {
		if _, err := loadCAs(c.CAFile); err != nil {
			m.Add("ca_file", "%v", err)
		}
	}
	if c.BulkSize < smallestBulkSize || c.BulkSize > largestBulkSize {
		m.Add("bulk_size", "must be between %v and %v, not %v", smallestBulkSize, largestBulkSize, c.BulkSize)
	}
	if time.Duration(c.Timeout) < shortestTimeout {
		m.Add("timeout", "must be at least %v, not %v", shortestTimeout, c.Timeout)
	}
	return m.Err()
}

func (c *ElasticsearchConfig) validateCredentials(m *invalid.Mistakes) {
	if c.APIKey != "" && (c.Username != "" || c.Password != "") {
		m.Add("api_key", "must stand alone: remove username and password, or the key")
	}
	if strings.Contains(c.APIKey.Reveal(), ":") {
		m.Add("api_key", `must be the base64 form of the key, which Elasticsearch calls "encoded", not id:key`)
	}
	switch {
	case c.Username != "" && c.Password == "":
		m.Add("password", "must be given with username")
	case c.Username == "" && c.Password != "":
		m.Add("username", "must be given with password")
	}
}

// urlFault says what is wrong with a node's address, without repeating it: it may hold a password.
func urlFault(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return "must be a URL such as http://127.0.0.1:9200"
	case u.User != nil:
		return "must not hold credentials: put them into username and password"
	case u.RawQuery != "" || u.Fragment != "":
		return "must end after the path"
	}
	return ""
}

// namespaceFault says what Elasticsearch would not accept in a data stream's namespace.
func namespaceFault(s string) string {
	switch {
	case s == "":
		return "must not be empty"
	case len(s) > maxNamespaceLen:
		return "must not be longer than 100 bytes"
	case s != strings.ToLower(s):
		return "must be in lower case"
	case strings.ContainsAny(s, "\\/*?\"<>| ,#:-"):
		return `must not contain any of \ / * ? " < > | , # : - or a space`
	}
	return ""
}

func loadCAs(file string) (*x509.CertPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, errors.New(file + " holds no certificate in PEM form")
	}
	return pool, nil
}
