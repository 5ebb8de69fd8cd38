package facts

import (
	"strings"

	"gatewatch/event"
)

// builder collects the entries of a lookup, by spelling.
type builder struct {
	entries map[string]*entry
	// overridden are the spellings of names that the user gave a meaning.
	overridden map[string]bool
	// names counts the names of each fact.
	names map[event.Key]uint16
}

// override gives name the meaning that the user says, and no other. order counts the names before it.
func (b *builder) override(k event.Key, name string, order uint16) {
	for _, spelling := range spellings(name) {
		b.overridden[spelling] = true
		e := b.entry(spelling)
		e.senses = append(e.senses, sense{fact: k, until: inNested, unit: nameUnit(name), also: true, rank: rankOverride + order*uint16(places)})
	}
}

// entry returns the entry of a spelling, which it makes when there is none.
func (b *builder) entry(spelling string) *entry {
	e := b.entries[spelling]
	if e == nil {
		e = &entry{name: spelling}
		b.entries[spelling] = e
	}
	return e
}

// add adds names of a fact, each after the ones before it, unless they are overridden.
func (b *builder) add(k event.Key, names string, s sense) {
	s.fact = k
	for name := range strings.FieldsSeq(names) {
		s.rank = rankFirst + uint16(places)*b.names[k]
		b.names[k]++
		for _, spelling := range spellings(name) {
			if !b.overridden[spelling] {
				e := b.entry(spelling)
				e.senses = append(e.senses, s)
			}
		}
	}
}

// addDictionary adds the names that documents use, those of the dictionary, and the envelopes.
func (b *builder) addDictionary() {
	for _, k := range event.Keys() {
		b.add(k, k.String(), sense{until: atPath, unit: nameUnit(k.String())})
	}
	for _, m := range dictionary {
		b.add(m.fact, m.anywhere, sense{until: inNested})
		b.add(m.fact, m.envelope, sense{until: inEnvelope})
		b.add(m.fact, m.top, sense{until: atPath})
		b.add(m.fact, m.also, sense{until: inEnvelope, also: true})
	}
	for name := range strings.FieldsSeq(durationNames) {
		b.add(event.Duration, name, sense{until: inEnvelope, unit: nameUnit(name)})
		for _, s := range unitSuffixes {
			b.add(event.Duration, name+"_"+s.suffix, sense{until: inEnvelope, unit: s.unit})
		}
	}
	for name := range strings.FieldsSeq(envelopes) {
		for _, spelling := range spellings(name) {
			b.entry(spelling).envelope = true
		}
	}
}
