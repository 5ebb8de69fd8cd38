package parse

import (
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
	// renames tells that names at the top must change: repeated, or with a NUL character.
	renames bool
	// failures counts the texts of a message that looked like an object and were none.
	failures int
	// keys holds the names of all objects around the place being read.
	keys [][]byte
	// text holds dotted names and decoded strings, which derived fields point into.
	text []byte
}

// start prepares w for the next record and keeps its buffers.
func (w *walker) start(fields []event.Field) {
	*w = walker{fields: fields, keys: w.keys[:0], text: w.text[:0]}
}

// object reads the object whose brace is at i and returns the index after it, or -1. prefix is the dotted name of
// the object, depth is 0 for the record's own object.
func (w *walker) object(i int, prefix []byte, depth int) int {
	if depth > maxNesting {
		return w.fail("nested too deep", i)
	}
	seen := level{first: len(w.keys)}
	if i = w.space(i + 1); w.byteAt(i) == '}' {
		return i + 1
	}
	for {
		if w.byteAt(i) != '"' {
			return w.unexpected(i)
		}
		end, escaped := w.stringEnd(i + 1)
		if end < 0 {
			return -1
		}
		name := w.b[i+1 : end]
		if w.repeated(&seen, name, escaped) {
			w.refuse(depth)
		}
		if i = w.space(end + 1); w.byteAt(i) != ':' {
			return w.unexpected(i)
		}
		if depth == 0 {
			i = w.member(w.space(i+1), name)
		} else {
			i = w.nested(w.space(i+1), prefix, name, depth)
		}
		if i < 0 {
			return -1
		}
		switch i = w.space(i); w.byteAt(i) {
		case ',':
			i = w.space(i + 1)
		case '}':
			if w.leave(&seen) {
				w.refuse(depth)
			}
			return i + 1
		default:
			return w.unexpected(i)
		}
	}
}

// refuse notes that an object at depth has names that Elasticsearch would refuse.
func (w *walker) refuse(depth int) {
	if depth == 0 {
		w.renames = true
	} else {
		w.awkward = true
	}
}

// member reads the value at i of a member of the record's own object.
func (w *walker) member(i int, name []byte) int {
	at := len(w.fields)
	if at-w.derived >= maxMembers {
		return w.fail("too many members", i)
	}
	if len(name) > maxPath {
		return w.fail("name too long", i)
	}
	w.fields = append(w.fields, event.Field{Name: name})
	w.awkward = false
	end, kind, escaped := w.value(i, name, 1)
	if end < 0 {
		return -1
	}
	f := &w.fields[at]
	f.Kind, f.Value, f.Escaped = kind, w.b[i:end], escaped
	switch {
	case w.awkward:
		f.Kind, f.Escaped = event.String, false
	case kind == event.String:
		f.Value = w.b[i+1 : end-1]
		w.lookInside(name, f.Value, escaped, 1)
	}
	return end
}

// nested reads the value at i of a member of an object inside the record.
func (w *walker) nested(i int, prefix, name []byte, depth int) int {
	// Beyond the limit nothing is looked at for facts, and the path need not be kept.
	path := name
	if w.derived < maxDerived && depth <= maxDepth {
		path = w.join(prefix, name)
	}
	end, kind, escaped := w.value(i, path, depth+1)
	if end < 0 {
		return -1
	}
	if len(path) > maxPath {
		w.awkward = true
		return end
	}
	value := w.b[i:end]
	if kind == event.String {
		value = value[1 : len(value)-1]
		w.lookInside(path, value, escaped, depth+1)
	}
	if kind <= event.Bool {
		w.derive(event.Field{Name: path, Value: value, Kind: kind, Escaped: escaped})
	}
	return end
}

// join returns prefix, a dot and name.
func (w *walker) join(prefix, name []byte) []byte {
	if len(prefix) == 0 {
		return name
	}
	start := len(w.text)
	w.text = append(append(append(w.text, prefix...), '.'), name...)
	return w.text[start:]
}

// derive adds a derived field, as long as there are not too many.
func (w *walker) derive(f event.Field) {
	if w.derived < maxDerived {
		f.Derived = true
		w.derived++
		w.fields = append(w.fields, f)
	}
}

// value reads the value at i and returns the index after it, or -1. path is its dotted name; depth is how many
// objects and arrays are around it.
func (w *walker) value(i int, path []byte, depth int) (end int, kind event.Kind, escaped bool) {
	switch c := w.byteAt(i); c {
	case '"':
		if end, escaped = w.stringEnd(i + 1); end >= 0 {
			end++
		}
		return end, event.String, escaped
	case '{':
		if depth > maxDepth {
			w.awkward = true
		}
		return w.object(i, path, depth), event.Object, false
	case '[':
		return w.array(i, path, depth), event.Array, false
	case 't':
		return w.literalEnd(i, "true"), event.Bool, false
	case 'f':
		return w.literalEnd(i, "false"), event.Bool, false
	case 'n':
		return w.literalEnd(i, "null"), event.Null, false
	}
	if end = w.numberEnd(i); end-i > maxNumber {
		w.awkward = true
	}
	return end, event.Number, false
}

// array reads the array whose bracket is at i and returns the index after it, or -1.
func (w *walker) array(i int, path []byte, depth int) int {
	if depth > maxNesting {
		return w.fail("nested too deep", i)
	}
	if i = w.space(i + 1); w.byteAt(i) == ']' {
		return i + 1
	}
	for {
		if i, _, _ = w.value(i, path, depth+1); i < 0 {
			return -1
		}
		switch i = w.space(i); w.byteAt(i) {
		case ',':
			i = w.space(i + 1)
		case ']':
			return i + 1
		default:
			return w.unexpected(i)
		}
	}
}
