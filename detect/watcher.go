// Package detect learns what is usual for a series at each hour of the week, and says how unusual it is now.
//
// Detector judges one series; Watcher asks for the series that the configuration names, has a detector for each, and
// gives what they say as metrics, so that rules can use them.
package detect

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Point is one series' value at the time of a query.
type Point struct {
	Labels map[string]string
	Value  float64
}

// Source answers PromQL queries.
type Source interface {
	Query(ctx context.Context, expr string, at time.Time) ([]Point, error)
}

// Watcher watches the series of a configuration. Evaluate and Run belong to one goroutine at a time.
type Watcher struct {
	cfg     Config
	path    string
	source  Source
	log     *slog.Logger
	metrics *metrics
	failing map[string]bool // names of watches whose queries fail

	// mu guards what the metrics are made of.
	mu     sync.Mutex
	series map[string]*watched // by key
	at     time.Time           // of the last evaluation
}

// watched is one series.
type watched struct {
	watch  *Watch
	labels map[string]string
	*Detector
	at     time.Time // of result
	result Result
}

// New returns a watcher that goes on from the state in the file at path, if there is one; a damaged one is set aside. With
// an empty path nothing is kept.
func New(cfg Config, path string, source Source, log *slog.Logger, reg prometheus.Registerer) *Watcher {
	w := &Watcher{
		cfg: cfg, path: path, source: source, log: log, metrics: newMetrics(reg), failing: map[string]bool{}, series: map[string]*watched{},
	}
	w.load()
	reg.MustRegister(w)
	return w
}

const (
	// forgetAfter is how long a series that is no longer there is remembered.
	forgetAfter = 14 * 24 * time.Hour
	// mostAhead is how far ahead of the clock a series' last observation may be. A clock that was wrong must not keep the
	// series from being looked at until it is right again.
	mostAhead = time.Hour
)

// Evaluate judges all series at one time. A watch whose query fails is left out, logged and counted.
func (w *Watcher) Evaluate(ctx context.Context, at time.Time) {
	began := time.Now()
	for i := range w.cfg.Watches {
		watch := &w.cfg.Watches[i]
		err := w.evaluate(ctx, watch, at)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			w.metrics.failures.WithLabelValues(watch.Name).Inc()
			if !w.failing[watch.Name] {
				w.log.Error("anomalies are not looked for", "watch", watch.Name, "err", err)
			}
		}
		w.failing[watch.Name] = err != nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.series, func(_ string, s *watched) bool { return at.Sub(s.at) > forgetAfter || s.at.Sub(at) > mostAhead })
	w.at = at
	w.metrics.took.Set(time.Since(began).Seconds())
	w.metrics.evaluations.Inc()
}

func (w *Watcher) evaluate(ctx context.Context, watch *Watch, at time.Time) error {
	points, err := w.source.Query(ctx, watch.Query, at)
	if err != nil {
		return err
	}
	var of totals
	if watch.Kind == Rate {
		all, err := w.source.Query(ctx, watch.Total, at)
		if err != nil {
			return err
		}
		of = newTotals(all)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range points {
		// Series that differ in their metric's name only are one; the first counts.
		if s := w.find(watch, p.Labels); s != nil && s.at.Before(at) {
			s.observe(at, p.Value, of)
		}
	}
	if watch.Kind == Gauge {
		return nil
	}
	// What is no longer in the result did not happen at all.
	for _, s := range w.series {
		if s.watch == watch && s.at.Before(at) {
			s.observe(at, 0, of)
		}
	}
	return nil
}

// find returns the series of watch with these labels. It returns nil when there are too many: those known go on.
func (w *Watcher) find(watch *Watch, labels map[string]string) *watched {
	key := keyOf(watch.Name, labels)
	if s := w.series[key]; s != nil {
		return s
	}
	if len(w.series) >= w.cfg.MaxSeries {
		w.metrics.refused.Inc()
		return nil
	}
	s := &watched{watch: watch, labels: withoutName(labels), Detector: NewDetector(watch.Kind, w.cfg.Limit)}
	w.series[key] = s
	return s
}

// mostValue bounds what is a number: detectors keep single precision.
const mostValue = 1e30

// observe hands an observation on, if it is one: a share of nothing is none.
func (s *watched) observe(at time.Time, v float64, of totals) {
	o := Observation{Time: at, Value: v}
	switch s.watch.Kind {
	case Count:
		o.Value = max(v, 0)
	case Rate:
		o.Total = of.find(s.labels)
		if !(o.Total >= 1 && o.Total < mostValue) {
			return
		}
		o.Value = min(max(v, 0), o.Total)
	}
	if !(math.Abs(o.Value) < mostValue) { // nor NaN
		return
	}
	s.at, s.result = at, s.Observe(o)
}

// totals are what shares are shares of, by the labels that they have.
type totals struct {
	names  []string
	values map[string]float64
}

func newTotals(points []Point) totals {
	t := totals{values: map[string]float64{}}
	for i, p := range points {
		if i == 0 {
			t.names = slices.Collect(maps.Keys(withoutName(p.Labels)))
		}
		if key := keyOf("", p.Labels); t.values[key] == 0 {
			t.values[key] = p.Value
		}
	}
	return t
}

// find returns the total for a series with these labels, or 0.
func (t totals) find(labels map[string]string) float64 {
	if t.values == nil {
		return 0
	}
	part := make(map[string]string, len(t.names))
	for _, name := range t.names {
		if v, ok := labels[name]; ok {
			part[name] = v
		}
	}
	return t.values[keyOf("", part)]
}

const metricName = "__name__"

func withoutName(labels map[string]string) map[string]string {
	rest := maps.Clone(labels)
	delete(rest, metricName)
	return rest
}

// keyOf names a series. Label names and values are valid UTF-8, so that no two series have one key.
func keyOf(watch string, labels map[string]string) string {
	var b strings.Builder
	b.WriteString(watch)
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != metricName {
			b.WriteString("\xff" + name + "\xff" + labels[name])
		}
	}
	return b.String()
}
