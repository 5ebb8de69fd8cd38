package facts

import (
	"slices"

	"gatewatch/event"
	"gatewatch/internal/values"
)

const (
	// maxRemembered is how many fields of a record a memo is used for; it is a power of two.
	maxRemembered = 64
	// maxRememberedName is how long a name may be to be remembered, in bytes.
	maxRememberedName = 40
	// maxLayouts is how many layouts a memo knows, of all files whose records share it.
	maxLayouts = 16
)

// memo remembers what the names of the last records meant, by the position of the field: the records of a log mostly
// have the same fields in the same order. It is not safe for concurrent use.
type memo struct {
	fields [maxRemembered]remembered
	// layouts are those of the last records that had one; last was used last, next is replaced next.
	layouts    [maxLayouts]meant
	last, next int
	clock      values.LastTime
}

// meant is what the fields of a layout mean.
type meant struct {
	layout *event.Layout
	fields []meantField
}

type meantField struct {
	steps []step
	// alone tells that there is one step, and that no other field of the layout may give the fact.
	alone bool
}

// meant returns what the fields of ev mean, or nil when it has no layout.
func (m *memo) meant(n *Names, ev *event.Event) []meantField {
	if ev.Layout == nil {
		return nil
	}
	for k := range maxLayouts {
		if i := (m.last + k) % maxLayouts; m.layouts[i].layout == ev.Layout {
			m.last = i
			return m.layouts[i].fields
		}
	}
	m.last, m.next = m.next, (m.next+1)%maxLayouts
	m.layouts[m.last] = meant{ev.Layout, m.learn(n, ev)}
	return m.layouts[m.last].fields
}

func (m *memo) learn(n *Names, ev *event.Event) []meantField {
	all := make([]meantField, len(ev.Fields))
	var fields [maxFacts]int // that may give each fact
	for i := range all {
		all[i].steps = slices.Clone(m.steps(n, i, &ev.Fields[i]))
		for _, s := range all[i].steps {
			fields[s.fact]++
		}
	}
	for i := range all {
		f := &all[i]
		f.alone = len(f.steps) == 1 && fields[f.steps[0].fact] == 1
	}
	return all
}

// remembered is a field's name and what it may mean.
type remembered struct {
	name    [maxRememberedName]byte
	length  int
	derived bool
	steps   []step
}

// step is one fact that a field may give: a sense of the candidate-th name that may be meant, with its rank there.
type step struct {
	sense
	candidate int
}

// steps returns what f, the i-th field, may give, in the order in which it is tried.
func (m *memo) steps(n *Names, i int, f *event.Field) []step {
	r := &m.fields[i&(maxRemembered-1)]
	if r.length == len(f.Name) && r.derived == f.Derived && string(r.name[:r.length]) == string(f.Name) {
		return r.steps
	}
	r.steps = r.steps[:0]
	for k, c := range n.resolve(f.Name, f.Derived) {
		if c.entry == nil {
			continue
		}
		for _, s := range c.entry.senses {
			if c.place <= s.until {
				s.rank += uint16(c.place)
				r.steps = append(r.steps, step{s, k})
			}
		}
	}
	r.length, r.derived = -1, f.Derived
	if len(f.Name) <= maxRememberedName {
		r.length = copy(r.name[:], f.Name)
	}
	return r.steps
}
