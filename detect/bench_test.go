package detect_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/detect"
)

// crowd answers with 500 series: a fifth each of rates and counts, the rest gauges.
type crowd struct{ n int }

func (c *crowd) Query(_ context.Context, expr string, _ time.Time) ([]detect.Point, error) {
	c.n++
	size := map[string]int{"bad": 100, "all": 100, "slow": 300}[expr]
	points := make([]detect.Point, size)
	for i := range points {
		points[i] = point(100+float64((c.n*7919+i*104729)%97), "provider", fmt.Sprint(i))
	}
	return points, nil
}

// BenchmarkEvaluate measures one evaluation of 500 series with full profiles, the memory that they take, and the file.
func BenchmarkEvaluate(b *testing.B) {
	path := filepath.Join(b.TempDir(), "anomalies")
	cfg := config()
	before := heap()
	w := detect.New(cfg, path, &crowd{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	at := start
	next := func(step time.Duration) {
		at = at.Add(step)
		w.Evaluate(b.Context(), at)
	}
	for range 6 * 7 * 24 {
		next(time.Hour)
	}
	for range 200 {
		next(time.Minute)
	}
	held := heap() - before
	for b.Loop() {
		next(time.Minute)
	}
	b.ReportMetric(float64(held)/500, "bytes/series")
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if err := w.Run(ctx); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/500, "file-bytes/series")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkQuiet counts what is found in weeks in which nothing happens: beginnings of anomalies a provider and week, and
// of those that the rule pack anomalies would tell (docs/anomalies.md).
func BenchmarkQuiet(b *testing.B) {
	const shops, weeks = 12, 5
	for _, perHour := range []float64{20, 300, 6000} {
		b.Run(fmt.Sprint(perHour, "_an_hour"), func(b *testing.B) {
			for b.Loop() {
				var all, told int
				for seed := range uint64(shops) {
					var unusual, lasting [4]run
					watch(newShop(seed, perHour), weeks*week, func(m int, r results) {
						for i, is := range judged(r) {
							all += unusual[i].next(is.unusual, 1)
							told += lasting[i].next(is.told, is.minutes)
						}
					})
				}
				b.ReportMetric(float64(all)/shops/weeks, "anomalies/provider-week")
				b.ReportMetric(float64(told)/shops/weeks, "told/provider-week")
			}
		})
	}
}

// judgement is what is said of one minute of one series; told is what a rule asks for, for so many minutes.
type judgement struct {
	unusual, told bool
	minutes       int
}

func judged(r results) [4]judgement {
	s, a, l := r.success, r.attempts, r.latency
	season := func(r detect.Result) bool { return r.Score >= 1 && r.Basis >= detect.HourOfDay }
	share := a.Value / max(a.Expected, 1)
	return [4]judgement{
		{s.Score >= 1, season(s) && s.Value < s.Lower && (1-s.Value)*a.Value >= 10, 4},
		{a.Score >= 1, season(a) && a.Expected >= 20 && (share < 0.5 || share > 3), 6},
		{l.Score >= 1, season(l) && l.Value > l.Upper && l.Value > 1.5*l.Expected && l.Value > l.Expected+0.5, 4},
		{s.Drift <= -1, s.Drift <= -1, 61},
	}
}

// run counts what holds for long enough, once until it has not held for an hour.
type run struct{ held, free int }

func (r *run) next(holds bool, minutes int) int {
	if !holds {
		if r.free++; r.free >= hour {
			r.held = 0
		}
		if r.held < minutes {
			r.held = 0
		}
		return 0
	}
	r.free = 0
	r.held++
	if r.held == minutes {
		return 1
	}
	return 0
}
