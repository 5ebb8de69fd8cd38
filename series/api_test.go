package series_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/prometheus/rules"

	"gatewatch/series"
)

// noRules is an engine without rules.
type noRules struct{}

func (noRules) RuleGroups() []*rules.Group           { return nil }
func (noRules) AlertingRules() []*rules.AlertingRule { return nil }

// TestAPI asks what Grafana asks of a Prometheus.
func TestAPI(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	promauto.With(b.app).NewGaugeVec(prometheus.GaugeOpts{Name: "temperature", Help: "How warm it is."}, []string{"room"}).WithLabelValues("kitchen").Set(21.5)
	b.sample()
	h := b.API(noRules{}, series.Build{Version: "1.2.3", Revision: "abc", GoVersion: "go1.26"})
	at := fmt.Sprint(b.ts.Unix() + 1)
	f := func(method, path, form string, code int, want string) {
		t.Helper()
		req := httptest.NewRequest(method, "http://127.0.0.1:9600/api/v1/"+path, strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != code || !strings.Contains(rec.Body.String(), want) || !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%s %s %s = %d %s, want %d with %s", method, path, form, rec.Code, rec.Body, code, want)
		}
	}
	const kitchen = `"metric":{"__name__":"temperature","room":"kitchen"},"value`
	f("GET", "query?query=temperature&time="+at, "", 200, kitchen)
	f("POST", "query", url.Values{"query": {"temperature"}, "time": {at}}.Encode(), 200, kitchen)
	f("GET", "query?query=1%2B1", "", 200, `"resultType":"scalar"`)
	f("GET", "query_range?query=temperature&step=1&start="+at+"&end="+at, "", 200, kitchen)
	f("GET", "query_range?query=up&start=1&end=2000000&step=1", "", 400, "exceeded maximum resolution of 11,000 points")
	f("GET", "query?query=up{", "", 400, "parse error")
	f("GET", "query?query="+strings.Repeat("x", 10_001), "", 400, "longer than 10000 bytes")
	f("POST", "query", "query="+strings.Repeat("x", 300<<10), 400, "too large")
	f("GET", "labels", "", 200, `"data":["__name__","room"]`)
	f("GET", "label/room/values", "", 200, `"data":["kitchen"]`)
	f("GET", "series?match[]=temperature", "", 200, `"data":[{"__name__":"temperature","room":"kitchen"}]`)
	f("GET", "metadata?metric=temperature", "", 200, `"temperature":[{"type":"gauge","unit":"","help":"How warm it is."}]`)
	f("GET", "query_exemplars?query=temperature&start=1&end=2", "", 200, `"data":[]`)
	f("GET", "rules", "", 200, `"groups":[]`)
	f("GET", "alerts", "", 200, `"alerts":[]`)
	f("GET", "status/buildinfo", "", 200, `"branch":"gatewatch 1.2.3"`)
	f("POST", "admin/tsdb/delete_series", "match[]=up", 404, "is not served here")
	f("POST", "write", "", 404, "is not served here")
	f("PUT", "query", "query=1", 405, "the method must be one of GET, POST")
	f("POST", "rules", "", 405, "the method must be one of GET")
	f("GET", "status/config", "", 404, "is not served here")
}

// TestAPIBoundsParts hides a long parameter in a part of the body.
func TestAPIBoundsParts(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	err := parts.WriteField("query", strings.Repeat("x", 10_001))
	if err := errors.Join(err, parts.Close()); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:9600/api/v1/query", &body)
	req.Header.Set("Content-Type", parts.FormDataContentType())
	rec := httptest.NewRecorder()
	open(t, nil).API(noRules{}, series.Build{}).ServeHTTP(rec, req)
	if rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "longer than 10000 bytes") {
		t.Errorf("status %d, %s, want that the parameter is too long", rec.Code, rec.Body)
	}
}

// TestAPIIsNotForOtherSites has no answer that a page of another site could read.
func TestAPIIsNotForOtherSites(t *testing.T) {
	t.Parallel()
	req := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9600/api/v1/labels", nil)
	req.Header.Set("Origin", "https://evil.example.com")
	rec := httptest.NewRecorder()
	open(t, nil).API(noRules{}, series.Build{}).ServeHTTP(rec, req)
	if got := rec.Header().Get("Access-Control-Allow-Origin"); rec.Code != http.StatusOK || got != "" {
		t.Errorf("status %d, allowed origin %q, want 200 and none", rec.Code, got)
	}
}
