package posture

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// endpointAt returns the collector of an address, which does not pause here.
func endpointAt(t *testing.T, cfg EndpointConfig) collect.Collector {
	t.Helper()
	cfg.Name = "pay"
	cfg.SetDefaults()
	if err := cfg.validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newPostureEndpoint(cfg, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHeaderMissing(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, name string, overTLS bool, header http.Header, wantMissing, wantAsked bool) {
		t.Helper()
		missing, asked := headerMissing(name, overTLS, header)
		if asked != wantAsked || asked && missing != wantMissing {
			t.Errorf("headerMissing(%s, %v, %v) = %v, %v, want %v, %v", name, overTLS, header, missing, asked, wantMissing, wantAsked)
		}
	}
	html := func(name, value string) http.Header {
		h := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
		if name != "" {
			h.Set(name, value)
		}
		return h
	}
	f(t, "hsts", true, html("Strict-Transport-Security", "max-age=31536000; includeSubDomains"), false, true)
	f(t, "hsts", true, html("Strict-Transport-Security", "max-age=0"), true, true)
	f(t, "hsts", true, html("", ""), true, true)
	f(t, "hsts", false, html("", ""), true, false)
	f(t, "nosniff", true, html("X-Content-Type-Options", "nosniff"), false, true)
	f(t, "nosniff", true, html("", ""), true, true)
	f(t, "csp", true, html("Content-Security-Policy", "default-src 'self'"), false, true)
	f(t, "csp", true, html("", ""), true, true)
	f(t, "csp", true, http.Header{"Content-Type": {"application/json"}}, true, false)
	f(t, "frame", true, html("X-Frame-Options", "DENY"), false, true)
	f(t, "frame", true, html("Content-Security-Policy", "frame-ancestors 'none'"), false, true)
	f(t, "frame", true, html("Content-Security-Policy", "default-src 'self'"), true, true)
}

func TestExposedPaths(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, path, contentType, body string, want bool) {
		t.Helper()
		for _, p := range exposedPaths() {
			if p.path != path {
				continue
			}
			if got := p.shown(contentType, []byte(body)); got != want {
				t.Errorf("%s with %s %q is shown = %v, want %v", path, contentType, body, got, want)
			}
			return
		}
		t.Errorf("%s is not asked for", path)
	}
	const page = "<!DOCTYPE html><html><body>ref: refs/heads/main [core] DB_PASSWORD=x aws_access_key_id PRIVATE KEY----- CREATE TABLE x</body></html>"
	f(t, "/.git/HEAD", "application/octet-stream", "ref: refs/heads/main\n", true)
	f(t, "/.git/HEAD", "text/plain", "0123456789abcdef0123456789abcdef01234567\n", true)
	f(t, "/.git/HEAD", "text/plain", "hello", false)
	f(t, "/.git/HEAD", "text/html", "ref: refs/heads/main\n", false)
	f(t, "/.env", "application/octet-stream", "# comment\nAPP_ENV=production\nDB_PASSWORD=x\n", true)
	f(t, "/.env", "text/plain", "ok", false)
	f(t, "/.env", "application/json", `{"a":"B=c"}`, false)
	f(t, "/actuator/env", "application/vnd.spring-boot.actuator.v3+json", `{"activeProfiles":[],"propertySources":[{"name":"systemProperties"}]}`, true)
	f(t, "/actuator/env", "application/json", `{"status":404}`, false)
	f(t, "/metrics", "text/plain", "# HELP go_goroutines Number\n", true)
	f(t, "/backup.sql", "application/sql", "-- MySQL dump 10.13\n", true)
	f(t, "/id_rsa", "text/plain", "-----BEGIN OPENSSH PRIVATE KEY-----\n", true)
	for _, p := range exposedPaths() {
		for _, contentType := range []string{"text/html", "text/plain", "", "application/octet-stream"} {
			if p.shown(contentType, []byte(page)) {
				t.Errorf("%s takes a page of %q for its content", p.path, contentType)
			}
		}
		if p.shown("", nil) {
			t.Errorf("%s takes nothing for its content", p.path)
		}
	}
}

// TestEndpointNginx asks a real nginx that shows a folder of git, and one that answers everything with one page.
func TestEndpointNginx(t *testing.T) {
	t.Parallel()
	s := servicetest.Nginx(t, `log_format agents '$request_uri $http_user_agent'; access_log @DIR@/access.log agents;
server { listen @LISTEN@; root @DIR@/html; default_type application/octet-stream; add_header X-Content-Type-Options nosniff;
  location = / { default_type text/html; return 200 "<html>pay</html>"; } }`)
	for name, content := range map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/config": "[core]\n\tbare = false\n", ".env": "DB_PASSWORD=secret\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(s.Dir, "html", name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "html", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := servicetest.Nginx(t, `server { listen @LISTEN@; location / { default_type text/html; return 200 "<!DOCTYPE html><html>welcome ref: refs/heads/main</html>"; } }`)
	text, caught := "", ""
	var wg sync.WaitGroup
	wg.Go(func() {
		text = collecttest.Collect(t, endpointAt(t, EndpointConfig{URL: s.URL + "/", PlainURL: s.URL + "/"}))
	})
	wg.Go(func() { caught = collecttest.Collect(t, endpointAt(t, EndpointConfig{URL: all.URL + "/"})) })
	wg.Wait()
	collecttest.WantLines(t, text, `posture_endpoint_up{name="pay"} 1`, `posture_exposed_path{name="pay",path="/.git/HEAD"} 1`, `posture_exposed_path{name="pay",path="/.git/config"} 1`,
		`posture_exposed_path{name="pay",path="/.env"} 1`, `posture_exposed_path{name="pay",path="/actuator/env"} 0`, `posture_plain_http{name="pay"} 1`,
		`posture_security_header_missing{header="nosniff",name="pay"} 0`, `posture_security_header_missing{header="csp",name="pay"} 1`)
	if shown := strings.Count(caught, "} 1\nposture_exposed_path"); shown != 0 || !strings.Contains(caught, `posture_exposed_path{name="pay",path="/.git/HEAD"} 0`) {
		t.Errorf("a page that answers everything is taken for content:\n%s", collecttest.SamplesOf(caught, "posture_"))
	}
	// A line is written after its answer, and before those of later requests.
	var log []byte
	for end := time.Now().Add(time.Minute); !strings.Contains(string(log), "/the-last") && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(s.URL + "/the-last")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if log, err = os.ReadFile(filepath.Join(s.Dir, "access.log")); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(string(log), endpointAgent); n != len(exposedPaths())+3 || strings.Contains(string(log), "heapdump") {
		t.Errorf("the server saw %d requests of ours, want %d and none for a heap dump:\n%s", n, len(exposedPaths())+3, log)
	}
}

// TestEndpointTLS has what Spring's actuator offers, redirects from plain HTTP, and a server that is not there.
func TestEndpointTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/login":
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
		case "/actuator":
			fmt.Fprint(w, `{"_links":{"self":{"href":"x"},"health":{"href":"x"},"heapdump":{"href":"x"},"env":{"href":"x"}}}`)
		case "/actuator/heapdump":
			t.Error("a heap dump was asked for, which stops the gateway for seconds")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	plain := httptest.NewServer(http.RedirectHandler(s.URL, http.StatusMovedPermanently))
	t.Cleanup(plain.Close)
	ca := collecttest.Write(t, t.TempDir(), "ca.pem", collecttest.PemOf(s.Certificate()))
	text := collecttest.Collect(t, endpointAt(t, EndpointConfig{URL: s.URL, PlainURL: plain.URL + "/", CAFile: ca}))
	collecttest.WantLines(t, text, `posture_exposed_path{name="pay",path="/actuator/heapdump"} 1`, `posture_exposed_path{name="pay",path="/actuator/env"} 0`, `posture_plain_http{name="pay"} 0`,
		`posture_security_header_missing{header="hsts",name="pay"} 0`, `posture_security_header_missing{header="frame",name="pay"} 0`, `posture_security_header_missing{header="csp",name="pay"} 0`)

	down := endpointAt(t, EndpointConfig{URL: "http://user:secret@127.0.0.1:1/", Timeout: 1e9})
	collecttest.WantLines(t, collecttest.Collect(t, down), `posture_endpoint_up{name="pay"} 0`, `gatewatch_collector_success{collector="posture_endpoint_pay"} 0`)
	if err := down.Collect(t.Context(), &collect.Samples{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error of a server that is not there is %v", err)
	}
}

// TestEndpointPlainFails has an address for plain HTTP that closes every connection, and one that nobody knows.
func TestEndpointPlainFails(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	closes := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(closes.Close)
	const exposed = `posture_exposed_path{name="pay",path="/.env"} 0`
	collecttest.WantLines(t, collecttest.Collect(t, endpointAt(t, EndpointConfig{URL: s.URL, PlainURL: closes.URL + "/"})), exposed,
		`posture_plain_http{name="pay"} 0`, `gatewatch_collector_success{collector="posture_endpoint_pay"} 1`)
	text := collecttest.Collect(t, endpointAt(t, EndpointConfig{URL: s.URL, PlainURL: "http://gateway.invalid/"}))
	collecttest.WantLines(t, text, exposed, `gatewatch_collector_success{collector="posture_endpoint_pay"} 0`)
	if plain := collecttest.SamplesOf(text, "posture_plain_http"); plain != "" {
		t.Errorf("of an address that nobody knows: %s", plain)
	}
}
