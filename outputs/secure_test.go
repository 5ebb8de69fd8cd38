package outputs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// file holds its certificate.
	file string
}

func newAuthority(t *testing.T, until time.Time) *authority {
	t.Helper()
	a := &authority{key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert = sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
	}, nil, a.key, a.key)
	writePEM(t, a.file, "CERTIFICATE", a.cert.Raw)
	return a
}

// issue returns files with a certificate for 127.0.0.1, followed by the authority's, and with its key.
func (a *authority) issue(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	key := newKey(t)
	cert := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "node"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
	}, a.cert, key, a.key)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "node.pem"), filepath.Join(dir, "node.key")
	writePEM(t, certFile, "CERTIFICATE", cert.Raw, a.cert.Raw)
	writePEM(t, keyFile, "PRIVATE KEY", private)
	return certFile, keyFile
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign signs a certificate for key; without parent it is its own.
func sign(t *testing.T, cert, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	if parent == nil {
		parent = cert
	}
	data, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func writePEM(t *testing.T, file, kind string, blocks ...[]byte) {
	t.Helper()
	var text []byte
	for _, b := range blocks {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})...)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// asAdmin sends a request to a secure node and decodes its answer.
func asAdmin(t *testing.T, caFile, method, url, body string, into any) {
	t.Helper()
	pool, err := loadCAs(caFile)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(servicetest.Admin, servicetest.Password)
	req.Header.Set("Content-Type", "application/json")
	rt := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer rt.CloseIdleConnections()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s = %d %s (%v)", method, url, resp.StatusCode, data, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s %s: %v in %s", method, url, err, data)
	}
}

// TestRealSecure is a real node with TLS and security: every way to be let in, and what is said when it is not.
func TestRealSecure(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, time.Now().Add(time.Hour))
	certFile, keyFile := ca.issue(t)
	es := servicetest.SecureElasticsearch(t, certFile, keyFile)
	var key struct{ Encoded string }
	asAdmin(t, ca.file, "POST", es.URL+"/_security/api_key", `{"name":"agent","role_descriptors":{"agent":{"cluster":["monitor","manage_index_templates"],`+
		`"indices":[{"names":["logs-gatewatch.*"],"privileges":["create_doc","auto_configure"]}]}}}`, &key)
	config := func(namespace, user, password, key string) ElasticsearchConfig {
		cfg := realConfig(es.URL, namespace)
		cfg.CAFile, cfg.Username, cfg.Password, cfg.APIKey = ca.file, user, secret.Secret(password), secret.Secret(key)
		return cfg
	}
	check := func(name string, cfg ElasticsearchConfig, want string) {
		t.Helper()
		err := newRig(t, cfg, newFeed(), nil).Check(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: Check() = %v, want %q", name, err, want)
		}
	}
	writer := config("writer", servicetest.Writer, servicetest.Password, "")
	check("no template, and no right to put it", writer, "manage_index_templates")
	deliver := func(name string, cfg ElasticsearchConfig) {
		t.Helper()
		f := newFeed(records(source(1, "app"), 0, 500))
		newRig(t, cfg, f, nil).deliverAll(t, f)
		check(name, cfg, "")
		var answer struct{ Count int }
		stream := es.URL + "/logs-gatewatch.app-" + cfg.Namespace
		asAdmin(t, ca.file, "POST", stream+"/_refresh", "", nil)
		asAdmin(t, ca.file, "GET", stream+"/_count", "", &answer)
		if answer.Count != 500 {
			t.Errorf("%s: %d documents, want 500", name, answer.Count)
		}
	}
	deliver("API key that may put the template", config("key", "", "", key.Encoded))
	deliver("user name and password", config("password", servicetest.Admin, servicetest.Password, ""))
	deliver("rights to write only", writer)
	asAdmin(t, ca.file, "POST", es.URL+"/_security/api_key", `{"name":"reader","role_descriptors":{"r":{"cluster":["monitor"],`+
		`"indices":[{"names":["logs-*"],"privileges":["read"]}]}}}`, &key)
	check("rights to read", config("no", "", "", key.Encoded), "lack the right create_doc on logs-gatewatch.*")

	refused := func(name string, cfg ElasticsearchConfig, want string) {
		t.Helper()
		f := newFeed(records(source(1, "app"), 0, 10))
		r := newRig(t, cfg, f, nil)
		if err := r.Check(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Check() = %v, want %q", name, err, want)
		}
		stop := r.start(t)
		eventually(t, "trouble", func() bool { return r.Trouble() != nil })
		stop()
		if p := f.position(); p.Offset != 0 {
			t.Errorf("%s: acknowledged %v, want nothing", name, p)
		}
	}
	refused("wrong password", config("no", servicetest.Writer, "wrong", ""), "401 Unauthorized: check api_key, or username and password")
	refused("wrong key", config("no", "", "", "d3Jvbmc6a2V5"), "401 Unauthorized: check api_key, or username and password")
	refused("nothing", config("no", "", "", ""), "401 Unauthorized: check api_key, or username and password")
	other := config("no", servicetest.Admin, servicetest.Password, "")
	other.CAFile = newAuthority(t, time.Now().Add(time.Hour)).file
	refused("another authority", other, "set ca_file to the certificate of the authority")
	plain := config("no", servicetest.Admin, servicetest.Password, "")
	plain.URLs = []string{strings.Replace(es.URL, "https", "http", 1)}
	refused("http for https", plain, "it may want https")
}

// TestCheckCertificates is about certificates only, so that any TLS server will do.
func TestCheckCertificates(t *testing.T) {
	t.Parallel()
	f := func(name string, ca *authority, host, want string) {
		t.Helper()
		certFile, keyFile := ca.issue(t)
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(&cluster{})
		server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		cfg := config()
		cfg.URLs = []string{strings.Replace(server.URL, "127.0.0.1", host, 1)}
		cfg.CAFile = ca.file
		got := newRig(t, cfg, newFeed(), nil).Check(t.Context())
		if want == "" && got != nil || want != "" && (got == nil || !strings.Contains(got.Error(), want)) {
			t.Errorf("%s: Check() = %v, want %q", name, got, want)
		}
	}
	valid, expired := newAuthority(t, time.Now().Add(time.Hour)), newAuthority(t, time.Now().Add(-time.Hour))
	f("good", valid, "127.0.0.1", "")
	f("expired", expired, "127.0.0.1", "certificate has expired")
	f("another name", valid, "localhost", "certificate is not valid for any names")
}
