package logmetrics

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/internal/servicetest"
	"gatewatch/internal/values"
	"gatewatch/parse"
)

// accessFormat is what docs/collectors.md recommends.
const accessFormat = `$remote_addr [$time_iso8601] "$request" $status $request_time ` +
	`$proxy_host "$upstream_addr" "$upstream_status" "$upstream_response_time"`

// TestUpstreamsOfNginx lets Debian's nginx spread requests over two peers, of which one then goes away.
func TestUpstreamsOfNginx(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	var away atomic.Bool
	// One that goes away keeps its port, which somebody else could get, and cuts connections off.
	going := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		answer(w, r)
	})
	stays, goes := httptest.NewServer(answer), httptest.NewServer(going)
	t.Cleanup(stays.Close)
	t.Cleanup(goes.Close)
	stay, gone := stays.Listener.Addr().String(), goes.Listener.Addr().String()
	s := servicetest.Nginx(t, `
		log_format timed '`+accessFormat+`';
		upstream pay { server `+stay+` max_fails=0; server `+gone+` max_fails=0; }
		server { listen @LISTEN@; access_log @DIR@/access.log timed; location /v1/ { proxy_pass http://pay; } location / { access_log off; return 200; } }`)
	request := func(n int) {
		for range n {
			resp, err := http.Get(s.URL + "/v1/charges")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusCreated {
				t.Fatalf("nginx answers %d", resp.StatusCode)
			}
		}
	}
	request(20)
	away.Store(true)
	request(20)

	reg := prometheus.NewPedanticRegistry()
	countAccessLog(t, New(reg, Limits{}), filepath.Join(s.Dir, "access.log"), 40)
	// The one that went away was tried for every second request, and each of those went on to the other.
	want := `{code="201",peer="` + gone + `",upstream="pay"} 10` + "\n" +
		`{code="201",peer="` + stay + `",upstream="pay"} 30` + "\n" +
		`{code="502",peer="` + gone + `",upstream="pay"} 10`
	if strings.Compare(stay, gone) < 0 {
		want = `{code="201",peer="` + stay + `",upstream="pay"} 30` + "\n" +
			`{code="201",peer="` + gone + `",upstream="pay"} 10` + "\n" +
			`{code="502",peer="` + gone + `",upstream="pay"} 10`
	}
	expectSamples(t, reg, "gateway_upstream_requests_total", want)
}

// countAccessLog waits until the log has so many lines and counts them.
func countAccessLog(t *testing.T, m *Metrics, file string, lines int) {
	t.Helper()
	var log []byte
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var err error
		if log, err = os.ReadFile(file); err == nil && bytes.Count(log, []byte("\n")) == lines {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the access log does not get %d lines: %v\n%s", lines, err, log)
		}
	}
	parser, err := parse.NewPattern("nginx", accessFormat)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		ev := event.Event{Source: &event.Source{Dataset: parser.Dataset()}, Raw: bytes.TrimSpace(line)}
		parser.Parse(&ev)
		if ev.Malformed != "" {
			t.Fatalf("%s: %s", line, ev.Malformed)
		}
		for _, f := range ev.Fields {
			if f.Key != event.None {
				ev.SetFact(f.Key, f.Value)
			}
		}
		n, _ := parseCount(ev.Fact(event.HTTPStatus))
		ev.Status = int(n)
		ev.Duration, _ = values.Duration(ev.Fact(event.Duration), values.WebServer)
		m.Observe(&ev)
	}
}
