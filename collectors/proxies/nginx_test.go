package proxies

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/servicetest"
)

func nginxAt(t *testing.T, cfg NginxConfig) collect.Collector {
	t.Helper()
	cfg.Name = "gateway"
	cfg.SetDefaults()
	c, err := newNginx(cfg, "/proc", collecttest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute // one that is not reached
	return c
}

func TestParseStubStatus(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text string, want stubStatus, wantErr bool) {
		t.Helper()
		got, err := parseStubStatus(text)
		if (err != nil) != wantErr || err == nil && got != want {
			t.Errorf("parseStubStatus(%q) = %+v, %v, want %+v, error %v", text, got, err, want, wantErr)
		}
	}
	const page = "Active connections: 3 \nserver accepts handled requests\n 17 16 31 \nReading: 1 Writing: 2 Waiting: 5 \n"
	f(t, page, stubStatus{active: 3, accepted: 17, handled: 16, requests: 31, reading: 1, writing: 2, waiting: 5}, false)
	f(t, strings.Replace(page, "31", "many", 1), stubStatus{}, true)
	f(t, "<html>Welcome to nginx!</html>", stubStatus{}, true)
	f(t, "", stubStatus{}, true)
}

func TestNginxDown(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, handler http.HandlerFunc) {
		t.Helper()
		s := httptest.NewServer(handler)
		t.Cleanup(s.Close)
		instance := s.Listener.Addr().String()
		c := nginxAt(t, NginxConfig{StatusURL: s.URL + "/?key=secret"})
		c.Timeout = 200 * time.Millisecond
		text := collecttest.Collect(t, c)
		if got := collecttest.SamplesOf(text, "nginx_"); got != `nginx_up{instance="`+instance+`",name="gateway"} 0` {
			t.Errorf("got %s, want only nginx_up 0", got)
		}
	}
	f(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	f(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", maxStatusPage+1)) })
	f(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := fetch.Text(t.Context(), fetch.Client(), "http://127.0.0.1:1/?key=secret", maxStatusPage)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("fetchText of a closed port: %v, want an error without the address", err)
	}
}

// TestNginxSocket asks Debian's nginx for a page behind a socket, and one for a password.
func TestNginxSocket(t *testing.T) {
	t.Parallel()
	s := servicetest.Nginx(t, `
	server { listen unix:@DIR@/status.sock; location = /stub { stub_status; } }
	server { listen @LISTEN@; location = /stub { stub_status; auth_basic "status"; auth_basic_user_file @DIR@/users; } location / { return 200; } }`)
	collecttest.Write(t, s.Dir, "users", "agent:{PLAIN}geheim\n")
	socket := filepath.Join(s.Dir, "status.sock")
	collected := func(address string) string {
		c := nginxAt(t, NginxConfig{StatusURL: address})
		c.Timeout = time.Minute
		return collecttest.Collect(t, c)
	}
	text := collected("unix:" + socket + ":/stub")
	collecttest.WantLines(t, text, `nginx_up{instance="`+socket+`",name="gateway"} 1`, `nginx_connections_writing{instance="`+socket+`",name="gateway"} 1`)
	f := func(user, want string) {
		t.Helper()
		collecttest.WantLines(t, collected("http://"+user+s.Addr+"/stub"), `nginx_up{instance="`+s.Addr+`",name="gateway"} `+want)
	}
	f("agent:geheim@", "1")
	f("agent:other@", "0")
	f("", "0")
}

func TestNginxStatusURL(t *testing.T) {
	t.Parallel()
	f := func(address string, wantErr bool) {
		t.Helper()
		c := NginxConfig{StatusURL: address}
		c.SetDefaults()
		if err := c.Validate(); (err != nil) != wantErr {
			t.Errorf("status_url %q: %v, want an error %v", address, err, wantErr)
		}
	}
	f("http://127.0.0.1:8080/stub_status", false)
	f("unix:/run/nginx.sock:/stub_status", false)
	f("unix:///run/nginx.sock:/stub_status", true)
	f("unix:/run/nginx.sock", true)
	f("unix:run/nginx.sock:/stub_status", true)
	f("/run/nginx.sock", true)
	f("", true)
}

// TestNginx asks Debian's nginx: counters, the age of its configuration over a reload, a configuration that is wrong.
func TestNginx(t *testing.T) {
	t.Parallel()
	s := servicetest.Nginx(t, `server { listen @LISTEN@; location /stub { stub_status; } location / { return 200; } }`)
	instance := s.Addr
	for range 3 {
		resp, err := http.Get(s.URL + "/pay")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	file := filepath.Join(s.Dir, "nginx.conf")
	c := nginxAt(t, NginxConfig{StatusURL: s.URL + "/stub", ConfigFiles: []string{file},
		ConfigTest: []string{servicetest.Program(t, "apt-get install nginx-light", "nginx"), "-t", "-q", "-p", s.Dir, "-c", file, "-e", filepath.Join(s.Dir, "test.log")}})
	text := collecttest.Collect(t, c)
	for _, want := range []string{`nginx_up{instance="` + instance + `",name="gateway"} 1`, `nginx_connections_reading{instance="` + instance + `",name="gateway"} 0`,
		`nginx_connections_writing{instance="` + instance + `",name="gateway"} 1`, `nginx_config_test_success{instance="` + instance + `",name="gateway"} 1`,
		`nginx_connections_limit{instance="` + instance + `",name="gateway"} 256`,
		`gatewatch_collector_success{collector="nginx_gateway"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// One for waiting until it is up, three here, one for the status page.
	if got := collecttest.SamplesOf(text, "nginx_http_requests_total"); !strings.HasSuffix(got, " 5") {
		t.Errorf("got %q, want 5 requests", got)
	}
	if collecttest.SamplesOf(text, "nginx_workers_started_timestamp_seconds") == "" {
		t.Errorf("no time of the workers' start in\n%s", text)
	}

	// Changed and wrong: the page still answers, the test does not pass.
	if err := os.WriteFile(file, []byte("events { nonsense on; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Time{}, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	text = collecttest.Collect(t, c)
	for _, want := range []string{`nginx_up{instance="` + instance + `",name="gateway"} 1`, `nginx_config_test_success{instance="` + instance + `",name="gateway"} 0`,
		`gatewatch_collector_success{collector="nginx_gateway"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("with a wrong configuration: no %q in\n%s", want, text)
		}
	}

	// Stopped, it accepts connections and never answers.
	s.Freeze(t)
	s.Kill()
	if text = collecttest.Collect(t, c); !strings.Contains(text, `nginx_up{instance="`+instance+`",name="gateway"} 0`+"\n") {
		t.Errorf("with a killed nginx:\n%s", text)
	}
}

// TestNginxNeverAnswers: what accepts and stays silent is down after the time-out.
func TestNginxNeverAnswers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	instance := l.Addr().String()
	c := nginxAt(t, NginxConfig{StatusURL: "http://" + instance})
	c.Timeout = 100 * time.Millisecond
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "nginx_up"); got != `nginx_up{instance="`+instance+`",name="gateway"} 0` {
		t.Errorf("got %q, want nginx_up 0", got)
	}
}
