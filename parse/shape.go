package parse

import (
	"bytes"

	"gatewatch/event"
)

const (
	// maxShapes is how many shapes a Parser knows. The records of most logs are of a few kinds.
	maxShapes = 4
	// maxStrangers is how many records may differ from all shapes before one of these is replaced.
	maxStrangers = 32
	// maxShape is how many members a shape may have.
	maxShape = 64
)

// shape is all of a record but its values. The records of a log mostly have the same, and a text that is expected is
// only compared: its names are not scanned, not checked for escapes, not looked for among the ones before.
type shape struct {
	members []shapeMember
	// end is what stands behind the last value.
	end    []byte
	layout *event.Layout
	// high tells that there may be bytes beyond ASCII in it.
	high bool
}

// shapes are those of the records before.
type shapes struct {
	all [maxShapes]shape
	// last is that of the last record, and next the one to be learned or replaced.
	last, next int
	// strangers counts the records that were different.
	strangers int
}

type shapeMember struct {
	// before is all that stands between the values before and of the member: `,"level":`.
	before []byte
	name   []byte
	// message tells that the value is searched for pairs.
	message bool
}

// follow reads a record and tells whether it has the shape s. Otherwise it leaves w in any state.
func (w *walker) follow(s *shape) bool {
	if len(s.members) == 0 {
		return false
	}
	i := 0
	for k := range s.members {
		m := &s.members[k]
		if !bytes.HasPrefix(w.b[i:], m.before) {
			return false
		}
		i += len(m.before)
		switch c := w.byteAt(i); {
		case !w.plain || m.message || c == '{' || c == '[':
			if i = w.member(i, m.name); i < 0 {
				return false
			}
		case c == '"':
			// Nothing but the quote at its end is special in such a string.
			value := w.b[i+1:]
			n := bytes.IndexByte(value, '"')
			if n < 0 {
				return false
			}
			w.add(m.name, value[:n], event.String, false)
			i += n + 2
		default:
			end, kind, _ := w.scalar(i)
			if end < 0 || end-i > maxNumber {
				return false
			}
			w.add(m.name, w.b[i:end], kind, false)
			i = end
		}
	}
	w.high = w.high || s.high
	return bytes.Equal(w.b[i:], s.end)
}

// spot is where a member of the record being read is.
type spot struct{ name, nameEnd, value, end int }

// learn takes up the shape of the record that w has just read, when there is room or strangers come often.
func (all *shapes) learn(w *walker) {
	s := &all.all[all.next]
	if all.strangers++; w.unusual || len(w.spots) == 0 || len(w.spots) > maxShape || s.members != nil && all.strangers < maxStrangers {
		return
	}
	all.strangers, all.next = 0, (all.next+1)%maxShapes
	*s = shape{layout: new(event.Layout), high: w.high}
	text, at := bytes.Clone(w.b), 0
	for _, p := range w.spots {
		name := text[p.name:p.nameEnd:p.nameEnd]
		s.members = append(s.members, shapeMember{before: text[at:p.value], name: name, message: isMessage(name)})
		at = p.end
	}
	s.end = text[at:]
}
