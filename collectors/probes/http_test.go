package probes

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
)

func TestProbeContent(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
			io.WriteString(w, `{"status":"UP","checks":[{"db":true,"ms":12}],"note":null}`)
		case "/echo":
			body, _ := io.ReadAll(r.Body)
			io.WriteString(w, r.Method+" "+string(body)+" "+r.Header.Get("X-Key")+" "+r.Host)
		}
	}))
	t.Cleanup(srv.Close)
	f := func(t *testing.T, p Config, wantSuccess, wantRegex, wantJSON float64) {
		t.Helper()
		p.URL = srv.URL + p.URL
		got := probed(t, p)
		if got["probe_success"] != wantSuccess || got["probe_failed_due_to_regex"] != wantRegex || got["probe_failed_due_to_json"] != wantJSON {
			t.Errorf("probe %+v: success %v, regex %v, JSON %v, want %v, %v, %v", p, got["probe_success"],
				got["probe_failed_due_to_regex"], got["probe_failed_due_to_json"], wantSuccess, wantRegex, wantJSON)
		}
	}
	f(t, Config{URL: "/health", Match: []string{`"UP"`, `db`}}, 1, 0, 0)
	f(t, Config{URL: "/health", Match: []string{`"UP"`, `DOWN`}}, 0, 1, 0)
	f(t, Config{URL: "/health", NoMatch: []string{`DOWN`}}, 1, 0, 0)
	f(t, Config{URL: "/health", NoMatch: []string{`UP`}}, 0, 1, 0)
	f(t, Config{URL: "/health", JSON: map[string]string{"/status": "UP", "/checks/0/db": "true", "/checks/0/ms": "12", "/note": "null"}}, 1, 0, 0)
	f(t, Config{URL: "/health", JSON: map[string]string{"/status": "DOWN"}}, 0, 0, 1)
	f(t, Config{URL: "/health", JSON: map[string]string{"/checks": "[]"}}, 0, 0, 1)
	f(t, Config{URL: "/health", JSON: map[string]string{"/checks/1/db": "true"}}, 0, 0, 1)
	f(t, Config{URL: "/empty", JSON: map[string]string{"/status": "UP"}}, 0, 0, 1)
	f(t, Config{URL: "/echo", Method: "POST", Body: "ping", Match: []string{`^POST ping abc pay\.example$`},
		Headers: map[string]secret.Secret{"X-Key": "abc", "Host": "pay.example"}}, 1, 0, 0)
}

func TestProbeRedirects(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Key") != "" || r.Referer() != "" || len(body) > 0 {
			leaked.Store(true)
		}
	}))
	t.Cleanup(other.Close)
	var srv *httptest.Server
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/1": "/2", "/2": "/3", "/3": "/4", "/away": other.URL}[r.URL.Path]
		if to == "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		code := http.StatusFound
		if r.Method == http.MethodPost {
			code = http.StatusTemporaryRedirect // the body is sent again
		}
		http.Redirect(w, r, to, code)
	}))
	t.Cleanup(srv.Close)
	f := func(t *testing.T, path string, follow int, wantSuccess, wantStatus, wantRedirects float64) {
		t.Helper()
		got := probed(t, Config{URL: srv.URL + path, Redirects: follow, Headers: map[string]secret.Secret{"X-Key": "abc"}})
		if got["probe_success"] != wantSuccess || got["probe_http_status_code"] != wantStatus || got["probe_http_redirects"] != wantRedirects {
			t.Errorf("probe of %s, following %d: %v, want success %v, status %v, redirects %v", path, follow, got, wantSuccess, wantStatus, wantRedirects)
		}
	}
	f(t, "/1", 0, 1, 302, 0)
	f(t, "/1", 3, 1, 418, 3)
	f(t, "/1", 2, 0, 0, 2)
	f(t, "/away", 1, 1, 200, 1)
	if got := probed(t, Config{URL: srv.URL + "/away?key=secret", Redirects: 1, Method: http.MethodPost, Body: "secret"}); got["probe_http_status_code"] != 200 {
		t.Errorf("a request with a body that is led to another host: %v, want its answer", got)
	}
	if leaked.Load() {
		t.Error("a redirect took a configured header, the body or the URL to another host")
	}
}

// TestProbeTellsTheSlowPhase stops answering in each phase: the probe's time is in that phase.
func TestProbeTellsTheSlowPhase(t *testing.T) {
	t.Parallel()
	release := make(chan bool)
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	mute := listen() // connections wait in the backlog: nobody accepts them
	serve := func(h http.HandlerFunc) (string, string) {
		srv := httptest.NewTLSServer(h)
		t.Cleanup(srv.Close)
		return srv.URL, caFile(t, srv.Certificate().Raw)
	}
	firstByte, firstCA := serve(func(http.ResponseWriter, *http.Request) { <-release })
	body, bodyCA := serve(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the servers close

	// Long enough for the other phases to be short beside it, on any machine.
	const timeout = model.Duration(5 * time.Second)
	f := func(t *testing.T, url, ca, slow string) {
		t.Helper()
		got := probed(t, Config{URL: url, CAFile: ca, Timeout: timeout})
		if got["probe_success"] != 0 {
			t.Errorf("probe of a server slow in %s: %v, want no success", slow, got)
		}
		in := func(phase string) float64 { return got[`probe_http_duration_seconds,phase="`+phase+`"`] }
		for _, phase := range []string{"resolve", "connect", "tls", "processing", "transfer"} {
			if phase != slow && in(phase) > in(slow) {
				t.Errorf("a server slow in %s: %s took %v, %s %v", slow, phase, in(phase), slow, in(slow))
			}
		}
	}
	at(t, "tls", func(t *testing.T) { f(t, "https://"+mute.Addr().String(), "", "tls") })
	at(t, "processing", func(t *testing.T) { f(t, firstByte, firstCA, "processing") })
	at(t, "transfer", func(t *testing.T) { f(t, body, bodyCA, "transfer") })
}

// at runs a part of t beside the others: each waits.
func at(t *testing.T, name string, part func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		part(t)
	})
}

// TestProbeProxy asks through a proxy that wants a password, to a host only the proxy knows.
func TestProbeProxy(t *testing.T) {
	t.Parallel()
	target := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(target.Close)
	var tunnels atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dTpzZWNyZXQ=" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		up, err := net.Dial("tcp", target.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer up.Close()
		tunnels.Add(1)
		down, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer down.Close()
		io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(up, down)
		io.Copy(down, up)
	}))
	t.Cleanup(proxy.Close)
	with := strings.Replace(proxy.URL, "//", "//u:secret@", 1)
	p := Config{URL: "https://example.com:7/", CAFile: caFile(t, target.Certificate().Raw), Proxy: secret.Secret(with)}
	got := probed(t, p)
	if got["probe_success"] != 1 || got["probe_http_status_code"] != 404 || tunnels.Load() != 1 {
		t.Errorf("probe through a proxy: %v, %d tunnels, want success with 404 through 1", got, tunnels.Load())
	}
	// A refusing proxy is a failure whose log does not tell the password.
	var logged bytes.Buffer
	p.Proxy = secret.Secret(strings.Replace(with, "u:secret", "u:hidden", 1))
	text := collecttest.Collect(t, validProbe(t, p, slog.New(slog.NewTextHandler(&logged, nil))))
	if !strings.Contains(text, `probe_success{instance="example.com:7",name="alipay"} 0`) ||
		!strings.Contains(logged.String(), "Proxy Authentication Required") || strings.Contains(logged.String(), "hidden") {
		t.Errorf("with a wrong password:\n%s\nlogged %s", text, logged.String())
	}
}

// TestProbeLogsNoAddress is led nowhere: what the server says of the way may hold a key, and is as long as it likes.
func TestProbeLogsNoAddress(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"https://u:hidden@example.com/%zz?token=hidden", "/%zz" + strings.Repeat("x", 10_000)} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{to}
			w.WriteHeader(http.StatusFound)
		}))
		t.Cleanup(srv.Close)
		var logged bytes.Buffer
		collecttest.Collect(t, validProbe(t, Config{URL: srv.URL, Redirects: 1}, slog.New(slog.NewTextHandler(&logged, nil))))
		if text := logged.String(); !strings.Contains(text, "probe fails") || strings.Contains(text, "hidden") || len(text) > 1000 {
			t.Errorf("redirected to %.60s, the probe logs %.2000s", to, text)
		}
	}
}

func TestProbeClientCertificate(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is wanted
	srv.StartTLS()
	t.Cleanup(srv.Close)
	cert, key := keyPair(t)
	p := Config{URL: srv.URL, CAFile: caFile(t, srv.Certificate().Raw), CertFile: cert, KeyFile: key}
	got := probed(t, p)
	if got["probe_success"] != 1 || got[`probe_tls_version_info,version="TLS 1.2"`] != 1 {
		t.Errorf("probe with a client certificate: %v, want success over TLS 1.2", got)
	}
	p.CertFile, p.KeyFile = "", ""
	if got := probed(t, p); got["probe_success"] != 0 {
		t.Errorf("probe without the client certificate that is asked for: %v, want no success", got)
	}
}

func TestProbeAnnouncements(t *testing.T) {
	t.Parallel()
	var header atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header.Load().(map[string]string) {
			w.Header().Set(name, value)
		}
	}))
	t.Cleanup(srv.Close)
	const none = -1
	f := func(deprecation, sunset string, wantDeprecation, wantSunset float64) {
		t.Helper()
		header.Store(map[string]string{"Deprecation": deprecation, "Sunset": sunset})
		got := probed(t, Config{URL: srv.URL, Provider: "stripe"})
		for name, want := range map[string]float64{"deprecated": wantDeprecation, "end": wantSunset} {
			v, ok := got["provider_api_"+name+`_timestamp_seconds,provider="stripe"`]
			if !ok {
				v = none
			}
			if v != want {
				t.Errorf("Deprecation %q, Sunset %q: %s at %v, want %v", deprecation, sunset, name, v, want)
			}
		}
	}
	f("@1688169599", "Sun, 30 Jun 2024 23:59:59 GMT", 1688169599, 1719791999)
	f("Sun, 30 Jun 2024 23:59:59 GMT", "", 1719791999, none)
	f("true", "", 0, none)
	f("@soon", "tomorrow", none, none)
	f("", "", none, none)
}

// TestProbeStopped keeps a probe that is stopped in the middle from being taken for a failure.
func TestProbeStopped(t *testing.T) {
	t.Parallel()
	release := make(chan bool)
	asked := make(chan bool, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- true; <-release }))
	t.Cleanup(func() { close(release); srv.Close() })
	var logged bytes.Buffer
	c := validProbe(t, Config{URL: srv.URL + "/?key=hidden"}, slog.New(slog.NewTextHandler(&logged, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := c.Collect(ctx, &collect.Samples{}); err != nil || logged.Len() > 0 {
		t.Errorf("a stopped probe: %v, logged %q, want neither", err, logged.String())
	}
}
