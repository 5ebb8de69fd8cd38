package facts

import (
	"bytes"
	"fmt"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// Reason says which field gave a fact and by which rule, or why a field that might have given it did not.
type Reason struct {
	Fact event.Key
	// Field is the name of the field, with the objects that it is in.
	Field string
	// Value is the field's text.
	Value string
	Why   string
}

// Explain is Assign, and says which field gave each fact, and which fields could have but did not. It is for people, not
// for every record.
func (n *Names) Explain(ev *event.Event) (taken, left []Reason) {
	m := &memo{}
	m.clock.Now = n.now
	a := assignment{ev: ev, loc: n.loc, clock: &m.clock}
	n.assign(&a, m, nil)
	for _, k := range event.Keys() {
		if a.rank[k] == 0 {
			continue
		}
		f := &ev.Fields[a.field[k]]
		taken = append(taken, Reason{k, string(f.Name), plainValue(f), whyTaken(f, k, a.rank[k])})
	}
	for i := range ev.Fields {
		if f := &ev.Fields[i]; f.Kind <= event.Bool && !f.ECS {
			left = n.left(left, &a, m, i)
		}
	}
	return taken, left
}

func plainValue(f *event.Field) string {
	if f.Escaped {
		return string(values.AppendUnescaped(nil, f.Value))
	}
	return string(f.Value)
}

// whyTaken says by which rule f gave the fact k.
func whyTaken(f *event.Field, k event.Key, rank uint16) string {
	switch {
	case rank < rankFormat:
		return "the configuration names it under fields:"
	case rank < rankFirst:
		return "the format fixes what it is"
	case string(f.Name) == k.String():
		return "it has the fact's own name"
	}
	return "a usual name for it" + where(f)
}

func where(f *event.Field) string {
	switch dot := bytes.LastIndexByte(f.Name, '.'); {
	case dot >= 0 && f.Derived:
		return fmt.Sprintf(", in the object %s", f.Name[:dot])
	case f.Derived:
		return ", as a pair in the message"
	}
	return ""
}

// left appends why field i, whose name may mean facts, gave none of them.
func (n *Names) left(all []Reason, a *assignment, m *memo, i int) []Reason {
	f := &a.ev.Fields[i]
	var won event.Key
	for k := range a.rank {
		if a.rank[k] != 0 && int(a.field[k]) == i {
			won = event.Key(k)
			if a.rank[k] < rankFirst {
				return all // what the format or the configuration says is all that it means
			}
		}
	}
	for _, s := range m.steps(n, i, f) {
		k := s.fact
		if a.rank[k] != 0 && int(a.field[k]) == i {
			continue
		}
		why := ""
		switch value := []byte(plainValue(f)); {
		case !readable(&s.sense, value, a):
			why = "its value cannot be one"
		case won != event.None && !s.also:
			why = "it is " + won.String()
		case a.rank[k] != 0:
			why = fmt.Sprintf("%s says it more exactly", a.ev.Fields[a.field[k]].Name)
		default:
			continue
		}
		all = append(all, Reason{k, string(f.Name), plainValue(f), why})
	}
	return n.misplaced(all, f)
}

// readable is read without its effects.
func readable(s *sense, value []byte, a *assignment) bool {
	switch s.fact {
	case event.Timestamp:
		_, ok := a.clock.Read(value, a.loc)
		return ok
	case event.Duration:
		_, ok := values.Duration(value, s.unit)
		return ok
	case event.Level:
		return values.Level(value) != nil
	}
	return accepts(s.fact, value)
}

// misplaced appends the facts that the name of f means elsewhere.
func (n *Names) misplaced(all []Reason, f *event.Field) []Reason {
	for _, c := range n.resolve(f.Name, f.Derived) {
		if c.entry == nil {
			continue
		}
		for _, s := range c.entry.senses {
			if c.place <= s.until || s.also || s.fact < event.Provider {
				continue
			}
			object := f.Name[:max(bytes.LastIndexByte(f.Name, '.'), 0)]
			why := fmt.Sprintf("in the object %s it may mean anything; name it under fields: if it is that", object)
			if len(object) == 0 {
				why = "in a message it may mean anything; name it under fields: if it is that"
			}
			all = append(all, Reason{s.fact, string(f.Name), plainValue(f), why})
		}
	}
	return all
}
