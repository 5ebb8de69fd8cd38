package parse

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/internal/invalid"
)

// Names knows which field names mean which fact. It is safe for concurrent use.
type Names struct {
	table *lookup
	loc   *time.Location
	// overridden tells that the user named fields.
	overridden bool
}

// place says where a field stands; of two fields with the same name the one in the earlier place wins.
type place uint16

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

// The ranks of the fields that name a fact, to which their place is added: what the user configured, then what the
// format itself fixes, then the dictionary's names in their order.
const (
	rankOverride = 1
	rankFormat   = rankOverride + uint16(places)
	rankFirst    = rankFormat + uint16(places)
	// lastRank lets all senses pass.
	lastRank = 1<<16 - 1
)

// NewNames returns the usual names of English and Chinese gateways with overrides before them: from a fact's name
// ("provider", "log.level") to the name of the field that holds it ("channel_code", "extra.connector"). An overridden
// name means nothing else any more. Time stamps without a zone are in loc. The error is invalid.Mistakes with
// a mistake for each fact that is not known.
func NewNames(overrides map[string]string, loc *time.Location) (*Names, error) {
	entries := map[string]*entry{}
	var mistakes invalid.Mistakes
	overridden := map[string]bool{}
	for _, fact := range slices.Sorted(maps.Keys(overrides)) {
		k, ok := event.ParseKey(fact)
		name := fold(overrides[fact])
		switch {
		case !ok:
			mistakes.Add(fact, "is not a known fact (known: %s)", knownFacts())
		case name == "":
			mistakes.Add(fact, "needs the name of a field")
		default:
			overridden[name] = true
			addSense(entries, name, sense{fact: k, scope: anywhere, unit: nameUnit(name), also: true, rank: rankOverride})
		}
	}
	if err := mistakes.Err(); err != nil {
		return nil, err
	}
	addDictionary(entries, overridden)
	return &Names{newLookup(entries), loc, len(overridden) > 0}, nil
}

func knownFacts() string {
	var names []string
	for _, k := range event.Keys() {
		names = append(names, strings.TrimPrefix(k.String(), "payment."))
	}
	return strings.Join(names, ", ")
}

func addSense(entries map[string]*entry, name string, s sense) {
	e := entries[name]
	if e == nil {
		e = &entry{name: name}
		entries[name] = e
	}
	e.senses = append(e.senses, s)
}

// addDictionary adds the senses of all names that are not overridden, and the envelopes.
func addDictionary(entries map[string]*entry, overridden map[string]bool) {
	ranks := map[event.Key]uint16{}
	add := func(k event.Key, name string, in scope, u unit, also bool) {
		s := sense{fact: k, scope: in, unit: u, also: also, rank: rankFirst + uint16(places)*ranks[k]}
		ranks[k]++
		if name = fold(name); !overridden[name] {
			addSense(entries, name, s)
		}
	}
	for _, k := range event.Keys() {
		add(k, k.String(), topOnly, nameUnit(fold(k.String())), false)
	}
	for _, m := range dictionary {
		for _, group := range []struct {
			names string
			scope scope
			also  bool
		}{{m.anywhere, anywhere, false}, {m.envelope, envelopeOnly, false}, {m.top, topOnly, false}, {m.also, envelopeOnly, true}} {
			for name := range strings.FieldsSeq(group.names) {
				add(m.fact, name, group.scope, guessed, group.also)
			}
		}
	}
	for name := range strings.FieldsSeq(durationNames) {
		add(event.Duration, name, envelopeOnly, nameUnit(fold(name)), false)
		for _, s := range unitSuffixes {
			add(event.Duration, name+s.suffix, envelopeOnly, s.unit, false)
		}
	}
	for name := range strings.FieldsSeq(envelopes) {
		name = fold(name)
		if entries[name] == nil {
			entries[name] = &entry{name: name}
		}
		entries[name].envelope = true
	}
}

// nameUnit returns the unit that a folded field name says.
func nameUnit(name string) unit {
	if name == "requesttime" {
		return webServer
	}
	base := name[strings.LastIndexByte(name, '.')+1:]
	if name == fold(event.Duration.String()) {
		return nanoseconds
	}
	for _, s := range unitSuffixes {
		// A single letter says nothing by itself: "status" does not count seconds.
		if before, ok := strings.CutSuffix(base, s.suffix); ok && (len(s.suffix) > 1 || isDurationName(before)) {
			return s.unit
		}
	}
	return guessed
}

func isDurationName(folded string) bool {
	for name := range strings.FieldsSeq(durationNames) {
		if fold(name) == folded {
			return true
		}
	}
	return false
}

// Assign sets the facts of ev from ev.Fields: each from the field whose name says it best and whose value can be it,
// and marks that field with the fact's Key. It sets ev.Time (left as it is when the record does not say),
// ev.Duration and ev.Status too. Facts point into the fields' values; escaped ones are decoded into new memory, and
// levels are normalised to "trace", "debug", "info", "warn", "error" and "fatal".
func (n *Names) Assign(ev *event.Event) {
	a := assignment{ev: ev, loc: n.loc}
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if f.Kind > event.Bool {
			continue
		}
		if f.Key != event.None {
			a.fixed(i)
			if n.overridden {
				n.overriding(&a, i)
			}
			continue
		}
		n.named(&a, i)
	}
	if status := ev.Fact(event.HTTPStatus); status != nil {
		ev.Status, _ = statusCode(status)
	}
}

// overriding takes field i, whose meaning its format fixes, also for what the user says.
func (n *Names) overriding(a *assignment, i int) {
	if e, _ := n.table.find(a.ev.Fields[i].Name); e != nil {
		a.try(i, e, atTop, rankOverride)
	}
}

// named looks for what the name of field i means.
func (n *Names) named(a *assignment, i int) {
	f := &a.ev.Fields[i]
	e, dot := n.table.find(f.Name)
	if dot >= 0 {
		n.nested(a, i, e, dot)
		return
	}
	if e == nil {
		return
	}
	where := atTop
	if f.Derived {
		where = inText
	}
	a.try(i, e, where, lastRank)
}

// nested looks for what a name with dots means, e if that is known: the whole of it, its last two parts, or the last
// one alone.
func (n *Names) nested(a *assignment, i int, e *entry, dot int) {
	if e != nil && a.try(i, e, atPath, lastRank) {
		return
	}
	name := a.ev.Fields[i].Name
	before := bytes.LastIndexByte(name[:dot], '.') + 1
	if before > 0 {
		if e, _ := n.table.find(name[before:]); e != nil && a.try(i, e, atPath, lastRank) {
			return
		}
	}
	if e, _ = n.table.find(name[dot+1:]); e == nil || len(e.senses) == 0 {
		return
	}
	where := inNested
	if n.isEnvelope(name[before:dot]) {
		where = inEnvelope
	}
	a.try(i, e, where, lastRank)
}

// isEnvelope tells whether an object of that name wraps what belongs to the record. Chinese names only stand before
// objects in messages, which are requests and answers.
func (n *Names) isEnvelope(name []byte) bool {
	if len(name) > 0 && name[0] >= utf8.RuneSelf {
		return true
	}
	if e, _ := n.table.find(name); e != nil && e.envelope {
		return true
	}
	for _, end := range envelopeEnds {
		if len(name) > len(end) && strings.EqualFold(string(name[len(name)-len(end):]), end) {
			return true
		}
	}
	return false
}
