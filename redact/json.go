package redact

import (
	"bytes"
	"encoding/json"
)

// jsonState follows the strings of a record that is one JSON object or array, as far as somebody asked. Only records
// with something to take out ever ask.
type jsonState struct {
	kind     uint8
	pos      int  // where the state is known
	inString bool // in[:pos] ends inside a string
}

const (
	jsonUnknown uint8 = iota
	jsonNot
	jsonDocument
)

// inJSON tells whether the record is a JSON object or array and, if so, whether in[i] is inside one of its strings.
func (s *scan) inJSON(i int) (document, inString bool) {
	if s.json.kind == jsonUnknown {
		s.json.kind = jsonNot
		if isJSON(s.in) {
			s.json.kind = jsonDocument
		}
	}
	if s.json.kind == jsonNot {
		return false, false
	}
	if i < s.json.pos {
		s.json.pos, s.json.inString = 0, false
	}
	for ; s.json.pos < i; s.json.pos++ {
		switch s.in[s.json.pos] {
		case '"':
			s.json.inString = !s.json.inString
		case '\\':
			if s.json.inString {
				s.json.pos++
			}
		}
	}
	return true, s.json.inString
}

// isJSON tells whether text is one JSON object or array.
func isJSON(text []byte) bool {
	start := bytes.TrimLeft(text, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[') && json.Valid(text)
}

// bareNumber returns the quotes that a number at in[from:to] must get when it is no number any more: those of JSON when
// it stands in JSON outside a string, or those of the key before it when that JSON is itself inside a string or a line
// of text. nil when it needs none.
func (s *scan) bareNumber(from, to int) []byte {
	before := from
	if before > 0 && s.in[before-1] == '-' {
		before--
	}
	before = spacesBefore(s.in, before)
	if before == 0 || !structural(s.in, to) {
		return nil
	}
	document, inString := s.inJSON(from)
	switch s.in[before-1] {
	case ',', '[':
		if document && !inString {
			return doubleQuote
		}
	case ':':
		q, ok := quoteBefore(s.in, spacesBefore(s.in, before-1))
		if document && !inString {
			return doubleQuote
		}
		if ok && !(document && q.sign == '"' && q.slashes == 0) {
			return q.text
		}
	}
	return nil
}

var doubleQuote = []byte(`"`)

func spacesBefore(in []byte, i int) int {
	for i > 0 && isSpace(in[i-1]) {
		i--
	}
	return i
}

// structural tells whether what follows in[:i] ends a JSON value.
func structural(in []byte, i int) bool {
	for i < len(in) && isSpace(in[i]) {
		i++
	}
	return i >= len(in) || in[i] == ',' || in[i] == '}' || in[i] == ']' || in[i] == '\\'
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
