package series

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Reasons for samples that were not stored.
const (
	reasonLimit      = "limit"
	reasonOutOfOrder = "out_of_order"
	reasonStorage    = "storage"
)

type metrics struct {
	samples      prometheus.Counter
	dropped      *prometheus.CounterVec
	gatherErrors prometheus.Counter
	active       prometheus.Gauge
	duration     prometheus.Gauge
	inMemory     prometheus.Gauge
	setAside     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	m := &metrics{
		samples: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_series_samples_total", Help: "Samples stored in the embedded metrics store.",
		}),
		dropped: f.NewCounterVec(prometheus.CounterOpts{
			Name: "gatewatch_series_dropped_total",
			Help: "Samples not stored: over max_series, older than what is there (clock), or refused by the storage.",
		}, []string{"reason"}),
		gatherErrors: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_series_gather_errors_total", Help: "Samplings in which a collector failed or disagreed with another.",
		}),
		active: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_series_active", Help: "Series in the last sample.",
		}),
		duration: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_series_sample_duration_seconds", Help: "How long the last gathering and storing took.",
		}),
		inMemory: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_series_in_memory", Help: "1 while samples are kept in memory because the disk is full.",
		}),
		setAside: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_series_set_aside_total", Help: "Times that a damaged store, or one from the future, was set aside.",
		}),
	}
	for _, reason := range []string{reasonLimit, reasonOutOfOrder, reasonStorage} {
		m.dropped.WithLabelValues(reason)
	}
	return m
}
