package series_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/series"
)

// TestMemoryAnswersLikeTheStore compares the two on the same samples: counters that come to be, series that end, and
// samples that are too old.
func TestMemoryAnswersLikeTheStore(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	cfg := series.DefaultConfig()
	memory := series.NewMemory(cfg, b.app)
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls_total"}, []string{"code"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took_seconds", Buckets: []float64{1, 2}})
	size := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "size"}, []string{"of"})
	b.app.MustRegister(calls, took, size)
	for i := range 60 {
		calls.WithLabelValues("200").Add(float64(i))
		if i == 30 {
			calls.WithLabelValues("500").Inc()
		}
		took.Observe(float64(i % 3))
		size.WithLabelValues("b").Set(float64(i))
		if i >= 40 {
			size.DeleteLabelValues("b")
		}
		b.sample()
		if err := memory.Sample(t.Context(), b.ts); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(expr string) string {
		t.Helper()
		q, err := memory.PromQL().NewInstantQuery(t.Context(), memory, nil, expr, b.ts)
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		return q.Exec(t.Context()).String()
	}
	for _, expr := range []string{
		`increase(calls_total{code=~"2.."}[1m])`, `increase(calls_total[4m])`, `sum(calls_total offset 2m)`, `size`, `max_over_time(size[5m])`,
		`histogram_quantile(0.5, sum by (le) (rate(took_seconds_bucket[2m])))`, `{of!=""}`, `absent(calls_total{code="404"})`,
	} {
		q, err := b.PromQL().NewInstantQuery(t.Context(), b, nil, expr, b.ts)
		if err != nil {
			t.Fatal(err)
		}
		want := q.Exec(t.Context()).String()
		q.Close()
		if got := answer(expr); got != want {
			t.Errorf("%s: memory = %s, store = %s", expr, got, want)
		}
	}
}

// TestMemoryForgets holds it to its retention.
func TestMemoryForgets(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	cfg := series.DefaultConfig()
	if err := cfg.Retention.Set("1h"); err != nil {
		t.Fatal(err)
	}
	memory := series.NewMemory(cfg, reg)
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "size"}))
	start := time.Now().Truncate(time.Minute)
	for i := range 200 {
		if err := memory.Sample(t.Context(), start.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	q, err := memory.PromQL().NewInstantQuery(t.Context(), memory, nil, "count_over_time(size[4h])", start.Add(199*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(t.Context()).Vector()
	if err != nil || len(v) != 1 || v[0].F < 60 || v[0].F > 121 {
		t.Errorf("samples of 200 minutes kept for 1h: %v, %v; want from 60 to 121", v, err)
	}
}
