// Package redact takes card data and secrets out of log records. It works on the raw bytes of a whole record, before
// anything else sees them, so it needs to know no format: JSON, query strings, form bodies, XML, JSON inside JSON
// strings and plain text in any language are all text with numbers and key words in it.
//
// Two things are looked for: numbers that are card numbers by their issuer's range, length and check digit, wherever
// they stand; and values beside a name that says what they are ("cvv", "password", 卡号), whatever they look like.
// PCI DSS allows the first six and last four digits of a card number; everything else is replaced.
package redact

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// kind is what was taken out: the label of the metric.
type kind uint8

const (
	none kind = iota
	pan
	account // a number that may be a card's; counts as pan
	cvv
	track
	pin
	secret
	authorization // a secret of two words; counts as secret
	cookie        // a secret to the end of the line; counts as secret
	identity
	phone
	email
	customer
	kindCount
)

var kindNames = [kindCount]string{
	"", "pan", "pan", "cvv", "track", "pin", "secret", "secret", "secret", "identity", "phone", "email", "customer",
}

func (k kind) isCardData() bool { return k >= pan && k <= pin }

// Redactor takes card data and secrets out of records. Safe for concurrent use.
type Redactor struct {
	cfg      Config
	keys     keyTable
	customer Customers
	maestro  bool
	identity bool
	phones   bool
	more     uint   // how many digits more than eight a run has that is looked at
	firsts   uint16 // a bit for each digit that such a run may begin with
	counters [kindCount]prometheus.Counter
}

// New returns a Redactor that counts what it takes out in gatewatch_redacted_total{kind}.
func New(cfg Config, reg prometheus.Registerer) *Redactor {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_redacted_total",
		Help: "Values taken out of log records before anything else saw them, by kind.",
	}, []string{"kind"})
	reg.MustRegister(total)
	r := &Redactor{cfg: cfg, keys: newKeyTable(cfg, Customers{}), maestro: cfg.Maestro, identity: cfg.IdentityNumbers, phones: cfg.PhoneNumbers, more: minCard - 8}
	for _, issuer := range slices.Concat(issuers[:], maestro[:]) {
		for first := issuer.low / 1000; first <= issuer.high/1000; first++ {
			r.firsts |= 1 << first
		}
	}
	if r.phones {
		r.more = mobileDigits - 8
	}
	if r.phones || r.identity {
		r.firsts = 1<<10 - 1
	}
	for k := pan; k < kindCount; k++ {
		r.counters[k] = total.WithLabelValues(kindNames[k])
	}
	return r
}

// Redact returns the record without card data or secrets. It returns record itself, untouched, when it holds none;
// otherwise the clean text, appended to dst[:0], which must not overlap record. A record that is a JSON object or array
// stays one, the number of line breaks stays the same, and redacting the result changes nothing.
func (r *Redactor) Redact(dst, record []byte) []byte {
	clean, _ := r.RedactCounting(dst, record)
	return clean
}

// RedactCounting is Redact. It also tells how many values were card data: card numbers, security codes, tracks, PINs.
func (r *Redactor) RedactCounting(dst, record []byte) (clean []byte, cardData int) {
	s := scan{r: r, in: record, out: dst[:0]}
	clean = s.clean()
	return clean, s.cardData
}
