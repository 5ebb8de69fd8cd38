package alerting_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/series"
)

// TestReplayEvaluatesInOrder holds rules that are evaluated side by side to what one after the other gives: a rule reads
// what those before it wrote now, and what those behind it wrote last time.
func TestReplayEvaluatesInOrder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(`groups:
  - name: order
    interval: 5s
    rules:
      - {record: one, expr: x * 1}
      - {record: two, expr: x * 2}
      - {record: ten, expr: x * 10}
      - {record: sum, expr: one + two + ten}
      - {record: before, expr: after}
      - {record: after, expr: sum + 0}
      - {record: same, expr: x, labels: {n: "1"}}
      - {record: same, expr: sum(same) + 1, labels: {n: "2"}}
      - {alert: Sum, expr: sum > 20, labels: {severity: critical}, annotations: {summary: '{{ range query "after" }}{{ .Value }}{{ end }}'}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	x := prometheus.NewGauge(prometheus.GaugeOpts{Name: "x", Help: "x"})
	reg.MustRegister(x)
	store, err := series.Open(t.TempDir(), series.DefaultConfig(), reg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	r, err := alerting.NewReplay(alerting.Config{Rules: []string{file}}, store)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for i, value := range []float64{1, 2, 3, 1} {
		ts := start.Add(time.Duration(i) * 5 * time.Second)
		x.Set(value)
		if err := store.Sample(t.Context(), ts); err != nil {
			t.Fatal(err)
		}
		r.Evaluate(t.Context(), ts)
		f := func(expr string, want float64) {
			t.Helper()
			got, err := store.Query(t.Context(), expr, ts)
			if err != nil || len(got) != 1 || got[0].Value != want {
				t.Errorf("%s at %v = %v, %v, want %v", expr, ts, got, err, want)
			}
		}
		f("sum", 13*value)
		f("after", 13*value)
		if i > 0 {
			f("before", 13*[]float64{1, 2, 3}[i-1])
		}
	}
	got := r.Episodes()
	if len(got) != 1 || got[0].Alert != "Sum" || got[0].Summary != "39" || !got[0].Fired.Equal(start.Add(5*time.Second)) || !got[0].Ended.Equal(start.Add(15*time.Second)) {
		t.Errorf("Episodes() = %+v, want Sum from 5s to 15s, 39 last", got)
	}
	if failures := r.Failures(); len(failures) > 0 || r.Forgotten > 0 {
		t.Errorf("Failures() = %v, Forgotten = %d", failures, r.Forgotten)
	}
}
