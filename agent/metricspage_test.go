package main

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
)

// TestMetricsPage asks for the page plain, packed and as OpenMetrics: what is in it is the same.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	orders := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "orders", Help: "Orders."}, []string{"n"})
	reg.MustRegister(orders)
	for i := range 100 {
		orders.WithLabelValues(fmt.Sprint(i)).Set(7)
	}
	page, err := metricsPage(reg)
	if err != nil {
		t.Fatal(err)
	}
	f := func(t *testing.T, encoding, accept, wantEncoding, wantEnd string) {
		t.Helper()
		req := httptest.NewRequest("GET", "/metrics", nil)
		req.Header.Set("Accept-Encoding", encoding)
		req.Header.Set("Accept", accept)
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, req)
		if got := rec.Header().Get("Content-Encoding"); got != wantEncoding {
			t.Errorf("with Accept-Encoding %q the encoding is %q, want %q", encoding, got, wantEncoding)
		}
		var body io.Reader = rec.Body
		if wantEncoding == "gzip" {
			if body, err = gzip.NewReader(rec.Body); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(body)
		if err != nil || strings.Count(string(text), "\norders{") != 100 || !strings.HasSuffix(string(text), wantEnd) {
			t.Errorf("with Accept %q: %v, %.300s, want 100 orders", accept, err, text)
		}
	}
	f(t, "", "", "", "\n")
	f(t, "gzip", "", "gzip", "\n")
	f(t, "gzip", "application/openmetrics-text;version=1.0.0", "gzip", "# EOF\n")
	f(t, "identity", "application/openmetrics-text;version=1.0.0", "", "# EOF\n")
}
