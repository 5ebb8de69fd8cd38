package collectors

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

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
func endpoint(t *testing.T, c collector) (text string, problems []string) {
	t.Helper()
	text = collect(t, c)
	for line := range strings.Lines(samplesOf(text, "tls_verify_error{") + "\n" + samplesOf(text, "tls_weakness{")) {
		sample, there := strings.CutSuffix(strings.TrimSpace(line), "} 1")
		if _, problem, ok := strings.Cut(strings.NewReplacer("kind=", "reason=").Replace(sample), `reason="`); ok && there {
			problem, _, _ = strings.Cut(problem, `"`)
			problems = append(problems, problem)
		}
	}
	slices.Sort(problems)
	return text, problems
}

func newEndpoint(t *testing.T, cfg TLSEndpointConfig, log *slog.Logger) collector {
	t.Helper()
	cfg.Name = "gateway"
	all := defaultTLS()
	all.Endpoints = []TLSEndpointConfig{cfg}
	all.setDefaults()
	if err := all.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newTLSEndpoint(all.Endpoints[0], all, log)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTLSEndpointProblems(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "Root", nil)
	middle := newAuthority(t, "Intermediate", root)
	roots := write(t, t.TempDir(), "roots.pem", pemOf(root.cert))
	plain := forLoopback()
	f := func(t *testing.T, name string, cfg *tls.Config, serverName string, wantSuccess int, want ...string) {
		t.Helper()
		address := tlsServer(t, cfg)
		text, got := endpoint(t, newEndpoint(t, TLSEndpointConfig{Address: address, CAFile: roots, ServerName: serverName}, quiet()))
		if !slices.Equal(got, want) {
			t.Errorf("%s has the problems %q, want %q", name, got, want)
		}
		wantLines(t, text, fmt.Sprintf(`ssl_probe_success{instance=%q,name="gateway"} %d`, address, wantSuccess))
	}
	with := func(c tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
	}
	good := certify(t, middle, plain)
	f(t, "a good server", with(good.served(middle.cert)), "", 1)
	f(t, "a server without the intermediate", with(good.served()), "", 0, "incomplete")
	f(t, "a server for another host", with(good.served(middle.cert)), "other.example.com", 0, "hostname")
	f(t, "a self-signed server", with(certify(t, nil, plain).served()), "", 0, "untrusted")
	stranger := newAuthority(t, "Stranger", nil)
	f(t, "a server of a stranger", with(certify(t, stranger, plain).served(stranger.cert)), "", 0, "untrusted")

	expired := plain
	expired.NotAfter = time.Now().Add(-time.Minute)
	f(t, "an expired server", with(certify(t, middle, expired).served(middle.cert)), "", 0, "expired")
	f(t, "an expired server for another host without the intermediate", with(certify(t, middle, expired).served()), "x.example.com", 0,
		"expired", "hostname", "incomplete")
	early := plain
	early.NotBefore, early.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	f(t, "a server of the future", with(certify(t, middle, early).served(middle.cert)), "", 0, "not_yet_valid")
	weak := plain
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak.PublicKey = key
	f(t, "a server with a short key", &tls.Config{Certificates: []tls.Certificate{certify(t, middle, weak).served(middle.cert)},
		MinVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, "", 1,
		"3DES", "no forward secrecy", "short key")

	old := with(good.served(middle.cert))
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	f(t, "an old server", old, "", 1, "TLS 1.0", "TLS 1.1")
	asking := with(good.served(middle.cert))
	asking.ClientAuth, asking.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	f(t, "a server that asks for a certificate", asking, "", 0)
}

func TestTLSEndpointDown(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	text, got := endpoint(t, newEndpoint(t, TLSEndpointConfig{Address: address}, quiet()))
	if len(got) > 0 || strings.Contains(text, "tls_verify_error") {
		t.Errorf("of an address where nobody listens problems of certificates are told: %q\n%s", got, text)
	}
	wantLines(t, text, fmt.Sprintf(`ssl_probe_success{instance=%q,name="gateway"} 0`, address), `gatewatch_collector_success{collector="tls_gateway"} 1`)
}

func TestTLSEndpointSamples(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "Root", nil)
	template := forLoopback()
	template.NotBefore, template.NotAfter = time.Now().Add(-75*time.Hour).Truncate(time.Second), time.Now().Add(25*time.Hour).Truncate(time.Second)
	c := certify(t, root, template)
	staple, err := ocsp.CreateResponse(root.cert, root.cert, ocsp.Response{
		Status: ocsp.Revoked, SerialNumber: c.cert.SerialNumber, ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
	}, root.key)
	if err != nil {
		t.Fatal(err)
	}
	shown := c.served()
	shown.OCSPStaple = staple
	address := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{shown}})
	dir := t.TempDir()
	text, problems := endpoint(t, newEndpoint(t, TLSEndpointConfig{Address: address, CAFile: write(t, dir, "ca.pem", pemOf(root.cert))}, quiet()))
	if !slices.Equal(problems, []string{"revoked"}) {
		t.Errorf("a server that staples its revocation has the problems %q", problems)
	}
	own := fmt.Sprintf(`instance=%q`, address)
	cert := own + `,issuer_CN="Root",`
	wantLines(t, text,
		fmt.Sprintf(`x509_cert_not_after{%sname="gateway",provider="",serial_number="4711",source="endpoint",subject_CN="pay.example.com"} %v`, cert, seconds(template.NotAfter)),
		fmt.Sprintf(`x509_cert_expired{%sname="gateway",provider="",serial_number="4711",source="endpoint",subject_CN="pay.example.com"} 0`, cert),
		fmt.Sprintf(`tls_cert_info{%skey_bits="256",key_type="ECDSA",name="gateway",provider="",serial_number="4711",signature="ECDSA-SHA256",source="endpoint",subject_CN="pay.example.com"} 1`, cert),
		fmt.Sprintf(`ssl_verified_cert_not_after{chain_no="0",cn="pay.example.com",%s,issuer_cn="Root",name="gateway",serial_no="4711"} %v`, own, seconds(template.NotAfter)),
		fmt.Sprintf(`ssl_tls_version_info{%s,name="gateway",version="TLS 1.3"} 1`, own),
		fmt.Sprintf(`ssl_ocsp_response_status{%s,name="gateway"} 1`, own),
		fmt.Sprintf(`tls_weakness{%s,kind="TLS 1.0",name="gateway"} 0`, own),
		fmt.Sprintf(`tls_verify_error{%s,name="gateway",reason="hostname"} 0`, own),
	)
	if got := samplesOf(text, "tls_cert_lifetime_used_ratio{"); !strings.Contains(got, "} 0.75") {
		t.Errorf("after three quarters of its life a certificate has %s", got)
	}
}

func seconds(t time.Time) string { return fmt.Sprint(float64(t.Unix())) }

// TestTLSEndpointChanges shows a renewal that the server has not noticed yet, and then has.
func TestTLSEndpointChanges(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "Root", nil)
	dir := t.TempDir()
	before, after := certify(t, root, forLoopback()), certify(t, root, forLoopback())
	var mu sync.Mutex
	now := before
	address := tlsServer(t, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		c := now.served()
		return &c, nil
	}})
	var log bytes.Buffer
	file := write(t, dir, "served.pem", pemOf(before.cert))
	c := newEndpoint(t, TLSEndpointConfig{
		Address: address, CAFile: write(t, dir, "ca.pem", pemOf(root.cert)), ServedFrom: []string{file},
	}, slog.New(slog.NewTextHandler(&log, nil)))
	expect := func(when string, changed, matches int) {
		t.Helper()
		text, got := endpoint(t, c)
		if len(got) > 0 {
			t.Errorf("%s the problems are %q, want none", when, got)
		}
		wantLines(t, text, fmt.Sprintf(`tls_cert_changes_total{instance=%q,name="gateway"} %d`, address, changed),
			fmt.Sprintf(`tls_served_matches_disk{instance=%q,name="gateway"} %d`, address, matches),
			fmt.Sprintf(`x509_cert_error{filename="served.pem",filepath=%q,name="gateway",provider="",source="server"} 0`, file))
	}
	expect("at first", 0, 1)
	write(t, dir, "served.pem", pemOf(after.cert, root.cert))
	expect("after the renewal on disk", 0, 0)
	mu.Lock()
	now = after
	mu.Unlock()
	expect("after the reload", 1, 1)
	for _, want := range []string{fingerprint(before.cert), fingerprint(after.cert), "not what lies on disk", "in order again"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell %q:\n%s", want, log.String())
		}
	}
	write(t, dir, "served.pem", "nonsense")
	text, _ := endpoint(t, c)
	if strings.Contains(text, "tls_served_matches_disk") {
		t.Errorf("an unreadable file is compared:\n%s", text)
	}
	wantLines(t, text, fmt.Sprintf(`x509_cert_error{filename="served.pem",filepath=%q,name="gateway",provider="",source="server"} 1`, file))
}

// TestTLSClientCertificate shows that a server that asks for a certificate gets the configured one.
func TestTLSClientCertificate(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "Root", nil)
	dir := t.TempDir()
	server, client := certify(t, root, forLoopback()), certify(t, root, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	address := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{server.served()}, ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs: pool, MaxVersion: tls.VersionTLS12})
	cfg := TLSEndpointConfig{Address: address, CAFile: write(t, dir, "ca.pem", pemOf(root.cert)),
		CertFile: write(t, dir, "client.pem", pemOf(client.cert)), KeyFile: write(t, dir, "client.key", keyPEM(t, client)),
		Password: secret.Secret("unused")}
	if _, problems := endpoint(t, newEndpoint(t, cfg, quiet())); len(problems) > 0 {
		t.Errorf("with a client certificate the problems are %q, want none", problems)
	}
}
