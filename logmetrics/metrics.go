// Package logmetrics turns what the logs say into metrics: payment attempts by provider and outcome, their latency,
// amounts and codes, requests of the access log, and records by level. Every label value comes from a closed set or
// is bounded, so no log can make the number of series grow without end.
package logmetrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
)

// Limits bounds the label values that come from logs. What comes after a bound is reached counts under "other", and
// in gatewatch_label_overflow_total. A zero field means the default.
type Limits struct {
	// Providers is the number of payment providers; default 50.
	Providers int
	// Methods is the number of payment methods of one provider; default 30.
	Methods int
	// Codes is the number of result codes of one provider; default 50.
	Codes int
	// Currencies is the number of currencies of one provider; default 50.
	Currencies int
	// Services is the number of services in access logs; default 50.
	Services int
	// APIEnds are the versions of providers' APIs whose end is known.
	APIEnds []APIEnd
}

// withDefaults returns l with the defaults in the place of zeros.
func (l Limits) withDefaults() Limits {
	for limit, otherwise := range map[*int]int{
		&l.Providers: 50, &l.Methods: 30, &l.Codes: 50, &l.Currencies: 50, &l.Services: 50,
	} {
		if *limit <= 0 {
			*limit = otherwise
		}
	}
	return l
}

// maxDatasets bounds the kinds of logs; Gatewatch itself has two.
const maxDatasets = 10

// Metrics counts the records of logs.
type Metrics struct {
	datasets  *bounded[dataset]
	providers *bounded[provider]
	services  *bounded[service]
	upstreams *bounded[upstream]
	unclassed unclassed
	logins    *logins
	payers    *payers
	apis      *bounded[api]
}

// New returns Metrics that are registered with reg.
func New(reg prometheus.Registerer, limits Limits) *Metrics {
	limits = limits.withDefaults()
	overflow := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_label_overflow_total",
		Help: `Values counted under "other" because the label has too many values.`,
	}, []string{"label"})
	return &Metrics{
		datasets:  newDatasets(reg, overflow),
		providers: newProviders(reg, limits, overflow),
		services:  newServices(reg, limits, overflow),
		upstreams: newUpstreams(reg, overflow),
		payers:    newPayers(overflow.WithLabelValues("payer")),
		apis:      newAPIs(reg, limits, overflow),
		unclassed: unclassed{evicted: overflow.WithLabelValues("unclassed"), codes: map[unclassedKey]*UnclassedCode{}},
		logins:    newLogins(reg, overflow),
	}
}

// Observe counts one record. It is called once for each event of the journal, keeps nothing of it but a sample of codes
// without a class, allocates nothing for values seen before, and is safe for concurrent use.
func (m *Metrics) Observe(ev *event.Event) {
	m.datasets.get(ev.Source.Dataset).observe(ev)
	if ev.Malformed != "" {
		return
	}
	switch ev.Source.Dataset {
	case "system":
		m.logins.observe(ev)
	case "access":
		m.service(ev).observe(ev)
	}
	// Access logs in JSON have it, too; an error log names a peer and has no status.
	if ev.Status != 0 {
		m.observeUpstream(ev)
	}
	if ev.Payment.Provider != "" {
		m.observeAPI(ev)
	}
	if ev.Payment.Outcome == event.Unclassed {
		m.unclassed.observe(ev)
	}
	if ev.Payment.Attempt() {
		m.providers.get(ev.Payment.Provider).observe(ev, m.payers)
	}
}

// histogramOpts has classic buckets for every Prometheus, and a native histogram (buckets 10 % apart) for those
// that can.
func histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}
