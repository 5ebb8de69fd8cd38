package parse

import "gatewatch/event"

// object reads the object whose brace is at i, a value somewhere inside the record, and returns the index after it,
// or -1. prefix is its dotted name; depth is how many objects and arrays are around it, with the record's own.
func (w *walker) object(i int, prefix []byte, depth int) int {
	if depth > maxNesting {
		return w.fail("nested too deep", i)
	}
	if i = w.space(i + 1); w.byteAt(i) == '}' {
		return i + 1
	}
	seen := names{first: len(w.keys)}
	for {
		if w.byteAt(i) != '"' {
			return w.unexpected(i)
		}
		end, escaped := w.stringEnd(i + 1)
		if end < 0 {
			return -1
		}
		name := w.b[i+1 : end]
		w.enter(&seen, name, escaped)
		if i = w.colon(end + 1); i < 0 {
			return -1
		}
		if i = w.nested(i, prefix, name, depth); i < 0 {
			return -1
		}
		switch i = w.space(i); w.byteAt(i) {
		case ',':
			i = w.space(i + 1)
		case '}':
			w.leave(&seen)
			return i + 1
		default:
			return w.unexpected(i)
		}
	}
}

// nested reads the value at i of a member of an object inside the record.
func (w *walker) nested(i int, prefix, name []byte, depth int) int {
	// Beyond the limit nothing is looked at for facts, and the path need not be kept.
	path := name
	if w.derived < maxDerived && depth <= maxDepth {
		path = w.join(prefix, name)
	}
	if len(path) > maxPath {
		w.awkward = true
	}
	end, kind, escaped := w.value(i, path, depth+1)
	if end < 0 || kind > event.Bool || w.derived >= maxDerived || depth > maxDepth {
		return end
	}
	value := w.b[i:end]
	if kind == event.String {
		value = value[1 : len(value)-1]
		if escaped && value[0] == '{' && depth < maxDepth {
			w.embedded(w.decode(value), path, depth+1)
		}
	}
	w.derive(event.Field{Name: path, Value: value, Kind: kind, Escaped: escaped})
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

// value reads the value at i and returns the index after it, or -1. path is its dotted name.
func (w *walker) value(i int, path []byte, depth int) (end int, kind event.Kind, escaped bool) {
	switch w.byteAt(i) {
	case '{':
		if depth > maxDepth {
			w.awkward = true
		}
		return w.object(i, path, depth), event.Object, false
	case '[':
		return w.array(i, path, depth), event.Array, false
	}
	end, kind, escaped = w.scalar(i)
	if kind == event.Number && end-i > maxNumber {
		w.awkward = true
	}
	return end, kind, escaped
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
