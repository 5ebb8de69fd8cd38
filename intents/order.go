package intents

import (
	"time"

	"gatewatch/event"
)

// order is what is remembered of one order. It is stored as JSON where hosts share it.
type order struct {
	// ID is the order's number as the gateway writes it.
	ID string `json:"id"`
	// Provider of the latest attempt.
	Provider string `json:"p,omitempty"`
	// First and Last are when the log says that the first and latest attempt were, in milliseconds since 1970.
	First int64 `json:"f"`
	Last  int64 `json:"l"`
	// Outcome of the latest attempt, or of what a query or callback said of it later.
	Outcome event.Outcome `json:"o,omitempty"`
	// Transaction is the provider's id of the latest attempt that had one, and Attempt its number in the log.
	Transaction string `json:"t,omitempty"`
	Attempt     string `json:"n,omitempty"`
	// Amount in minor units of Currency; 0 when unknown.
	Amount   int64  `json:"a,omitempty"`
	Currency string `json:"c,omitempty"`
	// Guessed says that the record named no currency.
	Guessed bool `json:"g,omitempty"`
	// Counted says that the order is in payment_intents_total.
	Counted bool `json:"d,omitempty"`
	// Paid says that an attempt was approved; PaidBy and PaidAs are its provider and transaction. PaidTwice says that
	// another payment was found, and told of.
	Paid   bool   `json:"y,omitempty"`
	PaidBy string `json:"b,omitempty"`
	PaidAs string `json:"x,omitempty"`

	PaidTwice bool `json:"w,omitempty"`
}

// open tells whether the order may still be paid by what was sent already.
func (o *order) open() bool {
	return !o.Paid && (o.Outcome == event.Pending || o.Outcome == event.UnknownOutcome)
}

// apply takes one observation of the order in and reports what follows from it.
func (o *order) apply(ob *observation, limits *Config, out *effects) {
	if o.ID == "" {
		o.ID, o.First = ob.order, ob.at
	}
	switch ob.operation {
	case "", "authorize":
		o.attempt(ob, out)
	case "void":
		if ob.outcome == event.Approved && o.open() {
			o.Outcome = event.Customer
		}
	case "query":
		o.learn(ob, out)
	case "callback":
		o.callback(ob, limits, out)
	}
}

// attempt is an attempt to pay the order.
func (o *order) attempt(ob *observation, out *effects) {
	if ob.outcome == event.OutcomeNone {
		return
	}
	if o.again(ob) {
		return
	}
	out.tried = append(out.tried, attempt{ob, o.Transaction, o.Provider})
	switch {
	case o.Paid && ob.outcome == event.Approved && o.anotherPayment(ob):
		o.twice(ob, out)
	case o.open() && ob.provider == o.Provider && differ(o.Transaction, ob.transaction):
		out.find(SecondTransaction, o, ob)
	}
	o.Provider, o.Last, o.Attempt = ob.provider, ob.at, ob.attempt
	if ob.transaction != "" {
		o.Transaction = ob.transaction
	}
	if ob.hasAmount {
		o.Amount, o.Currency, o.Guessed = ob.amount, ob.currency, ob.guessed
	}
	o.decide(ob, out)
}

// again tells whether the record is another one of the latest attempt: gateways log an attempt in several places.
func (o *order) again(ob *observation) bool {
	if o.Last == 0 || ob.provider != o.Provider || ob.outcome != o.Outcome || differ(o.Attempt, ob.attempt) {
		return false
	}
	if differ(o.Transaction, ob.transaction) {
		return false
	}
	if o.Transaction != "" && o.Transaction == ob.transaction || o.Attempt != "" && o.Attempt == ob.attempt {
		return true
	}
	const samePlace = int64(time.Second / time.Millisecond)
	return ob.at-o.Last < samePlace && o.Last-ob.at < samePlace
}

// anotherPayment tells whether an approval surely is not the one that is known: two records of one payment are usual.
func (o *order) anotherPayment(ob *observation) bool {
	return ob.provider != o.PaidBy || differ(o.PaidAs, ob.transaction)
}

// differ tells whether both are known and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// decide notes the outcome of the latest attempt.
func (o *order) decide(ob *observation, out *effects) {
	if !o.Paid {
		o.Outcome = ob.outcome
	}
	if ob.outcome != event.Approved || o.Paid {
		return
	}
	o.Paid, o.PaidBy, o.PaidAs = true, ob.provider, ob.transaction
	if !o.Counted {
		o.Counted = true
		out.intent(event.Approved)
	}
}

// twice reports, once, that two payments of the order were approved.
func (o *order) twice(ob *observation, out *effects) {
	if !o.PaidTwice {
		o.PaidTwice = true
		out.find(PaidTwice, &order{Transaction: o.PaidAs, Provider: o.PaidBy}, ob)
	}
}

// learn takes in what the provider says of the order when it is asked, or of its own accord. That the question failed
// says nothing. A payment that was given up and made elsewhere may turn out to be approved after all; one provider may
// have several ids for one payment.
func (o *order) learn(ob *observation, out *effects) {
	if o.Last == 0 || !settles(ob.outcome) || ob.provider != o.Provider && ob.outcome != event.Approved {
		return // a provider that was given up has closed the order; another one may still be paid
	}
	if o.Paid && ob.outcome == event.Approved && ob.provider != o.PaidBy {
		o.twice(ob, out)
	}
	o.decide(ob, out)
}

// callback takes in what the provider says of its own accord.
func (o *order) callback(ob *observation, limits *Config, out *effects) {
	known := o.Last != 0
	switch {
	case ob.signature == signatureTest:
		out.callback(ob.provider, "signature_test")
	case ob.signature == signatureBad:
		out.callback(ob.provider, "bad_signature")
		out.find(BadSignature, o, ob)
	case !settles(ob.outcome) && ob.outcome != event.Pending && ob.outcome != event.OutcomeNone:
		out.callback(ob.provider, "failed")
	case known && o.mismatch(ob):
		out.callback(ob.provider, "amount_mismatch")
		out.find(AmountMismatch, o, ob)
	case known && o.open() && time.Duration(ob.at-o.Last)*time.Millisecond > time.Duration(limits.CallbackLate):
		out.callback(ob.provider, "late")
		o.learn(ob, out)
	default:
		out.callback(ob.provider, "ok")
		o.learn(ob, out)
	}
}

// mismatch tells whether a payment is confirmed with another amount than was asked for. Where only one of the records
// names the currency, two amounts in what look like two currencies cannot be compared.
func (o *order) mismatch(ob *observation) bool {
	if ob.outcome != event.Approved || !ob.hasAmount || o.Currency == "" {
		return false
	}
	if ob.currency != o.Currency {
		return !ob.guessed && !o.Guessed
	}
	return ob.amount != o.Amount
}

// settles tells the outcomes that end an attempt for good.
func settles(o event.Outcome) bool {
	switch o {
	case event.Approved, event.Customer, event.IssuerPolicy, event.Fraud, event.Data:
		return true
	}
	return false
}
