package parse

import "bytes"

// structuredLen returns the length of the structured data of RFC 5424 that s begins with, "-" for none, or 0.
func structuredLen(s []byte) int {
	if len(s) > 0 && s[0] == '-' {
		return 1
	}
	n := 0
	for n < len(s) && s[n] == '[' {
		end := elementLen(s[n:])
		if end == 0 {
			return 0
		}
		n += end
	}
	return n
}

// elementLen returns the length of one element in brackets, or 0 when it does not end.
func elementLen(s []byte) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return i + 1
		}
	}
	return 0
}

// appendStructured appends structured data as a JSON object of the elements, each an object of its parameters.
func (o *object) structured(s []byte) {
	o.open()
	for len(s) > 0 && s[0] == '[' {
		n := elementLen(s)
		if n == 0 {
			break
		}
		o.element(s[1 : n-1])
		s = s[n:]
	}
	o.close()
}

// element adds one element: its name, then name="value" pairs.
func (o *object) element(s []byte) {
	id, s, _ := bytes.Cut(s, []byte{' '})
	if !o.name(id) {
		return
	}
	o.open()
	for {
		name, rest, ok := bytes.Cut(bytes.TrimLeft(s, " "), []byte(`="`))
		if !ok {
			break
		}
		end := 0
		var value []byte
		start := 0
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' && end+1 < len(rest) && (rest[end+1] == '"' || rest[end+1] == '\\' || rest[end+1] == ']') {
				value = append(value, rest[start:end]...)
				end++
				start = end
			}
			end++
		}
		if value == nil {
			value = rest[:end]
		} else {
			value = append(value, rest[start:end]...)
		}
		o.text(name, value)
		s = rest[min(end+1, len(rest)):]
	}
	o.close()
}
