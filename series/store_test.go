package series_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/series"
)

// bench is a store with a registry whose samples a test takes by hand.
type bench struct {
	*series.Store
	t   *testing.T
	dir string
	app *prometheus.Registry // what is sampled
	own *prometheus.Registry // the store's own metrics
	log *strings.Builder
	ts  time.Time
}

func open(t *testing.T, change func(*series.Config)) *bench {
	t.Helper()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "series"), app: prometheus.NewRegistry(), log: &strings.Builder{},
		ts: time.Now().Truncate(time.Millisecond)}
	b.reopen(change)
	t.Cleanup(func() { b.Close() })
	return b
}

func (b *bench) reopen(change func(*series.Config)) {
	b.t.Helper()
	cfg := series.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	b.own = prometheus.NewRegistry()
	s, err := series.Open(b.dir, cfg, b.app, slog.New(slog.NewTextHandler(b.log, nil)), b.own)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Store = s
}

// sample takes the next sample, 5 s after the one before.
func (b *bench) sample() {
	b.t.Helper()
	b.ts = b.ts.Add(5 * time.Second)
	if err := b.Sample(b.t.Context(), b.ts); err != nil {
		b.t.Fatal(err)
	}
}

// value returns the only element of the answer to expr, or NaN when there is none.
func (b *bench) value(expr string) float64 {
	b.t.Helper()
	points, err := b.Query(b.t.Context(), expr, b.ts)
	if err != nil {
		b.t.Fatalf("Query(%q): %v", expr, err)
	}
	switch len(points) {
	case 0:
		return math.NaN()
	case 1:
		return points[0].Value
	}
	b.t.Fatalf("Query(%q) = %d elements, want at most one", expr, len(points))
	return 0
}

func (b *bench) want(expr string, want float64) {
	b.t.Helper()
	if got := b.value(expr); math.Abs(got-want) > 1e-9*math.Abs(want) || math.IsNaN(got) != math.IsNaN(want) {
		b.t.Errorf("Query(%q) = %v, want %v", expr, got, want)
	}
}

func (b *bench) dropped(reason string) float64 {
	b.t.Helper()
	families, err := b.own.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "gatewatch_series_dropped_total" && m.Label[0].GetValue() == reason {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestFirstIncrementIsSeen(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	attempts := promauto.With(b.app).NewCounterVec(prometheus.CounterOpts{Name: "attempts_total"}, []string{"outcome"})
	took := promauto.With(b.app).NewHistogramVec(prometheus.HistogramOpts{
		Name: "took_seconds", Buckets: []float64{.1, 1, 10}, NativeHistogramBucketFactor: 1.1,
	}, []string{"provider"})
	b.app.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		// The operating system's counters are old when they are first seen.
		d := prometheus.NewDesc("node_bytes_total", "", nil, nil)
		if !math.IsNaN(b.value("attempts_total")) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, 1e9)
		}
	}))
	attempts.WithLabelValues("approved").Add(3)
	b.sample()
	// Nothing is known of the time before the first sample.
	b.want(`increase(attempts_total[11s])`, math.NaN())

	attempts.WithLabelValues("provider_down").Add(7)
	took.WithLabelValues("alipay").Observe(0.5)
	took.WithLabelValues("alipay").Observe(5)
	b.sample()
	b.want(`delta(attempts_total{outcome="provider_down"}[5001ms])`, 7*5.001/5)
	b.want(`took_seconds_count - (took_seconds_count offset 5s)`, 2)
	b.want(`took_seconds_bucket{le="1.0"} - (took_seconds_bucket offset 5s)`, 1)
	b.want(`histogram_count(took_seconds) - histogram_count(took_seconds offset 5s)`, 2)
	b.want(`histogram_quantile(0.99, rate(took_seconds[11s])) > bool 4`, 1)
	b.want(`histogram_quantile(0.99, rate(took_seconds_bucket[11s])) > bool 4`, 1)
	b.want(`node_bytes_total`, 1e9)
	b.want(`node_bytes_total offset 5s`, math.NaN())
}

func TestVanishedSeriesEnds(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	g := promauto.With(b.app).NewGaugeVec(prometheus.GaugeOpts{Name: "g"}, []string{"l"})
	h := promauto.With(b.app).NewHistogramVec(prometheus.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1}, []string{"l"})
	g.WithLabelValues("a").Set(1)
	h.WithLabelValues("a").Observe(1)
	b.sample()
	b.want("g", 1)
	b.want("histogram_count(h)", 1)
	g.Reset()
	h.Reset()
	b.sample()
	b.want("g", math.NaN())
	b.want("histogram_count(h)", math.NaN())
	g.WithLabelValues("a").Set(2)
	b.sample()
	b.want("g", 2)
}

func TestTooManySeries(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *series.Config) { c.MaxSeries = 2 })
	g := promauto.With(b.app).NewGaugeVec(prometheus.GaugeOpts{Name: "g"}, []string{"l"})
	g.WithLabelValues("m").Set(1)
	g.WithLabelValues("n").Set(1)
	b.sample()
	// A series that is already known keeps its place, though the new one comes first in the registry.
	g.WithLabelValues("a").Set(1)
	b.sample()
	b.want(`g{l="a"}`, math.NaN())
	b.want(`count(g)`, 2)
	if got := b.dropped("limit"); got != 1 {
		t.Errorf("dropped for the limit = %v, want 1", got)
	}
	g.DeleteLabelValues("m")
	b.sample()
	b.sample()
	b.want(`count(g)`, 2)
	b.want(`g{l="a"}`, 1)
}

func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	g := promauto.With(b.app).NewGauge(prometheus.GaugeOpts{Name: "g"})
	b.sample()
	newest := b.ts
	g.Set(1)
	b.ts = newest.Add(-12 * time.Second)
	b.sample()
	b.sample()
	if got := b.dropped("out_of_order"); got != 2 {
		t.Errorf("dropped out of order = %v, want 2", got)
	}
	b.sample()
	b.want("g", 1)
	b.want("g offset 3s", 0)

	// A big step is not waited for.
	b.ts = newest.Add(-time.Hour)
	b.sample()
	b.sample()
	b.want("g", 1)
	if got := strings.Count(b.log.String(), "clock went back"); got != 2 {
		t.Errorf("log has %d lines about the clock, want 2:\n%s", got, b.log)
	}
}

func TestSamplesFromTheFuture(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	promauto.With(b.app).NewGauge(prometheus.GaugeOpts{Name: "g"})
	b.ts = b.ts.Add(24 * time.Hour)
	b.sample()
	b.Close()
	b.reopen(nil)
	b.ts = time.Now()
	b.sample()
	b.want("g", 0)
	if n, err := testutil.GatherAndCount(b.own, "gatewatch_series_set_aside_total"); n != 1 || err != nil {
		t.Errorf("GatherAndCount() = %d, %v", n, err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	g := promauto.With(b.app).NewGauge(prometheus.GaugeOpts{Name: "g"})
	b.ts = b.ts.Add(-time.Minute)
	g.Set(42)
	b.sample()
	b.Close()
	b.reopen(nil)
	b.want("g", 42)
}

func TestDamagedStoreIsSetAside(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	promauto.With(b.app).NewGauge(prometheus.GaugeOpts{Name: "g"})
	b.sample()
	b.Close()
	block := filepath.Join(b.dir, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
	if err := os.MkdirAll(block, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(block, "meta.json"), []byte("not json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "wal", "00000000"), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "chunks_head", "000001"), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.reopen(nil)
	b.sample()
	b.want("g", 0)
}

func TestStoreInUse(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	_, err := series.Open(b.dir, series.DefaultConfig(), b.app, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("Open of a store in use = %v, want an error about the lock", err)
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	now := time.Now()
	for _, expr := range []string{"rate(", "nope(1)", `"text"`, "g[5m]"} {
		if _, err := b.Query(t.Context(), expr, now); !errors.Is(err, series.ErrQuery) {
			t.Errorf("Query(%q) error = %v, want ErrQuery", expr, err)
		}
	}
	if _, err := b.QueryRange(t.Context(), "1", now.Add(-24*time.Hour), now, time.Second); !errors.Is(err, series.ErrQuery) {
		t.Errorf("QueryRange over too many points = %v, want ErrQuery", err)
	}
	lines, err := b.QueryRange(t.Context(), "1", now.Add(-time.Minute), now, 30*time.Second)
	if err != nil || len(lines) != 1 || len(lines[0].Samples) != 3 {
		t.Errorf("QueryRange(1) = %v, %v, want one line of 3 samples", lines, err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	promauto.With(b.app).NewGauge(prometheus.GaugeOpts{Name: "g"})
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Run(ctx, func(ctx context.Context, ts time.Time) {
		b.ts = ts
		b.want("g", 0)
		cancel()
	})
	if err != nil {
		t.Errorf("Run() = %v, want nil", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	cfg := series.DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Errorf("DefaultConfig().Validate() = %v", err)
	}
	err := (&series.Config{}).Validate()
	want := `interval: must be from 1s to 1m0s, is 0s
retention: must be at least 1h0m0s, is 0s
max_size: must be at least 16MiB, is 0B
max_series: must be above 0, is 0`
	if err == nil || err.Error() != want {
		t.Errorf("Config{}.Validate() = %v, want %v", err, want)
	}
}
