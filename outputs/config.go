package outputs

import (
	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

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
