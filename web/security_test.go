package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answerTo returns what h answers to a request that comes from an address. A header Host is the name that is asked for.
func answerTo(h http.Handler, from, method, path, body string, headers map[string]string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "http://127.0.0.1:9600"+path, strings.NewReader(body))
	req.RemoteAddr = from
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		req.Host = host
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// TestWhoMayWrite asks the APIs in the ways that are meant, and in those of another host or another site's page.
func TestWhoMayWrite(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	const here, there = "127.0.0.1:5000", "10.1.2.3:5000"
	f := func(method, path, from string, headers map[string]string, want int, wantText string) {
		t.Helper()
		rec := answerTo(h, from, method, path, "", headers)
		if rec.Code != want || !strings.HasPrefix(rec.Body.String(), wantText) {
			t.Errorf("%s %s from %s with %v = %d %q, want %d %q", method, path, from, headers, rec.Code, rec.Body, want, wantText)
		}
	}
	foreign := map[string]string{"Origin": "https://evil.example.com"}
	rebound := map[string]string{"Host": "evil.example.com"}

	f("GET", "/api/v2/alerts", there, nil, 200, "alertmanager GET /api/v2/alerts")
	f("POST", "/api/v2/silences", here, nil, 200, "alertmanager POST /api/v2/silences")
	f("DELETE", "/api/v2/silence/1", "[::1]:5000", nil, 200, "alertmanager DELETE")
	f("POST", "/api/v2/silences", here, map[string]string{"Origin": "http://127.0.0.1:9600"}, 200, "alertmanager")
	f("POST", "/api/v2/silences", there, nil, 403, "only from the agent's own host")
	f("DELETE", "/api/v2/silence/1", there, nil, 403, "only from the agent's own host")
	f("POST", "/api/v2/alerts", here, foreign, 403, "")
	f("DELETE", "/api/v2/silence/1", here, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "")
	f("GET", "/api/v2/alerts", here, rebound, 421, "")
	f("POST", "/api/v2/silences", here, rebound, 421, "")

	f("GET", "/api/v1/query", there, nil, 200, "prometheus GET /api/v1/query")
	f("POST", "/api/v1/query_range", there, nil, 200, "prometheus POST")
	f("PUT", "/api/v1/query", here, nil, 405, "only GET and POST")
	f("GET", "/api/v1/label/job/values", here, rebound, 421, "")

	f("POST", "/incidents/silence", there, nil, 403, "")
	f("POST", "/incidents/silence", here, foreign, 403, "")
	f("GET", "/incidents/unsilence", here, nil, 405, "only POST")
}
