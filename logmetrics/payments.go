package logmetrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
)

// attemptBuckets reach far beyond the usual defaults, because the time-outs of providers' SDKs lie between 30 and
// 80 s.
var attemptBuckets = []float64{.05, .1, .25, .5, 1, 1.5, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 80}

// outcomes is the number of outcome classes, and therefore of counters in each set of them.
const outcomes = int(event.Unclassed) + 1

// maxOperations bounds the operations of one provider; the classifier itself knows seven.
const maxOperations = 12

// provider counts the payment attempts at one provider.
type provider struct {
	methods    *bounded[counters]
	codes      *bounded[code]
	currencies *bounded[money]
	operations *bounded[prometheus.Observer]
	// technicalPayers counts those who fail for technical reasons, each once in minutes.
	technicalPayers prometheus.Counter
}

// code counts the attempts that end with one code.
type code struct {
	byOutcome *counters
	// payers counts those who fail with it, each once in minutes.
	payers prometheus.Counter
}

// money sums the amounts in one currency.
type money struct {
	byOutcome *counters
	// unit is one minor unit in major units: 0.01 for CNY.
	unit float64
}

func newProviders(reg prometheus.Registerer, limits Limits, overflow *prometheus.CounterVec) *bounded[provider] {
	failing := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "payment_code_payers_total", Help: "Attempts that failed with a code, of which one customer, card or order counts once in five minutes.",
	}, []string{"provider", "code"})
	technicalPayers := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "payment_technical_payers_total",
		Help: "Attempts that failed for technical reasons, of which one customer, card or order counts once in five minutes.",
	}, []string{"provider"})
	attempts := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "payment_attempts_total", Help: "Payment attempts by outcome class.",
	}, []string{"provider", "method", "outcome"})
	codes := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "payment_codes_total", Help: "Payment attempts by the provider's result code that decided the outcome.",
	}, []string{"provider", "code", "outcome"})
	amounts := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "payment_amount_total",
		Help: "Amounts of payments in major units of the currency (12.5 is CNY 12.50); captures, refunds and voids do not add.",
	}, []string{"provider", "currency", "outcome"})
	durations := promauto.With(reg).NewHistogramVec(
		histogramOpts("payment_attempt_duration_seconds", "How long payment attempts took.", attemptBuckets),
		[]string{"provider", "operation"})

	over := overflow.WithLabelValues
	// Made at the start, so that the counters are there, at zero, before the first overflow.
	overMethod, overCode, overCurrency, overOperation := over("method"), over("code"), over("currency"), over("operation")
	return newBounded(limits.Providers, over("provider"), func(name string) *provider {
		return &provider{
			methods: newBounded(limits.Methods, overMethod, func(method string) *counters {
				return byOutcome(attempts, name, method)
			}),
			codes: newBounded(limits.Codes, overCode, func(value string) *code {
				return &code{byOutcome(codes, name, value), failing.WithLabelValues(name, value)}
			}),
			currencies: newBounded(limits.Currencies, overCurrency, func(currency string) *money {
				return &money{byOutcome(amounts, name, currency), minorUnit(currency)}
			}),
			operations: newBounded(maxOperations, overOperation, func(operation string) *prometheus.Observer {
				o := durations.WithLabelValues(name, operation)
				return &o
			}),
			technicalPayers: technicalPayers.WithLabelValues(name),
		}
	})
}

// byOutcome returns the counters of vec with the two labels and each outcome.
func byOutcome(vec *prometheus.CounterVec, first, second string) *counters {
	return newCounters(outcomes, func(i int) prometheus.Counter {
		return vec.WithLabelValues(first, second, event.Outcome(i).String())
	})
}

// fails tells the outcomes of payments that were not made.
func fails(o event.Outcome) bool {
	return o != event.Approved && o != event.Pending
}

func (p *provider) observe(ev *event.Event, known *payers) {
	pay := &ev.Payment
	outcome := int(pay.Outcome)
	p.methods.get(pay.Method).at(outcome).Inc()
	if pay.Code != "" {
		c := p.codes.get(pay.Code)
		c.byOutcome.at(outcome).Inc()
		if fails(pay.Outcome) && known.fresh(ev, failure{code: pay.Code}) {
			c.payers.Inc()
		}
	}
	if pay.Outcome.Technical() && known.fresh(ev, failure{technical: true}) {
		p.technicalPayers.Inc()
	}
	if ev.Duration >= 0 {
		(*p.operations.get(pay.Operation)).Observe(ev.Duration.Seconds())
	}
	if pay.HasAmount && pay.Amount > 0 && isPayment(pay.Operation) {
		m := p.currencies.get(pay.Currency)
		m.byOutcome.at(outcome).Add(float64(pay.Amount) * m.unit)
	}
}

// isPayment tells the operations that ask for new money: a capture takes what was authorized, and is not counted
// again.
func isPayment(operation string) bool { return operation == "authorize" || operation == "" }

// minorUnit returns one minor unit of the currency in major units, by ISO 4217. Two digits are usual.
func minorUnit(currency string) float64 {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 1
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 0.001
	}
	return 0.01
}
