package logmetrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
)

// levels are the normalised log levels; the first stands for records without one.
var levels = [...]string{unknownValue, "trace", "debug", "info", "warn", "error", "fatal"}

// dataset counts the records of one kind of log.
type dataset struct {
	byLevel   *counters
	malformed prometheus.Counter
}

func newDatasets(reg prometheus.Registerer, overflow *prometheus.CounterVec) *bounded[dataset] {
	records := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "log_records_total", Help: "Records read from logs.",
	}, []string{"dataset", "level"})
	malformed := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "log_malformed_total", Help: "Records that do not follow their format; their text is kept.",
	}, []string{"dataset"})
	return newBounded(maxDatasets, overflow.WithLabelValues("dataset"), func(label string) *dataset {
		return &dataset{
			byLevel: newCounters(len(levels), func(i int) prometheus.Counter {
				return records.WithLabelValues(label, levels[i])
			}),
			malformed: malformed.WithLabelValues(label),
		}
	})
}

func (d *dataset) observe(ev *event.Event) {
	d.byLevel.at(levelIndex(ev.Fact(event.Level))).Inc()
	if ev.Malformed != "" {
		d.malformed.Inc()
	}
}

func levelIndex(level []byte) int {
	for i := 1; i < len(levels); i++ {
		if string(level) == levels[i] {
			return i
		}
	}
	return 0
}
