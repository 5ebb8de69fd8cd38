package parse

import (
	"time"

	"gatewatch/event"
)

// maxFacts is more than there are facts.
const maxFacts = 64

// assignment decides, field after field, which one gives each fact of an event.
type assignment struct {
	ev  *event.Event
	loc *time.Location
	// clock remembers the last record's time.
	clock *lastTime
	// rank is that of the best field so far, by fact; 0 when there is none.
	rank [maxFacts]uint16
	// field is the index of that field.
	field [maxFacts]uint16
}

// fixed takes field i for the fact that its format says it is.
func (a *assignment) fixed(i int) {
	f := &a.ev.Fields[i]
	s := &sense{fact: f.Key, rank: rankFormat}
	if f.Key == event.Duration {
		s.unit = seconds
	}
	f.Key = event.None
	a.take(i, s, s.rank)
}

// try takes field i for what its name may mean: the first fact that its value can be, and all that this name means also.
// Another candidate is only tried when the value can be nothing that the one before means.
func (a *assignment) try(i int, steps []step) {
	if len(steps) == 1 {
		a.take(i, &steps[0].sense, steps[0].rank)
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
		if a.take(i, &s.sense, s.rank) {
			found = s.candidate
			first = first || !s.also
		}
	}
}

// take gives the fact of s the value of field i, unless a field of a lower rank has given it. It tells whether the
// value can be the fact.
func (a *assignment) take(i int, s *sense, rank uint16) bool {
	f := &a.ev.Fields[i]
	best := a.rank[s.fact]
	better := best == 0 || rank < best
	value := f.Value
	if better && f.Escaped {
		value = appendUnescaped(nil, value)
	}
	switch s.fact {
	case event.Timestamp:
		if better {
			t, ok := a.clock.read(value, a.loc)
			if !ok {
				return false
			}
			a.ev.Time = t
		}
	case event.Duration:
		if better {
			d, ok := duration(value, s.unit)
			if !ok {
				return false
			}
			a.ev.Duration = d
		}
	case event.Level:
		if value = severity(value); value == nil {
			return false
		}
	default:
		if !accepts(s.fact, value) {
			return false
		}
	}
	if better {
		a.win(i, s.fact, rank, value)
	}
	return true
}

// win makes field i the one that gives the fact. The field before it becomes an ordinary one again.
func (a *assignment) win(i int, k event.Key, rank uint16, value []byte) {
	fields := a.ev.Fields
	if a.rank[k] != 0 {
		if old := &fields[a.field[k]]; old.Key == k {
			old.Key = event.None
		}
	}
	a.rank[k], a.field[k] = rank, uint16(i)
	a.ev.SetFact(k, value)
	if f := &fields[i]; f.Key == event.None {
		f.Key = k
	}
}
