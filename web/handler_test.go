package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// incomplete is a journal whose budget ends early.
type incomplete struct{ *world }

func (incomplete) Search(context.Context, LogQuery) (LogResult, error) {
	return LogResult{Hits: []Hit{{Time: start, Document: []byte(`{"message":"m"}`)}}, Scanned: 12345, Reached: start.Add(-time.Minute)}, nil
}

func handlerOf(t testing.TB, d Deps) http.Handler {
	t.Helper()
	h, err := New(DefaultConfig(), d, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestEveryPageIsSecured(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	for path, code := range map[string]int{
		"/": 200, "/logs": 200, "/orders": 200, "/api/v1/orders": 200, "/errors": 200, "/incidents": 200, "/agent": 200, "/metrics": 200, "/-/healthy": 200, "/-/ready": 200,
		"/api/chart": 200, "/api/v1/query?query=up": 200, "/nothing": 404, "/static/nothing.js": 404, "/static/../templates/now.html": 307,
	} {
		rec := fetch(t, h, path)
		if rec.Code != code {
			t.Errorf("GET %s = %d, want %d", path, rec.Code, code)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := rec.Header().Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("GET %s has %s %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestOnlyGet(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(method, "http://127.0.0.1:9600/", nil))
		if rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s / = %d, want 405", method, rec.Code)
		}
	}
}

// A foreign name that points here must not read the log.
func TestHostNames(t *testing.T) {
	t.Parallel()
	d := newWorld(fixed(start)).deps()
	h, err := New(Config{Listen: "127.0.0.1:9600", Hosts: []string{"gw.example.com"}}, d, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	f := func(host, path string, want int) {
		t.Helper()
		if got := fetch(t, h, path, "Host", host).Code; got != want {
			t.Errorf("GET %s from host %q = %d, want %d", path, host, got, want)
		}
	}
	f("127.0.0.1:9600", "/logs", 200)
	f("[::1]:9600", "/logs", 200)
	f("10.1.2.3", "/logs", 200)
	f("localhost:9600", "/logs", 200)
	f("GW.example.com.", "/logs", 200)
	f("evil.example.com:9600", "/logs", 421)
	f("evil.example.com", "/api/v1/query?query=up", 421)
	f("", "/logs", 421)
	f("127.0.0.1.evil.example.com", "/logs", 421)
	f("gw-03.internal:9600", "/metrics", 200)
	f("gw-03.internal:9600", "/-/ready", 200)
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	doc := parse(t, fetch(t, h, "/").Body.String())
	var addresses []string
	for _, s := range all(doc, "script", "") {
		addresses = append(addresses, attr(s, "src"))
	}
	for _, l := range all(doc, "link", "") {
		addresses = append(addresses, attr(l, "href"))
	}
	if len(addresses) != 8 {
		t.Errorf("%d static files, want 8: %q", len(addresses), addresses)
	}
	for _, at := range addresses {
		plain, zipped := fetch(t, h, at), fetch(t, h, at, "Accept-Encoding", "gzip, br")
		if plain.Code != 200 || !strings.Contains(plain.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("GET %s = %d, %q, want 200 and immutable", at, plain.Code, plain.Header().Get("Cache-Control"))
		}
		if zipped.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("GET %s with gzip has encoding %q", at, zipped.Header().Get("Content-Encoding"))
		}
		z, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil || !bytes.Equal(got, plain.Body.Bytes()) {
			t.Errorf("GET %s with gzip differs: %v", at, err)
		}
	}
	if got := fetch(t, h, addresses[0], "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding"); got != "" {
		t.Errorf("gzip;q=0 gets encoding %q", got)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	d := newWorld(fixed(start)).deps()
	d.Ready = func(context.Context) error { return errors.New("the journal is being opened") }
	rec := fetch(t, handlerOf(t, d), "/-/ready")
	if rec.Code != 503 || rec.Body.String() != "the journal is being opened\n" {
		t.Errorf("ready = %d %q, want 503 and why", rec.Code, rec.Body)
	}
	if rec := fetch(t, handlerOf(t, d), "/-/healthy"); rec.Code != 200 {
		t.Errorf("healthy = %d, want 200", rec.Code)
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	if _, err := New(DefaultConfig(), Deps{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil {
		t.Error("New without parts gave no error")
	}
}

// Without what is optional the pages still work.
func TestOptionalParts(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	h := handlerOf(t, Deps{Series: w, Logs: w, Incidents: func() []Incident { return nil }})
	for _, path := range []string{"/", "/logs", "/incidents", "/agent", "/-/ready"} {
		if rec := fetch(t, h, path); rec.Code != 200 {
			t.Errorf("GET %s = %d, want 200", path, rec.Code)
		}
	}
	if rec := fetch(t, h, "/metrics"); rec.Code != 404 {
		t.Errorf("GET /metrics = %d, want 404", rec.Code)
	}
}

func TestChartData(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	body := fetch(t, h, "/api/chart?provider=wechatpay&lang=zh").Body.String()
	for _, want := range []string{`"offset":28800`, `"name":"微信支付","state":"bad"`, `"all":[`, `"usual":0.9`, `"shaded":[{"from":17953`} {
		if !strings.Contains(body, want) {
			t.Errorf("chart data lacks %s: %.300s", want, body)
		}
	}
}

func TestCacheComputesOnce(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	c := newCache[int, int](func() time.Time { return time.Unix(now.Load(), 0) })
	var computed atomic.Int64
	get := func(key int) {
		v, err := c.get(t.Context(), key, 2*time.Second, func(context.Context) (int, error) {
			computed.Add(1)
			return 2 * key, nil
		})
		if v != 2*key || err != nil {
			t.Errorf("get(%d) = %d, %v, want %d", key, v, err, 2*key)
		}
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { get(1) })
	}
	all.Wait()
	now.Store(1)
	get(1)
	if got := computed.Load(); got != 1 {
		t.Errorf("computed %d times within its time, want 1", got)
	}
	now.Store(2)
	get(1)
	if got := computed.Load(); got != 2 {
		t.Errorf("computed %d times after its time, want 2", got)
	}
	for key := range 3 * maxCached {
		get(key)
	}
	if got := len(c.entries); got > maxCached {
		t.Errorf("the cache holds %d values, want at most %d", got, maxCached)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	f := func(c Config, want string) {
		t.Helper()
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate(%+v) = %q, want %q", c, got, want)
		}
	}
	f(DefaultConfig(), "")
	f(Config{Listen: ":9600", Hosts: []string{"gw.example.com"}}, "")
	f(Config{Listen: "9600"}, `listen: must be an address and a port, like 127.0.0.1:9600, not "9600"`)
	f(Config{Listen: "127.0.0.1:", Hosts: []string{"http://x"}}, `listen: must be an address and a port, like 127.0.0.1:9600, not "127.0.0.1:"`+"\n"+
		`hosts[0]: must be a host name without scheme and port, like gw.example.com, not "http://x"`)
}
