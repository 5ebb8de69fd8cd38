package facts

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/internal/invalid"
	"gatewatch/internal/values"
)

// Names knows which field names mean which fact. It is safe for concurrent use.
type Names struct {
	table *lookup
	loc   *time.Location
	// overridden tells that the user named fields.
	overridden bool
	// now is the clock that tells the year of stamps without one.
	now func() time.Time
	// memos holds a memo for each processor, so that they need no lock.
	memos sync.Pool
}

// place says where a field stands; of two fields with the same name the one in the earlier place wins.
type place uint8

const (
	// atTop: a member of the record itself.
	atTop place = iota
	// atPath: a nested member whose object the dictionary names too.
	atPath
	// inText: a pair in the message.
	inText
	inEnvelope
	inNested
	places
)

// MaxAlternatives is how many fields the user may name for one fact.
const MaxAlternatives = 8

// The ranks of the fields that name a fact, to which their place is added: what the user configured, in his order, then
// what the format itself fixes, then the dictionary's names in their order.
const (
	rankOverride = 1
	rankFormat   = rankOverride + MaxAlternatives*uint16(places)
	rankFirst    = rankFormat + uint16(places)
)

// NewNames returns the usual names of English and Chinese gateways with overrides before them: from a fact's name
// ("provider", "log.level") to the name of the field that holds it ("channel_code", "extra.connector"), or to several
// with commas between, of which the first that a record has counts. An overridden name means nothing else any more. Names are the same in all usual spellings: out_trade_no, outTradeNo, OUT-TRADE-NO.
// Time stamps without a zone are in loc, nil for the host's zone. The error is invalid.Mistakes with a mistake for
// each fact that is not known.
func NewNames(overrides map[string]string, loc *time.Location) (*Names, error) {
	d := builder{map[string]*entry{}, map[string]bool{}, map[event.Key]uint16{}}
	var mistakes invalid.Mistakes
	for _, fact := range slices.Sorted(maps.Keys(overrides)) {
		k, ok := event.ParseKey(fact)
		names := strings.Split(overrides[fact], ",")
		switch {
		case !ok:
			mistakes.Add(fact, "is not a known fact (known: %s)", knownFacts())
		case len(names) > MaxAlternatives:
			mistakes.Add(fact, "names %d fields; %d are the most", len(names), MaxAlternatives)
		default:
			for i, name := range names {
				if name = strings.TrimSpace(name); name == "" {
					mistakes.Add(fact, "needs the name of a field, or several with commas between")
					break
				}
				d.override(k, name, uint16(i))
			}
		}
	}
	if err := mistakes.Err(); err != nil {
		return nil, err
	}
	d.addDictionary()
	if loc == nil {
		loc = time.Local
	}
	return &Names{
		table: newLookup(d.entries), loc: loc, overridden: len(overrides) > 0, now: time.Now,
		memos: sync.Pool{New: func() any { return new(memo) }},
	}, nil
}

// SetClock makes now the time that stamps without a year (syslog's) are not after. It must not be called once n is in use.
func (n *Names) SetClock(now func() time.Time) { n.now = now }

func knownFacts() string {
	var names []string
	for _, k := range event.Keys() {
		names = append(names, strings.TrimPrefix(k.String(), "payment."))
	}
	return strings.Join(names, ", ")
}

// Assign sets the facts of ev from ev.Fields: each from the field whose name says it best and whose value can be it,
// and marks that field with the fact's Key; with CustomerKey it marks every field that could give it. It sets ev.Time
// (left as it is when the record does not say), ev.Duration and ev.Status too. Facts point into the fields' values; escaped
// ones are decoded into new memory, and levels are normalised to "trace", "debug", "info", "warn", "error" and "fatal".
func (n *Names) Assign(ev *event.Event) {
	m := n.memos.Get().(*memo)
	m.clock.Now = n.now
	a := assignment{ev: ev, loc: n.loc, clock: &m.clock}
	n.assign(&a, m, m.meant(n, ev))
	n.memos.Put(m)
}

// assign takes all fields of the event. known is what they mean, or nil.
func (n *Names) assign(a *assignment, m *memo, known []meantField) {
	ev := a.ev
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if f.Kind > event.Bool {
			continue
		}
		if f.ECS {
			if n.overridden {
				n.overriding(a, i)
			}
			continue
		}
		if f.Key != event.None {
			a.fixed(i)
			if n.overridden {
				n.overriding(a, i)
			}
			continue
		}
		switch {
		case known == nil:
			a.try(i, m.steps(n, i, f))
		case known[i].alone:
			a.only(i, &known[i].steps[0].sense)
		default:
			a.try(i, known[i].steps)
		}
	}
	if status := ev.Fact(event.HTTPStatus); status != nil {
		ev.Status, _ = values.StatusCode(status)
	}
}

// overriding takes field i, whose meaning its format fixes, also for what the user says.
func (n *Names) overriding(a *assignment, i int) {
	if e := n.table.find(a.ev.Fields[i].Name); e != nil {
		for k := range e.senses {
			if s := &e.senses[k]; s.rank < rankFormat {
				a.take(i, s)
			}
		}
	}
}

// candidate is a meaning that a field's name may have.
type candidate struct {
	entry *entry
	place place
}

// resolve returns what a name may mean. A name with dots may do so with the whole of it, its last two parts, or the
// last one alone, in this order.
func (n *Names) resolve(name []byte, derived bool) (all [3]candidate) {
	dot := bytes.LastIndexByte(name, '.')
	if dot < 0 {
		where := atTop
		if derived {
			where = inText
		}
		all[0] = candidate{n.table.find(name), where}
		return all
	}
	all[0] = candidate{n.table.find(name), atPath}
	before := bytes.LastIndexByte(name[:dot], '.') + 1
	if before > 0 {
		all[1] = candidate{n.table.find(name[before:]), atPath}
	}
	all[2] = candidate{n.table.find(name[dot+1:]), inNested}
	if all[2].entry != nil && n.isEnvelope(name[before:dot]) {
		all[2].place = inEnvelope
	}
	return all
}

// isEnvelope tells whether an object of that name wraps what belongs to the record. Chinese names only stand before
// objects in messages, which are requests and answers.
func (n *Names) isEnvelope(name []byte) bool {
	if len(name) > 0 && name[0] >= utf8.RuneSelf {
		return true
	}
	if e := n.table.find(name); e != nil && e.envelope {
		return true
	}
	for _, end := range envelopeEnds {
		if len(name) > len(end) && strings.EqualFold(string(name[len(name)-len(end):]), end) {
			return true
		}
	}
	return false
}
