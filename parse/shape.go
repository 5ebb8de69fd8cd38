package parse

import (
	"bytes"

	"gatewatch/event"
)

const (
	// maxStrangers is how many records may differ from a shape before another one is learned.
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

// follow reads a record that has the shape of the ones before, and tells whether it has. Otherwise it leaves w in any
// state.
func (w *walker) follow() bool {
	if len(w.shape.members) == 0 {
		return false
	}
	i := 0
	for k := range w.shape.members {
		m := &w.shape.members[k]
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
	w.high = w.high || w.shape.high
	return bytes.Equal(w.b[i:], w.shape.end)
}

// spot is where a member of the record being read is.
type spot struct{ name, nameEnd, value, end int }

// learn makes the shape of the record just read the expected one, when there is none or others come often.
func (w *walker) learn() {
	s := &w.shape
	if s.strangers++; w.unusual || len(w.spots) > maxShape || s.members != nil && s.strangers < maxStrangers {
		return
	}
	text, at := bytes.Clone(w.b), 0
	*s = shape{layout: new(event.Layout), high: w.high}
	for _, p := range w.spots {
		name := text[p.name:p.nameEnd:p.nameEnd]
		s.members = append(s.members, shapeMember{before: text[at:p.value], name: name, message: isMessage(name)})
		at = p.end
	}
	s.end = text[at:]
}
