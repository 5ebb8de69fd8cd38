package servicetest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

const (
	elasticsearchDir  = "elasticsearch-8.19.21"
	elasticsearchHint = "run internal/servicetest/elasticsearch/setup.sh, which needs a JDK (17 or newer) and Maven 3"
)

// shared is the one node that the tests of a package share. It is set by Main before any test runs.
type shared struct {
	mu   sync.Mutex
	node *Server
	err  error
}

var packageNode *shared

// Main runs the tests of a package that share one Elasticsearch node, stops the node, and exits:
//
//	func TestMain(m *testing.M) { servicetest.Main(m) }
func Main(m *testing.M) {
	packageNode = &shared{}
	code := m.Run()
	if packageNode.node != nil {
		packageNode.node.stop()
	}
	os.Exit(code)
}

// Elasticsearch returns a running Elasticsearch node. In a package whose TestMain is Main it is the same for all
// tests, which keep apart by data stream namespaces of their own; elsewhere it ends with t.
func Elasticsearch(t testing.TB) *Server {
	t.Helper()
	if packageNode == nil {
		return ElasticsearchNode(t)
	}
	home := elasticsearchHome(t)
	packageNode.mu.Lock()
	defer packageNode.mu.Unlock()
	if packageNode.node == nil && packageNode.err == nil {
		// Without DATA, start.sh makes a data directory and removes it at the end, whoever ends it.
		s, err := elasticsearch(home, "", nil)
		if err == nil {
			err = s.start()
		}
		packageNode.node, packageNode.err = s, err
	}
	if packageNode.err != nil {
		t.Fatal(packageNode.err)
	}
	return packageNode.node
}

// ElasticsearchNode returns a node of t's own with the given settings, e.g. "http.max_content_length=256kb". It can
// be killed and restarted, and ends with t.
func ElasticsearchNode(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := elasticsearch(elasticsearchHome(t), t.TempDir(), settings)
	if err != nil {
		t.Fatal(err)
	}
	return s.own(t)
}

// Users of a secure node, and the password of each. Admin may do everything; Writer may do what an agent has to when
// somebody else puts the index template.
const (
	Admin    = "admin"
	Writer   = "writer"
	Password = "geheim-for-tests"
)

// SecureElasticsearch returns a node of t's own that speaks https with the certificate and the key in the PEM files,
// and wants credentials. The certificate is for 127.0.0.1 and ends with its authority's. The node ends with t.
func SecureElasticsearch(t testing.TB, certFile, keyFile string) *Server {
	t.Helper()
	home := elasticsearchHome(t)
	if _, err := os.Stat(filepath.Join(home, "modules", "x-pack-security")); err != nil {
		missing(t, "security in Elasticsearch ("+home+")", elasticsearchHint)
	}
	s, err := elasticsearch(home, t.TempDir(), []string{
		"xpack.security.enabled=true", "xpack.security.enrollment.enabled=false", "xpack.security.http.ssl.enabled=true",
		"xpack.security.http.ssl.certificate=" + certFile, "xpack.security.http.ssl.key=" + keyFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	s.URL = "https://" + s.Addr
	return s.own(t)
}

func elasticsearchHome(t testing.TB) string {
	t.Helper()
	wanted(t)
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, elasticsearchDir)
	if _, err := os.Stat(filepath.Join(home, "ready")); err != nil {
		missing(t, "Elasticsearch ("+home+")", elasticsearchHint)
	}
	program(t, "install a JDK, 17 or newer", "java")
	return home
}

func elasticsearch(home, data string, settings []string) (*Server, error) {
	return javaServer("elasticsearch", home, data, settings)
}

// javaServer prepares a node of Elasticsearch or OpenSearch that start.sh in home starts.
func javaServer(name, home, data string, settings []string) (*Server, error) {
	s, err := newServer(name, data, "/_cluster/health?wait_for_status=yellow")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	s.path = filepath.Join(home, "start.sh")
	s.args = settings
	s.env = []string{"PORT=" + port, "DATA=" + data, "HEAP=512m"}
	return s, nil
}
