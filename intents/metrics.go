package intents

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
)

// metrics are what the tracker counts. The providers' names are bounded by the classifier.
type metrics struct {
	intents     *prometheus.CounterVec
	duplicates  *prometheus.CounterVec
	callbacks   *prometheus.CounterVec
	refunds     *prometheus.CounterVec
	chargebacks *prometheus.CounterVec
	retries     *prometheus.CounterVec
	gotStuck    *prometheus.CounterVec
	aged        *prometheus.CounterVec
	pending     *prometheus.GaugeVec
	oldest      *prometheus.GaugeVec
	stuck       *prometheus.GaugeVec
	stuckAfter  prometheus.Gauge
	knownSince  prometheus.Gauge
	evicted     prometheus.Counter
	evictedCard prometheus.Counter
	unshared    prometheus.Counter
	unsaved     prometheus.Counter

	// waited are the providers that had orders waiting once; owned by the one who sweeps.
	waited map[string]bool
	// met are the providers, and their schemes, whose counters exist.
	met sync.Map
}

func newMetrics(reg prometheus.Registerer) *metrics {
	with := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return with.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return with.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"provider"})
	}
	m := &metrics{
		intents:     counter("payment_intents_total", "Orders by how they ended: retries of one order count once.", "outcome"),
		duplicates:  counter("payment_duplicates_total", "Orders whose money may have moved twice, by how it was seen.", "kind"),
		callbacks:   counter("payment_callbacks_total", "Callbacks of providers by what was made of them.", "provider", "result"),
		refunds:     counter("payment_refunds_total", "Refunds by outcome class.", "provider", "outcome"),
		chargebacks: counter("payment_chargebacks_total", "Disputes and chargebacks that providers told of.", "provider"),
		retries:     counter("payment_forbidden_retries_total", "Cards tried again although the card scheme forbids it, by the rule that was broken; one attempt counts once.", "provider", "rule"),
		gotStuck:    counter("payment_orders_stuck_total", "Orders that had no final state for longer than payments.intents.stuck_after.", "provider"),
		aged: counter("payment_attempts_aged_total",
			"Attempts to pay an order, once they are as old as payments.intents.stuck_after: what payment_orders_stuck_total is a share of.", "provider"),
		pending: gauge("payment_pending_orders", "Orders that have no final state yet."),
		oldest:  gauge("payment_oldest_pending_seconds", "How long the oldest order has had no final state."),
		stuck:   gauge("payment_stuck_orders", "Orders that have had no final state for longer than payments.intents.stuck_after."),
		waited:  map[string]bool{},
		stuckAfter: with.NewGauge(prometheus.GaugeOpts{
			Name: "payment_orders_stuck_after_seconds", Help: "How long an order may have no final state before it is stuck: payments.intents.stuck_after.",
		}),
		knownSince: with.NewGauge(prometheus.GaugeOpts{
			Name: "payment_orders_known_since_timestamp_seconds", Help: "Since when orders are known without a gap, in seconds since 1970: those that began before may be missing.",
		}),
		evicted: with.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_intents_evicted_total", Help: "Orders forgotten before their time because of payments.intents.max_orders.",
		}),
		evictedCard: with.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_intents_cards_evicted_total", Help: "Declined cards forgotten before the schemes forget them because of payments.intents.max_cards.",
		}),
		unsaved: with.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_intents_save_failures_total", Help: "How often orders, findings and declined cards could not be saved.",
		}),
		unshared: with.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_intents_unshared_total", Help: "Records of orders that only this host knows of, because Redis did not take them.",
		}),
	}
	for _, kind := range []Kind{PaidTwice, SecondTransaction, SamePayment} {
		m.duplicates.WithLabelValues(string(kind)) // at zero before the first one
	}
	return m
}

// callbackResults are the label values of payment_callbacks_total.
var callbackResults = [...]string{"ok", "late", "failed", "amount_mismatch", "bad_signature", "signature_test"}

// meet makes the counters of a provider, so that they stand at zero before the first thing to count: a Prometheus that
// finds a new counter at one does not see it rise.
func (m *metrics) meet(provider string) {
	if _, ok := m.met.Load(provider); ok {
		return
	}
	m.met.Store(provider, true)
	for _, result := range callbackResults {
		m.callbacks.WithLabelValues(provider, result)
	}
	m.gotStuck.WithLabelValues(provider)
	m.aged.WithLabelValues(provider)
}

// meetCard makes the counters of a provider's cards of a scheme.
func (m *metrics) meetCard(provider string, s scheme) {
	if _, ok := m.met.Load(provider + " " + string(s)); ok {
		return
	}
	m.met.Store(provider+" "+string(s), true)
	for _, rule := range schemeRules[s] {
		m.retries.WithLabelValues(provider, rule)
	}
}

// count counts what is in e.
func (m *metrics) count(e *effects) {
	m.evicted.Add(float64(e.evicted))
	for _, o := range e.intents {
		m.intents.WithLabelValues(o.String()).Inc()
	}
	for _, c := range e.callbacks {
		m.callbacks.WithLabelValues(c.provider, c.result).Inc()
	}
	for _, broken := range e.retries {
		m.retries.WithLabelValues(broken.provider, broken.rule).Inc()
	}
	for i := range e.found {
		switch kind := e.found[i].Kind; kind {
		case PaidTwice, SecondTransaction, SamePayment:
			m.duplicates.WithLabelValues(string(kind)).Inc()
		case Stuck:
			m.gotStuck.WithLabelValues(e.found[i].Provider).Inc()
		}
	}
}

// other counts what needs no order.
func (m *metrics) other(p *event.Payment) {
	switch {
	case p.Provider == "":
	case p.Operation == "refund" && p.Outcome != event.OutcomeNone:
		m.refunds.WithLabelValues(p.Provider, p.Outcome.String()).Inc()
	case p.Operation == "chargeback":
		m.chargebacks.WithLabelValues(p.Provider).Inc()
	}
}

// wait sets what waits for each provider at the moment; nothing for those that have not had it for a while.
func (m *metrics) wait(by map[string]*waiting, now time.Time) {
	for provider := range by {
		m.waited[provider] = true
	}
	for provider := range m.waited {
		w := by[provider]
		if w == nil {
			w = &waiting{oldest: now}
		}
		m.pending.WithLabelValues(provider).Set(float64(w.orders))
		m.oldest.WithLabelValues(provider).Set(now.Sub(w.oldest).Seconds())
		m.stuck.WithLabelValues(provider).Set(float64(w.stuck))
	}
}
