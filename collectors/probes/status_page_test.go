package probes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

func TestReadStatus(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)
	f := func(file, format string, want status) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("testdata", "status", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"auto", format} {
			got, err := readStatus(format, text, now)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("readStatus(%s, %s) = %+v, %v, want %+v", format, file, got, err, want)
			}
		}
	}
	f("statuspage.json", "statuspage", status{trouble: majorTrouble, text: "Partial System Outage",
		components: []component{{"API", majorTrouble}, {"Dashboard", noTrouble}, {"Reports", minorTrouble}},
		incidents: []incident{{"cp306tmzcl0y", "Elevated error rates for authorisations", majorTrouble},
			{"aa00", "Late settlement files", minorTrouble}}})
	f("stripe.json", "stripe", status{trouble: minorTrouble, text: "We are investigating elevated API error rates.",
		components: []component{{"API", minorTrouble}, {"Dashboard", noTrouble}},
		incidents:  []incident{{"degraded", "We are investigating elevated API error rates.", minorTrouble}}})
	f("rss.xml", "feed", status{trouble: majorTrouble, text: "Initial Notification: Checkout unavailable for some merchants",
		incidents: []incident{{"1001", "Initial Notification: Checkout unavailable for some merchants", majorTrouble}}})
	f("atom.xml", "feed", status{trouble: minorTrouble, text: "Slow refunds",
		incidents: []incident{{"tag:status.example.com,2005:Incident/2", "Slow refunds", minorTrouble}}})
}

func TestReadStatusOfSomethingElse(t *testing.T) {
	t.Parallel()
	f := func(format, text, want string) {
		t.Helper()
		if _, err := readStatus(format, []byte(text), time.Now()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("readStatus(%s, %q) = %v, want %s…", format, text, err, want)
		}
	}
	f("auto", "<!DOCTYPE html><html><head></head><body></body></html>", "neither RSS nor Atom but <html>")
	f("auto", "<rss><channel>", "not a feed")
	f("auto", `{"ok":true}`, "not Stripe's status")
	f("auto", "", "not the JSON of Stripe's status page")
	f("statuspage", `{"status":"up"}`, "not the JSON of Statuspage")
	f("statuspage", `{}`, "not the summary of Statuspage")
}

func FuzzReadStatus(f *testing.F) {
	files, err := filepath.Glob("testdata/status/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, format := range statusFormats() {
			s, err := readStatus(format, text, time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC))
			if err == nil && (s.trouble < noTrouble || s.trouble > criticalTrouble) {
				t.Errorf("trouble %d", s.trouble)
			}
		}
	})
}

// pageServer answers like a status page, for a test without sockets.
type pageServer struct {
	mu         sync.Mutex
	body, etag string
	status     int
	header     map[string]string
	asked      []time.Time
	conditions []string
}

func (s *pageServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Now())
	s.conditions = append(s.conditions, r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since"))
	resp := &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}
	resp.Header.Set("ETag", s.etag)
	for name, value := range s.header {
		resp.Header.Set(name, value)
	}
	if s.etag != "" && r.Header.Get("If-None-Match") == s.etag {
		resp.StatusCode, resp.Body = http.StatusNotModified, http.NoBody
	}
	return resp, nil
}

// TestStatusPage follows a page through trouble, silence and recovery.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/status/statuspage.json")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		cfg := StatusPageConfig{Provider: "worldpay", Components: []string{"API"}}
		cfg.SetDefaults()
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		server := &pageServer{status: 200, body: string(text), etag: `"v1"`}
		c := statusCollector(cfg, slog.New(slog.NewTextHandler(&logged, nil)), server)
		reg := prometheus.NewRegistry()
		set, err := collect.NewSet([]collect.Collector{c}, collecttest.Quiet(), reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error)
		go func() { done <- set.Run(ctx) }()
		after := func(d time.Duration, want string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := collecttest.SamplesOf(collecttest.Exposition(t, reg), "provider_"); got != want {
				t.Errorf("after %v:\n%s\nwant\n%s", d, got, want)
			}
		}
		bad := strings.Join([]string{
			`provider_incidents{impact="critical",provider="worldpay"} 0`, `provider_incidents{impact="major",provider="worldpay"} 1`,
			`provider_incidents{impact="minor",provider="worldpay"} 1`, `provider_status_indicator{component="",provider="worldpay"} 2`,
			`provider_status_indicator{component="API",provider="worldpay"} 2`}, "\n")
		good := strings.NewReplacer("} 1", "} 0", "} 2", "} 0").Replace(bad)
		after(time.Second, bad)
		after(time.Hour, bad)
		server.mu.Lock()
		if n := len(server.asked); n < 10 || n > 14 || server.conditions[0] != "" || server.conditions[n-1] != `"v1"` {
			t.Errorf("asked %d times in an hour with %q, want about 12, all but the first conditional", n, server.conditions)
		}
		server.status, server.etag, server.header = http.StatusServiceUnavailable, "", map[string]string{"Retry-After": "3600"}
		n := len(server.asked)
		server.mu.Unlock()
		after(20*time.Minute, bad) // what it said last is shown for a while
		after(50*time.Minute, "")
		server.mu.Lock()
		if len(server.asked) > n+2 {
			t.Errorf("asked %d times though told to come back after an hour", len(server.asked)-n)
		}
		server.status, server.header = http.StatusOK, nil
		server.body = `{"status":{"indicator":"none"},"components":[{"name":"API","status":"operational"}],"incidents":[]}`
		server.mu.Unlock()
		after(90*time.Minute, good)
		cancel()
		<-done
		for _, want := range []string{`text="Elevated error rates for authorisations"`, "provider's incident is over"} {
			if n := strings.Count(logged.String(), want); n < 1 || n > 2 {
				t.Errorf("%q was logged %d times in\n%s", want, n, logged.String())
			}
		}
	})
}

// TestStatusPageBounds keeps a page with thousands of components from flooding the store.
func TestStatusPageBounds(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 1000 {
		all = append(all, fmt.Sprintf(`{"name":"c%d","status":"operational"}`, i))
	}
	server := &pageServer{status: 200, body: `{"status":{"indicator":"none"},"components":[` + strings.Join(all, ",") + `]}`}
	cfg := StatusPageConfig{Provider: "worldpay"}
	cfg.SetDefaults()
	c := statusCollector(cfg, collecttest.Quiet(), server)
	text := collecttest.Collect(t, c)
	if n := strings.Count(text, "\nprovider_status_indicator{"); n != maxStatusComponents+1 {
		t.Errorf("%d indicators, want %d", n, maxStatusComponents+1)
	}
	if want := `gatewatch_collector_dropped_samples_total{collector="status_page_worldpay"} 950`; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

// TestStatusPageStaysEncrypted shows a page that leads from https to http, where anybody on the way can answer.
func TestStatusPageStaysEncrypted(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"UptimeStatus":"up"}`) }))
	t.Cleanup(plain.Close)
	srv := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(srv.Close)
	cfg := StatusPageConfig{Provider: "stripe", URL: srv.URL, CAFile: caFile(t, srv.Certificate().Raw)}
	cfg.SetDefaults()
	c, err := newStatusPage(cfg, collecttest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Collect(t.Context(), &collect.Samples{}); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("a page that leads from https to http: %v, want an error that says so", err)
	}
}
