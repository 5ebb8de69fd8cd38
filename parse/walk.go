package parse

import (
	"bytes"
	"slices"

	"gatewatch/event"
)

const (
	// maxMembers is how many members the object of a record may have; a record with more is malformed.
	maxMembers = 4096
	// maxDepth is how deep objects may be nested in a member for Elasticsearch to take them (its flattened type takes
	// 20 levels, of which the document uses two). A deeper member is kept as text.
	maxDepth = 16
	// maxNesting is how deep objects and arrays may be nested at all; a record that goes deeper is malformed.
	maxNesting = 512
	// maxDerived is how many members of nested objects, and pairs in messages, are looked at for facts.
	maxDerived = 512
	// maxNumber is how many characters a number may have. A member with a longer one is kept as text, because
	// Elasticsearch refuses it.
	maxNumber = 512
	// maxPath is how long the name of a member with the names of all objects around it may be, in bytes. It bounds the
	// terms that Elasticsearch makes of them. A nested member with a longer one is kept as text with its outermost
	// object, a record with such a name at the top is malformed.
	maxPath = 2048
)

// walker reads a JSON object into fields: its members as they are, and the scalar members of nested objects again as
// derived fields with dotted names. Members of objects in arrays have the array's name before them.
type walker struct {
	scanner
	fields  []event.Field
	derived int
	// awkward tells that the member being read is valid JSON that Elasticsearch would refuse.
	awkward bool
	// unusual tells that names at the top may be repeated or have a NUL character, which makeUnique finds out.
	unusual bool
	// plain is that of the event.
	plain bool
	// failures counts the texts of a message that looked like an object and were none.
	failures int
	// keys holds the names of the nested objects around the place being read.
	keys [][]byte
	// spots holds where the members are.
	spots []spot
	// text holds dotted names and decoded strings, which derived fields point into.
	text []byte
}

// start prepares w for the next record and keeps its buffers.
func (w *walker) start(fields []event.Field) {
	w.scanner = scanner{}
	w.fields, w.derived = fields, 0
	w.awkward, w.unusual = false, false
	w.keys, w.spots, w.text = w.keys[:0], w.spots[:0], w.text[:0]
}

// record reads the record's own object, whose brace is at i, and returns the index after it, or -1.
func (w *walker) record(i int) int {
	var seen names
	if i = w.space(i + 1); w.byteAt(i) == '}' {
		return i + 1
	}
	for {
		name, value := w.name(i, &seen)
		if value < 0 {
			return -1
		}
		end := w.member(value, name)
		if end < 0 {
			return -1
		}
		w.spots = append(w.spots, spot{i + 1, i + 1 + len(name), value, end})
		switch i = w.space(end); w.byteAt(i) {
		case ',':
			i = w.space(i + 1)
		case '}':
			w.unusual = w.unusual || seen.count > fewNames
			return i + 1
		default:
			return w.unexpected(i)
		}
	}
}

// name reads the name at i of a member of the record's own object, and returns it with the index of the value, or -1.
func (w *walker) name(i int, seen *names) (name []byte, value int) {
	if w.byteAt(i) != '"' {
		return nil, w.unexpected(i)
	}
	end, escaped := w.stringEnd(i + 1)
	if end < 0 {
		return nil, -1
	}
	name = w.b[i+1 : end]
	if escaped {
		w.unusual = true
	}
	if seen.add(name) && seen.count <= fewNames {
		w.compare(name)
	}
	return name, w.colon(end + 1)
}

// colon returns the index of the value behind the colon at or after i.
func (w *walker) colon(i int) int {
	if w.byteAt(i) != ':' {
		if i = w.space(i); w.byteAt(i) != ':' {
			return w.unexpected(i)
		}
	}
	return w.space(i + 1)
}

// compare notes when a member of that name is there already.
func (w *walker) compare(name []byte) {
	for i := range w.fields {
		if f := &w.fields[i]; !f.Derived && bytes.Equal(f.Name, name) {
			w.unusual = true
			return
		}
	}
}

// member reads the value at i of a member of the record's own object and returns the index after it, or -1.
func (w *walker) member(i int, name []byte) int {
	at := len(w.fields)
	if at-w.derived >= maxMembers {
		return w.fail("too many members", i)
	}
	if len(name) > maxPath {
		return w.fail("name too long", i)
	}
	if c := w.byteAt(i); c == '{' || c == '[' {
		return w.compound(i, name)
	}
	end, kind, escaped := w.scalar(i)
	if end < 0 {
		return -1
	}
	value := w.b[i:end]
	if kind == event.String {
		value = value[1 : len(value)-1]
	} else if len(value) > maxNumber {
		kind = event.String
	}
	w.add(name, value, kind, escaped)
	switch {
	case escaped && value[0] == '{':
		w.embedded(w.decode(value), name, 1)
	case isMessage(name):
		w.mine(value, escaped)
	}
	return end
}

// isMessage tells whether the member of that name at the top is searched for pairs.
func isMessage(name []byte) bool {
	switch string(name) {
	case "message", "msg", "error", "err":
		return true
	}
	return false
}

// add appends a field. Setting the parts in place costs half of appending a Field.
func (w *walker) add(name, value []byte, kind event.Kind, escaped bool) {
	n := len(w.fields)
	if n == cap(w.fields) {
		w.fields = slices.Grow(w.fields, n+16)
	}
	w.fields = w.fields[:n+1]
	f := &w.fields[n]
	f.Name, f.Value = name, value
	f.Key, f.Kind, f.Escaped, f.ECS, f.Derived = event.None, kind, escaped, false, false
}

// compound reads the object or array at i, which is a member of the record's own object.
func (w *walker) compound(i int, name []byte) int {
	at := len(w.fields)
	w.add(name, nil, event.Null, false)
	w.awkward = false
	end, kind, _ := w.value(i, name, 1)
	if end < 0 {
		return -1
	}
	f := &w.fields[at]
	f.Value, f.Kind = w.b[i:end], kind
	if w.awkward {
		f.Kind, w.plain = event.String, false
	}
	return end
}

// scalar reads the string, number or word at i and returns the index after it, or -1.
func (w *walker) scalar(i int) (end int, kind event.Kind, escaped bool) {
	switch w.byteAt(i) {
	case '"':
		if end, escaped = w.stringEnd(i + 1); end >= 0 {
			end++
		}
		return end, event.String, escaped
	case 't':
		return w.literalEnd(i, "true"), event.Bool, false
	case 'f':
		return w.literalEnd(i, "false"), event.Bool, false
	case 'n':
		return w.literalEnd(i, "null"), event.Null, false
	}
	return w.numberEnd(i), event.Number, false
}
