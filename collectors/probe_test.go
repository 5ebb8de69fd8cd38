package collectors

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// probed runs a probe once and returns its samples; all of them carry the name and the host.
func probed(t *testing.T, p ProbeConfig) map[string]float64 {
	t.Helper()
	p.Name = "alipay"
	cfg := Config{Probes: []ProbeConfig{p}, Interval: defaultInterval}
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newProbe(cfg.Probes[0], quiet())
	if err != nil {
		t.Fatal(err)
	}
	host := strings.Split(p.URL, "/")[2]
	found := map[string]float64{}
	for line := range strings.Lines(samplesOf(collect(t, c), "probe_")) {
		sample, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		name, labels, _ := strings.Cut(sample, "{")
		own := fmt.Sprintf(`instance=%q,name="alipay"`, host)
		if !strings.HasPrefix(labels, own) {
			t.Errorf("%s has labels %s, want %s", name, labels, own)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		found[name+strings.TrimPrefix(labels, own)] = v
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
	f := func(t *testing.T, path string, expect []int, wantSuccess, wantStatus float64) {
		t.Helper()
		got := probed(t, ProbeConfig{URL: srv.URL + path, ExpectStatus: expect})
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
	f(t, "/401", []int{401, 403}, 1, 401)
	f(t, "/401", []int{200}, 0, 401)
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
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}

	got := probed(t, ProbeConfig{URL: srv.URL, CAFile: ca})
	if got["probe_success"] != 1 || got["probe_http_version"] != 2 || got["probe_ssl_earliest_cert_expiry"] != expiry ||
		got[`probe_http_duration_seconds,phase="tls"`] == 0 {
		t.Errorf("probe with the right CA: %v, want success over HTTP/2 and expiry %v", got, expiry)
	}
	// An untrusted certificate is a failure that still shows when the certificate expires.
	got = probed(t, ProbeConfig{URL: srv.URL})
	if got["probe_success"] != 0 || got["probe_http_status_code"] != 0 || got["probe_ssl_earliest_cert_expiry"] != expiry {
		t.Errorf("probe without the CA: %v, want no success and expiry %v", got, expiry)
	}
}

func TestProbeFailures(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	closed.Close()
	release := make(chan bool)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); silent.Close() })

	f := func(t *testing.T, url string, timeout time.Duration, phase string) {
		t.Helper()
		got := probed(t, ProbeConfig{URL: url, Timeout: model.Duration(timeout)})
		if got["probe_success"] != 0 || got["probe_http_status_code"] != 0 {
			t.Errorf("probe of %s: %v, want no success", url, got)
		}
		if got[`probe_http_duration_seconds,phase="`+phase+`"`] == 0 {
			t.Errorf("probe of %s: %v, want the time in phase %s", url, got, phase)
		}
	}
	f(t, refused, time.Second, "connect")
	f(t, silent.URL, 50*time.Millisecond, "processing")
}
