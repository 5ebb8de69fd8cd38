package facts

import (
	"time"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// maxFacts is more than there are facts.
const maxFacts = 64

// assignment decides, field after field, which one gives each fact of an event.
type assignment struct {
	ev  *event.Event
	loc *time.Location
	// clock remembers the last record's time.
	clock *values.LastTime
	// rank is that of the best field so far, by fact; 0 when there is none.
	rank [maxFacts]uint16
	// field is the index of that field.
	field [maxFacts]uint16
}

// fixed takes field i for the fact that its format says it is.
func (a *assignment) fixed(i int) {
	f := &a.ev.Fields[i]
	s := sense{fact: f.Key, rank: rankFormat}
	if f.Key == event.Duration {
		s.unit = values.Seconds
	}
	f.Key = event.None
	a.take(i, &s)
}

// try takes field i for what its name may mean: the first fact that its value can be, and all that this name means also.
// Another candidate is only tried when the value can be nothing that the one before means.
func (a *assignment) try(i int, steps []step) {
	if len(steps) == 1 {
		a.take(i, &steps[0].sense)
		return
	}
	found, first := -1, false
	for k := range steps {
		s := &steps[k]
		if found >= 0 && s.candidate != found {
			return
		}
		if first && !s.also {
			continue
		}
		if a.take(i, &s.sense) {
			found = s.candidate
			first = first || !s.also
		}
	}
}

// only takes field i for the one fact that it and no other field of the record may give.
func (a *assignment) only(i int, s *sense) {
	f := &a.ev.Fields[i]
	value := f.Value
	if f.Escaped {
		value = values.AppendUnescaped(nil, value)
	}
	if value, ok := a.read(s, value); ok {
		a.ev.SetFact(s.fact, value)
		f.Key = s.fact
	}
}

// take gives the fact of s the value of field i, unless a field of a lower rank has given it. It tells whether the
// value can be the fact.
func (a *assignment) take(i int, s *sense) bool {
	f := &a.ev.Fields[i]
	value := f.Value
	if best := a.rank[s.fact]; best != 0 && best <= s.rank {
		switch s.fact {
		case event.Timestamp, event.Duration:
			return true
		case event.Level:
			return values.Level(value) != nil
		}
		ok := accepts(s.fact, value)
		if ok && s.fact == event.CustomerKey && f.Key == event.None {
			f.Key = event.CustomerKey
		}
		return ok
	}
	if f.Escaped {
		value = values.AppendUnescaped(nil, value)
	}
	value, ok := a.read(s, value)
	if ok {
		a.win(i, s, value)
	}
	return ok
}

// read returns value as the fact of s has it, and false when it cannot be that. It sets the time or the duration of
// the event.
func (a *assignment) read(s *sense, value []byte) (fact []byte, ok bool) {
	switch s.fact {
	case event.Timestamp:
		t, ok := a.clock.Read(value, a.loc)
		if ok {
			a.ev.Time = t
		}
		return value, ok
	case event.Duration:
		d, ok := values.Duration(value, s.unit)
		if ok {
			a.ev.Duration = d
		}
		return value, ok
	case event.Level:
		value = values.Level(value)
		return value, value != nil
	}
	return value, accepts(s.fact, value)
}

// win makes field i the one that gives the fact. The field before it becomes an ordinary one again, unless it has a
// customer's number: no field that has one may stand in the document as it is.
func (a *assignment) win(i int, s *sense, value []byte) {
	fields := a.ev.Fields
	if a.rank[s.fact] != 0 {
		if old := &fields[a.field[s.fact]]; old.Key == s.fact && s.fact != event.CustomerKey {
			old.Key = event.None
		}
	}
	a.rank[s.fact], a.field[s.fact] = s.rank, uint16(i)
	a.ev.SetFact(s.fact, value)
	if f := &fields[i]; f.Key == event.None {
		f.Key = s.fact
	}
}
