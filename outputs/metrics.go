package outputs

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the output's own. All have the label output="elasticsearch".
type metrics struct {
	sent               prometheus.Counter
	conflicts          prometheus.Counter
	mended             prometheus.Counter
	retries            prometheus.Counter
	requests           *prometheus.CounterVec
	deadLetters        *prometheus.CounterVec
	deadLettersDropped prometheus.Counter
	// oldest is when the oldest undelivered block was taken from the feed, in Unix nanoseconds; 0 when there is none.
	oldest atomic.Int64
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "gatewatch_output_" + name, Help: help})
	}
	vector := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatewatch_output_" + name, Help: help}, []string{label})
	}
	m := &metrics{
		sent:               counter("sent_records_total", "Records that the output's destination accepted."),
		conflicts:          counter("known_records_total", "Records that the destination had already, after a repeated delivery."),
		mended:             counter("mended_records_total", "Records whose unknown fields were sent as text, because the destination could not read them."),
		retries:            counter("retries_total", "Records that were not accepted at an attempt and are tried again."),
		requests:           vector("requests_total", "Requests by HTTP status code; error when there was no answer.", "code"),
		deadLetters:        vector("dead_letters_total", "Records that the destination will never accept.", "reason"),
		deadLettersDropped: counter("dead_letters_dropped_total", "Dead letters that were not kept because the dead-letter file is full."),
	}
	for _, reason := range []string{"mapping", "invalid", tooLarge, "other"} {
		m.deadLetters.WithLabelValues(reason)
	}
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatewatch_output_lag_seconds",
		Help: "How long the oldest undelivered records have been under way; 0 when all are delivered.",
	}, m.lag)
	prometheus.WrapRegistererWith(prometheus.Labels{"output": "elasticsearch"}, reg).MustRegister(
		m.sent, m.conflicts, m.mended, m.retries, m.requests, m.deadLetters, m.deadLettersDropped, lag,
	)
	return m
}

// delivered counts a record by the status of its item.
func (m *metrics) delivered(status int) {
	if status == http.StatusConflict {
		m.conflicts.Inc()
		return
	}
	m.sent.Inc()
}

func (m *metrics) lag() float64 {
	oldest := m.oldest.Load()
	if oldest == 0 {
		return 0
	}
	return time.Since(time.Unix(0, oldest)).Seconds()
}
