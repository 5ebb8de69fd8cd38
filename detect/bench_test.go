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
