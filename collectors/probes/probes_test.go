package probes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// label is one label of a sample in an exposition.
var label = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)",?`)

// probed runs a probe once and returns its samples, without the name and the instance, which all of them carry.
func probed(t *testing.T, p Config) map[string]float64 {
	t.Helper()
	return samplesByName(t, collecttest.SamplesOf(collecttest.Collect(t, validProbe(t, p, collecttest.Quiet())), "pro"))
}

// validProbe returns the collector of a probe called alipay.
func validProbe(t *testing.T, p Config, log *slog.Logger) collect.Collector {
	t.Helper()
	p.Name = "alipay"
	all := collect.Entries[Config, *Config]{p}
	all.SetDefaults()
	if err := all.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newProbe(all[0], log)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func samplesByName(t *testing.T, text string) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for line := range strings.Lines(text) {
		sample, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		name, labels, _ := strings.Cut(sample, "{")
		own := 0
		for _, l := range label.FindAllStringSubmatch(labels, -1) {
			switch {
			case l[1] == "name" && l[2] == "alipay", l[1] == "instance" && l[2] != "":
				own++
			default:
				name += "," + strings.TrimSuffix(l[0], ",")
			}
		}
		if own != 2 {
			t.Errorf("%s has labels %s, want name and instance", name, labels)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = v
	}
	return found
}

func TestProbeStatus(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/401":
			w.WriteHeader(http.StatusUnauthorized)
		case "/moved":
			http.Redirect(w, r, "/gone-astray", http.StatusFound)
		case "/gone-astray":
			t.Error("the probe followed a redirect")
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}
	}))
	t.Cleanup(srv.Close)
	f := func(t *testing.T, path string, expect []string, wantSuccess, wantStatus float64) {
		t.Helper()
		got := probed(t, Config{URL: srv.URL + path, ExpectStatus: expect})
		if got["probe_success"] != wantSuccess || got["probe_http_status_code"] != wantStatus || got["probe_http_version"] != 1.1 {
			t.Errorf("probe of %s, expecting %v: %v, want success %v, status %v", path, expect, got, wantSuccess, wantStatus)
		}
		if _, ok := got["probe_ssl_earliest_cert_expiry"]; ok || got["probe_http_ssl"] != 0 {
			t.Errorf("probe of %s without TLS tells a certificate: %v", path, got)
		}
		for _, phase := range []string{"resolve", "connect", "tls", "processing", "transfer"} {
			if v, ok := got[`probe_http_duration_seconds,phase="`+phase+`"`]; !ok || v > got["probe_duration_seconds"] {
				t.Errorf("phase %s took %v (%v) of %v", phase, v, ok, got["probe_duration_seconds"])
			}
		}
	}
	f(t, "/", nil, 1, 200)
	f(t, "/?key=secret", nil, 1, 200)
	f(t, "/401", nil, 1, 401)
	f(t, "/401", []string{"401", "403"}, 1, 401)
	f(t, "/401", []string{"200"}, 0, 401)
	f(t, "/401", []string{"2xx", "4xx"}, 1, 401)
	f(t, "/401", []string{"5xx"}, 0, 401)
	f(t, "/moved", nil, 1, 302)
	f(t, "/endless", nil, 1, 200)
}

func TestProbeTLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is wanted
	srv.StartTLS()
	t.Cleanup(srv.Close)
	expiry := float64(srv.Certificate().NotAfter.Unix())
	ca := caFile(t, srv.Certificate().Raw)

	got := probed(t, Config{URL: srv.URL, CAFile: ca})
	if got["probe_success"] != 1 || got["probe_http_version"] != 2 || got["probe_ssl_earliest_cert_expiry"] != expiry ||
		got[`probe_http_duration_seconds,phase="tls"`] == 0 {
		t.Errorf("probe with the right CA: %v, want success over HTTP/2 and expiry %v", got, expiry)
	}
	// An untrusted certificate is a failure that still shows when the certificate expires.
	got = probed(t, Config{URL: srv.URL})
	if got["probe_success"] != 0 || got["probe_http_status_code"] != 0 || got["probe_ssl_earliest_cert_expiry"] != expiry {
		t.Errorf("probe without the CA: %v, want no success and expiry %v", got, expiry)
	}
}

func TestProbeFailures(t *testing.T) {
	t.Parallel()
	refused := "http://" + collecttest.FreeAddress(t)
	release := make(chan bool)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); silent.Close() })

	f := func(t *testing.T, url string, timeout time.Duration, phase string) {
		t.Helper()
		got := probed(t, Config{URL: url, Timeout: model.Duration(timeout)})
		if got["probe_success"] != 0 || got["probe_http_status_code"] != 0 {
			t.Errorf("probe of %s: %v, want no success", url, got)
		}
		if got[`probe_http_duration_seconds,phase="`+phase+`"`] == 0 {
			t.Errorf("probe of %s: %v, want the time in phase %s", url, got, phase)
		}
	}
	f(t, refused, time.Minute, "connect")
	f(t, silent.URL, 2*time.Second, "processing")
}

// caFile returns a PEM file with one certificate.
func caFile(t *testing.T, der []byte) string {
	t.Helper()
	return pemFile(t, "ca.pem", "CERTIFICATE", der)
}

func pemFile(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keyPair returns PEM files with a certificate and its key.
func keyPair(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "merchant"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return caFile(t, der), pemFile(t, "key.pem", "PRIVATE KEY", private)
}
