package intents

import (
	"sync"
	"time"

	"gatewatch/event"
)

// Kind is what is wrong with an order.
type Kind string

// What is found. The kinds that are about money twice are the label values of payment_duplicates_total.
const (
	// PaidTwice: two payments of one order were approved, by two providers or under two transaction ids.
	PaidTwice Kind = "paid_twice"
	// SecondTransaction: the provider began a second transaction for an order while the first may still be paid.
	SecondTransaction Kind = "second_transaction"
	// SamePayment: the same customer paid the same amount to the same merchant for two orders within minutes.
	SamePayment Kind = "same_payment"
	// AmountMismatch: the provider confirmed another amount than was asked for.
	AmountMismatch Kind = "amount_mismatch"
	// BadSignature: a callback's signature is wrong, and it is not WeChat Pay's own test.
	BadSignature Kind = "bad_signature"
	// ForbiddenRetry: a card was tried again after a refusal that forbids it.
	ForbiddenRetry Kind = "forbidden_retry"
	// Stuck: the order has had no final state for longer than StuckAfter.
	Stuck Kind = "stuck"
)

// Finding is one order that somebody should look at.
type Finding struct {
	Kind            Kind
	Time            time.Time
	Order, Provider string
	// Transaction is the provider's id in the record that gave the finding, Earlier the one before; "" when unknown.
	Transaction, Earlier string
	// EarlierProvider is the provider of the transaction before; "" when unknown.
	EarlierProvider string
	// Amount is in minor units of Currency, as the record has it; 0 when it does not say.
	Amount   int64
	Currency string
	// Rule is the rule of a card scheme that a forbidden retry breaks, as in payment_forbidden_retries_total; "" otherwise.
	Rule string
}

// maxFindings is how many of the latest findings are kept for the page.
const maxFindings = 200

// findings keeps the latest ones.
type findings struct {
	mu   sync.Mutex
	last []Finding // the oldest first
}

func (f *findings) add(one Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.last) == maxFindings {
		f.last = append(f.last[:0], f.last[1:]...)
	}
	f.last = append(f.last, one)
}

// latest returns the findings, the newest first.
func (f *findings) latest() []Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Finding, 0, len(f.last))
	for i := len(f.last) - 1; i >= 0; i-- {
		all = append(all, f.last[i])
	}
	return all
}

// effects is what follows from an observation. One order's lock is held while they are collected, so they are only noted.
type effects struct {
	intents   []event.Outcome
	callbacks []callbackResult
	retries   []brokenRule
	found     []Finding
	tried     []attempt // each once
	ended     []*held   // orders that are no longer remembered
	evicted   int       // how many of them before their time
}

type callbackResult struct{ provider, result string }

type brokenRule struct{ provider, rule string }

// attempt is an attempt to pay an order, and the transaction and provider of the one before.
type attempt struct {
	*observation
	earlier, earlierProvider string
}

func (e *effects) intent(o event.Outcome) { e.intents = append(e.intents, o) }

func (e *effects) callback(provider, result string) {
	e.callbacks = append(e.callbacks, callbackResult{provider, result})
}

// forbidden notes that an attempt broke a scheme's rule.
func (e *effects) forbidden(rule string, a attempt) {
	e.retries = append(e.retries, brokenRule{a.provider, rule})
	e.find(ForbiddenRetry, &order{Transaction: a.earlier, Provider: a.earlierProvider}, a.observation)
	e.found[len(e.found)-1].Rule = rule
}

func (e *effects) find(kind Kind, o *order, ob *observation) {
	e.found = append(e.found, Finding{
		Kind: kind, Time: time.UnixMilli(ob.at), Order: ob.order, Provider: ob.provider,
		Transaction: ob.transaction, Earlier: o.Transaction, EarlierProvider: o.Provider, Amount: ob.amount, Currency: ob.currency,
	})
}
