package detect

import (
	"maps"
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the watcher counts; those of the series are made when they are asked for.
type metrics struct {
	evaluations, refused, unsaved, setAside prometheus.Counter
	failures                                *prometheus.CounterVec
	took                                    prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return promauto.With(reg).NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return &metrics{
		evaluations: counter("gatewatch_anomaly_evaluations_total", "Times that all series were looked at for anomalies."),
		refused:     counter("gatewatch_anomaly_series_refused_total", "Series not looked at because detect.max_series are watched."),
		unsaved:     counter("gatewatch_anomaly_save_failures_total", "Failures to save to disk what is usual."),
		setAside:    counter("gatewatch_anomaly_state_set_aside_total", "Damaged files of what is usual, set aside."),
		failures: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
			Name: "gatewatch_anomaly_query_failures_total", Help: "Queries of watches that failed.",
		}, []string{"watch"}),
		took: promauto.With(reg).NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_anomaly_evaluation_seconds", Help: "How long the last look at all series took.",
		}),
	}
}

// seriesMetrics are the metrics that each watched series has, with the labels of its query's result and "watch".
var seriesMetrics = []struct {
	name, help string
	value      func(*Result) float64
}{
	{"gatewatch_anomaly_value", "The series as it was looked at last; of rates, the share.", func(r *Result) float64 { return r.Value }},
	{"gatewatch_anomaly_expected", "What is usual for the series at this time.", func(r *Result) float64 { return r.Expected }},
	{"gatewatch_anomaly_lower", "Below this the series is unusual.", func(r *Result) float64 { return r.Lower }},
	{"gatewatch_anomaly_upper", "Above this the series is unusual.", func(r *Result) float64 { return r.Upper }},
	{"gatewatch_anomaly_score", "How unusual the series is; an anomaly from 1 on.", func(r *Result) float64 { return r.Score }},
	{"gatewatch_anomaly_drift", "How far the series has drifted in hours; a drift from 1 on, downwards from -1 on.", func(r *Result) float64 { return r.Drift }},
	{"gatewatch_anomaly_basis", "What is expected rests on: 0 nothing yet, 1 the last hour, 2 hours of the day, 3 hours of the week.",
		func(r *Result) float64 { return float64(r.Basis) }},
}

// Describe implements prometheus.Collector. The labels are those of queries, so that nothing can be told before.
func (w *Watcher) Describe(chan<- *prometheus.Desc) {}

// watchLabel is the label with the name of the watch. It wins over one of the same name in a query's result.
const watchLabel = "watch"

// Collect implements prometheus.Collector. A series that the last evaluation did not find has no metrics.
func (w *Watcher) Collect(ch chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.series {
		if !s.at.Equal(w.at) || s.result.Basis == NoBasis {
			continue
		}
		labels := maps.Clone(s.labels)
		labels[watchLabel] = s.watch.Name
		names := slices.Sorted(maps.Keys(labels))
		values := make([]string, len(names))
		for i, name := range names {
			values[i] = labels[name]
		}
		for _, m := range seriesMetrics {
			if v := m.value(&s.result); !math.IsNaN(v) {
				ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(m.name, m.help, names, nil), prometheus.GaugeValue, v, values...)
			}
		}
	}
}
