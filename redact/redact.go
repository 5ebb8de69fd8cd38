// Package redact takes card data and secrets out of log records. It works on the raw bytes of a whole record, before
// anything else sees them, so it needs to know no format: JSON, query strings, form bodies, XML, JSON inside JSON
// strings and plain text in any language are all text with numbers and key words in it.
//
// Two things are looked for: numbers that are card numbers by their issuer's range, length and check digit, wherever
// they stand; and values beside a name that says what they are ("cvv", "password", 卡号), whatever they look like.
// PCI DSS allows the first six and last four digits of a card number; everything else is replaced.
package redact

import (
	"bytes"

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
	kindCount
)

var kindNames = [kindCount]string{
	"", "pan", "pan", "cvv", "track", "pin", "secret", "secret", "secret", "identity",
}

// Redactor takes card data and secrets out of records. Safe for concurrent use.
type Redactor struct {
	keys     keyTable
	maestro  bool
	identity bool
	counters [kindCount]prometheus.Counter
}

// New returns a Redactor that counts what it takes out in gatewatch_redacted_total{kind}.
func New(cfg Config, reg prometheus.Registerer) *Redactor {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_redacted_total",
		Help: "Values taken out of log records before anything else saw them, by kind.",
	}, []string{"kind"})
	reg.MustRegister(total)
	r := &Redactor{keys: newKeyTable(cfg.Keys), maestro: cfg.Maestro, identity: cfg.IdentityNumbers}
	for k := pan; k < kindCount; k++ {
		r.counters[k] = total.WithLabelValues(kindNames[k])
	}
	return r
}

// Redact returns the record without card data or secrets. It returns record itself, untouched, when it holds none;
// otherwise the clean text, appended to dst[:0], which must not overlap record. A record that is a JSON object or array
// stays one, the number of line breaks stays the same, and redacting the result changes nothing.
func (r *Redactor) Redact(dst, record []byte) []byte {
	s := scan{r: r, in: record, out: dst[:0]}
	if bytes.Contains(record, privateKey) {
		s.in, s.changes = r.withoutPrivateKeys(record)
	}
	s.run()
	if s.changes == 0 {
		return record
	}
	return append(s.out, s.in[s.done:]...)
}

// scan is the work on one record.
type scan struct {
	r       *Redactor
	in      []byte
	out     []byte
	done    int // in[:done] is in out, redacted
	changes int
	// fresh is where a word begins although a letter or a digit stands before it: after an escape such as %20 or \n,
	// or after the stars of a masked number.
	fresh int
	json  jsonState
}

// The classes of bytes that the scan stops at.
const (
	other = iota
	digit
	separator // : or =
	tagEnd    // >
	percent   // %20 and the like
	backslash // \" \n \u0022 \x22
	wideLead  // first byte of ： and of full-width digits
)

var classes = [256]uint8{
	'0': digit, '1': digit, '2': digit, '3': digit, '4': digit, '5': digit, '6': digit, '7': digit, '8': digit, '9': digit,
	':': separator, '=': separator, '>': tagEnd, '%': percent, '\\': backslash, 0xEF: wideLead,
}

// run goes over the record once. All but a few bytes of a usual line are passed over by the table alone; what follows a
// stop looks at a bounded distance around it, except for values that are taken out, which are passed over as well.
func (s *scan) run() {
	in := s.in
	for i := 0; i < len(in); {
		switch classes[in[i]] {
		case other:
			i++
		case digit:
			start := i
			for i++; i < len(in) && classes[in[i]] == digit; i++ {
			}
			if n := i - start; n >= minCard || n == 4 && i+4 < len(in) && classes[in[i+4]] == digit {
				i = s.card(start, i)
			}
		case separator:
			if s.r.keys.mayEnd(in, i) || i+1 < len(in) && in[i+1] == '/' {
				i = s.keyed(i, i+1)
			} else {
				i++
			}
		case tagEnd:
			if s.r.keys.mayEnd(in, i) {
				i = s.tagged(i, i+1)
			} else {
				i++
			}
		case percent:
			i = s.percent(i)
		case backslash:
			i = s.escape(i)
		case wideLead:
			i = s.wide(i)
		}
	}
}

// replace puts stars in the place of in[from:to], between two quotes when the value needs them, and keeps the line
// breaks that were there.
func (s *scan) replace(k kind, from, to int, quote []byte) {
	s.out = append(s.out, s.in[s.done:from]...)
	s.out = append(s.out, quote...)
	s.out = append(s.out, stars...)
	if len(quote) == 0 {
		s.out = appendBreaks(s.out, s.in[from:to])
	}
	s.out = append(s.out, quote...)
	if len(quote) > 0 {
		s.out = appendBreaks(s.out, s.in[from:to])
	}
	s.done = to
	s.count(k)
}

func (s *scan) count(k kind) {
	s.changes++
	s.r.counters[k].Inc()
}

func appendBreaks(dst, text []byte) []byte {
	for range bytes.Count(text, newline) {
		dst = append(dst, '\n')
	}
	return dst
}

var (
	stars   = []byte("***")
	newline = []byte("\n")
)
