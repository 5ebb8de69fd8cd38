// Package event defines what one log record is inside Gatewatch: the text it had, the facts found in it, and the
// flat ECS document it becomes in the journal and in Elasticsearch. It knows no format and no provider.
package event

import "time"

// Event is one record of a followed file on its way through the pipeline: frame, redact, parse, name, classify,
// append to the journal. An Event is reused for the next record, and its byte slices point into buffers of the batch
// it came with: whoever keeps something copies it.
type Event struct {
	// Source is the file the record came from. Never nil in the pipeline.
	Source *Source
	// Offset is the byte offset, in Source, of the record's first byte.
	Offset int64
	// Time is when the log says the record was written, or when it was read if the log does not say.
	Time time.Time
	// Raw is the whole redacted record without its final line break. Records of several lines keep the inner ones.
	Raw []byte
	// Fields is what the format found in Raw, in the order of the record.
	Fields []Field
	// Layout is the same for records whose Fields have the same names in the same order, none of them derived. Nil when
	// the format does not know.
	Layout *Layout
	// Plain says that no fact and none of the Fields' names and texts has a byte that JSON strings escape or that is not
	// ASCII. False when the format does not know; who adds another text says so.
	Plain bool
	// Malformed says why the record does not follow its format; empty when it does. Such a record keeps its Raw text
	// as message.
	Malformed string

	// Duration is how long the request or the provider call took; negative when the record does not say.
	Duration time.Duration
	// Status is the HTTP status code; 0 when the record has none.
	Status int
	// Payment is what the record says about a payment.
	Payment Payment
	// Stated says that the status is not the log's word but what the configuration says it means: the name of an outcome
	// class, "failed" or "none".
	Stated bool

	// facts holds those in set; the others are of records before.
	facts [keyCount][]byte
	set   keySet
	// stamp is how the last document's second was written.
	stamp stamp
}

// Payment is what a record says about a payment, in canonical names. All strings are interned: keeping them is safe.
type Payment struct {
	// Provider is the canonical provider name ("alipay", "wechatpay", "visa" …) or "" when none was recognised.
	Provider string
	// Method is the payment method in lower case ("card", "wallet", "qr" …), or "".
	Method string
	// Operation is what was attempted: "authorize" (also plain payments), "capture", "refund", "void", "query",
	// "callback", "payout", "chargeback" (a first one), "dispute" (what comes after it), "fraud_report", or "" when unknown.
	Operation string
	// Outcome classes the attempt. OutcomeNone means that the record is not the result of an attempt.
	Outcome Outcome
	// Code is the provider's result code that decided Outcome, in the table's spelling; "" when none did.
	Code string
	// Currency is the upper-case ISO 4217 code, or "".
	Currency string
	// Amount is in minor units of Currency; meaningful when HasAmount is true.
	Amount    int64
	HasAmount bool
}

// Attempt tells whether the record is the result of a payment attempt, which payment_attempts_total counts:
// provider and outcome are known and the operation is not a query, a callback or about a dispute.
func (p *Payment) Attempt() bool {
	switch p.Operation {
	case "query", "callback", "chargeback", "dispute", "fraud_report":
		return false
	}
	return p.Provider != "" && p.Outcome != OutcomeNone
}

// Reset makes e ready for the next record and keeps its buffers.
func (e *Event) Reset() {
	e.set = 0
	e.Source, e.Offset, e.Time, e.Raw = nil, 0, time.Time{}, nil
	e.Fields, e.Layout, e.Plain, e.Malformed = e.Fields[:0], nil, false, ""
	e.Duration, e.Status, e.Payment, e.Stated = -1, 0, Payment{}, false
}

// Fact returns what the record says about k as text, or nil. Escaped JSON text is already decoded.
func (e *Event) Fact(k Key) []byte {
	if e.set.has(k) {
		return e.facts[k]
	}
	return nil
}

// SetFact records what the record says about k; nil for nothing.
func (e *Event) SetFact(k Key, value []byte) {
	e.facts[k] = value
	e.set &^= only(k)
	if value != nil {
		e.set |= only(k)
	}
}

// Layout stands for the names of the fields of a record. Two are the same when their addresses are.
type Layout struct{ _ byte }

// Field is one name and value that a format found in a record.
type Field struct {
	// Key is what the field means, when the format itself knows it (the status of an nginx line). None leaves it to
	// the field's name. Several fields may be CustomerKey: none of them is written to the document.
	Key Key
	// Name is the name as the log writes it. Members of nested objects have dotted names.
	Name []byte
	// Value is the text of the value. For Kind String with Escaped it still holds JSON escapes; for Object and Array
	// it is their JSON text.
	Value []byte
	Kind  Kind
	// Escaped says that Value holds JSON escapes.
	Escaped bool
	// ECS says that Name is a field of the Elastic Common Schema that is not one of the facts (process.pid): it stands
	// in the document under that name and not under "fields".
	ECS bool
	// Derived marks a field that is also inside another one (a member of a nested object, a key=value pair in the
	// message): it serves to find facts and is not written to the document again.
	Derived bool
}

// Kind is the JSON type of a field's value.
type Kind uint8

// The kinds of values. Text formats only give String and Number.
const (
	String Kind = iota
	Number
	Bool
	Null
	Object
	Array
)
