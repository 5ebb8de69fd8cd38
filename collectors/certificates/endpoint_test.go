package certificates

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
)

// tlsServer accepts connections with the configuration until the test ends, and returns its address.
func tlsServer(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(io.Discard, conn) // shakes hands first
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// endpoint returns the samples of an endpoint, and what is wrong with it.
func endpoint(t *testing.T, c collect.Collector) (text string, problems []string) {
	t.Helper()
	text = collecttest.Collect(t, c)
	for line := range strings.Lines(collecttest.SamplesOf(text, "tls_verify_error{") + "\n" + collecttest.SamplesOf(text, "tls_weakness{")) {
		sample, there := strings.CutSuffix(strings.TrimSpace(line), "} 1")
		if _, problem, ok := strings.Cut(strings.NewReplacer("kind=", "reason=").Replace(sample), `reason="`); ok && there {
			problem, _, _ = strings.Cut(problem, `"`)
			problems = append(problems, problem)
		}
	}
	slices.Sort(problems)
	return text, problems
}

func newEndpoint(t *testing.T, cfg EndpointConfig, log *slog.Logger) collect.Collector {
	t.Helper()
	cfg.Name = "gateway"
	all := DefaultConfig()
	all.Endpoints = []EndpointConfig{cfg}
	all.SetDefaults()
	if err := all.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newTLSEndpoint(all.Endpoints[0], all, log)
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = 5 * time.Minute // one that is not reached: many handshakes
	return c
}

func TestTLSEndpointProblems(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	middle := collecttest.NewAuthority(t, "Intermediate", root)
	roots := collecttest.Write(t, t.TempDir(), "roots.pem", collecttest.PemOf(root.Cert))
	plain := collecttest.ForLoopback()
	f := func(t *testing.T, name string, cfg *tls.Config, serverName string, wantSuccess int, want ...string) {
		t.Helper()
		address := tlsServer(t, cfg)
		text, got := endpoint(t, newEndpoint(t, EndpointConfig{Address: address, CAFile: roots, ServerName: serverName}, collecttest.Quiet()))
		if !slices.Equal(got, want) {
			t.Errorf("%s has the problems %q, want %q", name, got, want)
		}
		collecttest.WantLines(t, text, fmt.Sprintf(`ssl_probe_success{instance=%q,name="gateway"} %d`, address, wantSuccess))
	}
	with := func(c tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
	}
	good := collecttest.Certify(t, middle, plain)
	f(t, "a good server", with(good.Served(middle.Cert)), "", 1)
	f(t, "a server without the intermediate", with(good.Served()), "", 0, "incomplete")
	f(t, "a server for another host", with(good.Served(middle.Cert)), "other.example.com", 0, "hostname")
	f(t, "a self-signed server", with(collecttest.Certify(t, nil, plain).Served()), "", 0, "untrusted")
	stranger := collecttest.NewAuthority(t, "Stranger", nil)
	f(t, "a server of a stranger", with(collecttest.Certify(t, stranger, plain).Served(stranger.Cert)), "", 0, "untrusted")

	expired := plain
	expired.NotAfter = time.Now().Add(-time.Minute)
	f(t, "an expired server", with(collecttest.Certify(t, middle, expired).Served(middle.Cert)), "", 0, "expired")
	f(t, "an expired server for another host without the intermediate", with(collecttest.Certify(t, middle, expired).Served()), "x.example.com", 0,
		"expired", "hostname", "incomplete")
	early := plain
	early.NotBefore, early.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	f(t, "a server of the future", with(collecttest.Certify(t, middle, early).Served(middle.Cert)), "", 0, "not_yet_valid")
	weak := plain
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak.PublicKey = key
	f(t, "a server with a short key", &tls.Config{Certificates: []tls.Certificate{collecttest.Certify(t, middle, weak).Served(middle.Cert)},
		MinVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, "", 1,
		"3DES", "no forward secrecy", "short key")

	old := with(good.Served(middle.Cert))
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	f(t, "an old server", old, "", 1, "TLS 1.0", "TLS 1.1")
	asking := with(good.Served(middle.Cert))
	asking.ClientAuth, asking.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	f(t, "a server that asks for a certificate", asking, "", 0)
}

func TestTLSEndpointDown(t *testing.T) {
	t.Parallel()
	address := collecttest.FreeAddress(t)
	text, got := endpoint(t, newEndpoint(t, EndpointConfig{Address: address}, collecttest.Quiet()))
	if len(got) > 0 || strings.Contains(text, "tls_verify_error") {
		t.Errorf("of an address where nobody listens problems of certificates are told: %q\n%s", got, text)
	}
	collecttest.WantLines(t, text, fmt.Sprintf(`ssl_probe_success{instance=%q,name="gateway"} 0`, address), `gatewatch_collector_success{collector="tls_gateway"} 1`)
}

func TestTLSEndpointSamples(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	template := collecttest.ForLoopback()
	template.NotBefore, template.NotAfter = time.Now().Add(-75*time.Hour).Truncate(time.Second), time.Now().Add(25*time.Hour).Truncate(time.Second)
	c := collecttest.Certify(t, root, template)
	staple, err := ocsp.CreateResponse(root.Cert, root.Cert, ocsp.Response{
		Status: ocsp.Revoked, SerialNumber: c.Cert.SerialNumber, ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
	}, root.Key)
	if err != nil {
		t.Fatal(err)
	}
	shown := c.Served()
	shown.OCSPStaple = staple
	address := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{shown}})
	dir := t.TempDir()
	text, problems := endpoint(t, newEndpoint(t, EndpointConfig{Address: address, CAFile: collecttest.Write(t, dir, "ca.pem", collecttest.PemOf(root.Cert))}, collecttest.Quiet()))
	if !slices.Equal(problems, []string{"revoked"}) {
		t.Errorf("a server that staples its revocation has the problems %q", problems)
	}
	own := fmt.Sprintf(`instance=%q`, address)
	cert := own + `,issuer_CN="Root",`
	collecttest.WantLines(t, text,
		fmt.Sprintf(`x509_cert_not_after{%sname="gateway",provider="",serial_number="4711",source="endpoint",subject_CN="pay.example.com"} %v`, cert, collecttest.Seconds(template.NotAfter)),
		fmt.Sprintf(`x509_cert_expired{%sname="gateway",provider="",serial_number="4711",source="endpoint",subject_CN="pay.example.com"} 0`, cert),
		fmt.Sprintf(`tls_cert_info{%skey_bits="256",key_type="ECDSA",name="gateway",provider="",serial_number="4711",signature="ECDSA-SHA256",source="endpoint",subject_CN="pay.example.com"} 1`, cert),
		fmt.Sprintf(`ssl_verified_cert_not_after{chain_no="0",cn="pay.example.com",%s,issuer_cn="Root",name="gateway",serial_no="4711"} %v`, own, collecttest.Seconds(template.NotAfter)),
		fmt.Sprintf(`ssl_tls_version_info{%s,name="gateway",version="TLS 1.3"} 1`, own),
		fmt.Sprintf(`ssl_ocsp_response_status{%s,name="gateway"} 1`, own),
		fmt.Sprintf(`tls_weakness{%s,kind="TLS 1.0",name="gateway"} 0`, own),
		fmt.Sprintf(`tls_verify_error{%s,name="gateway",reason="hostname"} 0`, own),
	)
	if got := collecttest.SamplesOf(text, "tls_cert_lifetime_used_ratio{"); !strings.Contains(got, "} 0.75") {
		t.Errorf("after three quarters of its life a certificate has %s", got)
	}
}

// TestTLSEndpointChanges shows a renewal that the server has not noticed yet, and then has.
func TestTLSEndpointChanges(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	dir := t.TempDir()
	before, after := collecttest.Certify(t, root, collecttest.ForLoopback()), collecttest.Certify(t, root, collecttest.ForLoopback())
	var mu sync.Mutex
	now := before
	address := tlsServer(t, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		c := now.Served()
		return &c, nil
	}})
	var log bytes.Buffer
	file := collecttest.Write(t, dir, "served.pem", collecttest.PemOf(before.Cert))
	c := newEndpoint(t, EndpointConfig{
		Address: address, CAFile: collecttest.Write(t, dir, "ca.pem", collecttest.PemOf(root.Cert)), ServedFrom: []string{file},
	}, slog.New(slog.NewTextHandler(&log, nil)))
	expect := func(when string, changed, matches int) {
		t.Helper()
		text, got := endpoint(t, c)
		if len(got) > 0 {
			t.Errorf("%s the problems are %q, want none", when, got)
		}
		collecttest.WantLines(t, text, fmt.Sprintf(`tls_cert_changes_total{instance=%q,name="gateway"} %d`, address, changed),
			fmt.Sprintf(`tls_served_matches_disk{instance=%q,name="gateway"} %d`, address, matches),
			fmt.Sprintf(`x509_cert_error{filename="served.pem",filepath=%q,name="gateway",provider="",source="server"} 0`, file))
	}
	expect("at first", 0, 1)
	collecttest.Write(t, dir, "served.pem", collecttest.PemOf(after.Cert, root.Cert))
	expect("after the renewal on disk", 0, 0)
	mu.Lock()
	now = after
	mu.Unlock()
	expect("after the reload", 1, 1)
	for _, want := range []string{fingerprint(before.Cert), fingerprint(after.Cert), "not what lies on disk", "in order again"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell %q:\n%s", want, log.String())
		}
	}
	collecttest.Write(t, dir, "served.pem", "nonsense")
	text, _ := endpoint(t, c)
	if strings.Contains(text, "tls_served_matches_disk") {
		t.Errorf("an unreadable file is compared:\n%s", text)
	}
	collecttest.WantLines(t, text, fmt.Sprintf(`x509_cert_error{filename="served.pem",filepath=%q,name="gateway",provider="",source="server"} 1`, file))
}

// TestTLSClientCertificate shows that a server that asks for a certificate gets the configured one.
func TestTLSClientCertificate(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	dir := t.TempDir()
	server, client := collecttest.Certify(t, root, collecttest.ForLoopback()), collecttest.Certify(t, root, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(root.Cert)
	address := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{server.Served()}, ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs: pool, MaxVersion: tls.VersionTLS12})
	cfg := EndpointConfig{Address: address, CAFile: collecttest.Write(t, dir, "ca.pem", collecttest.PemOf(root.Cert)),
		CertFile: collecttest.Write(t, dir, "client.pem", collecttest.PemOf(client.Cert)), KeyFile: collecttest.Write(t, dir, "client.key", collecttest.KeyPEM(t, client)),
		Password: secret.Secret("unused")}
	if _, problems := endpoint(t, newEndpoint(t, cfg, collecttest.Quiet())); len(problems) > 0 {
		t.Errorf("with a client certificate the problems are %q, want none", problems)
	}
}
