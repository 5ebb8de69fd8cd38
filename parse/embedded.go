package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// embedded reads the JSON object that text begins with as derived fields below prefix, and returns the index after
// it; -1 when it is none, and then adds nothing.
func (w *walker) embedded(text, prefix []byte, depth int) int {
	outer, awkward := w.scanner, w.awkward
	fields, derived, keys := len(w.fields), w.derived, len(w.keys)
	w.scanner = scanner{b: text}
	end := w.object(0, prefix, depth)
	if end < 0 {
		w.fields, w.derived, w.keys = w.fields[:fields], derived, w.keys[:keys]
	}
	w.scanner, w.awkward = outer, awkward
	return end
}

// objectAt reads a JSON object at text[i] as members below key and returns the index after it, or 0.
func (w *walker) objectAt(text []byte, i int, key []byte) int {
	inside := bytes.TrimLeft(text[i+1:], " \t\r\n")
	if len(inside) == 0 || inside[0] != '"' || w.failures == maxFailures {
		return 0
	}
	end := w.embedded(text[i:], key, 1)
	if end < 0 {
		w.failures++
		return 0
	}
	return i + end
}

// element reads <name>value</name> at text[i] and returns the index after it, or 0.
func (w *walker) element(text []byte, i int) int {
	end := bytes.IndexByte(text[i:min(len(text), i+maxKey)], '>')
	if end < 2 || !isLetter(text[i+1]) {
		return 0
	}
	name, value := text[i+1:i+end], text[i+end+1:]
	length, skipped := bytes.IndexByte(value, '<'), 0
	if body, ok := bytes.CutPrefix(value, []byte("<![CDATA[")); ok {
		skipped = len("<![CDATA[") + len("]]>")
		value, length = body, bytes.Index(body, []byte("]]>"))
	}
	if length <= 0 || bytes.IndexByte(name, ' ') >= 0 {
		return 0
	}
	w.derive(event.Field{Name: name, Value: value[:length]})
	return i + end + 1 + skipped + length
}

// formValue returns the text of a value in a form, with %XX and + decoded.
func (w *walker) formValue(s []byte) []byte {
	start := len(w.text)
	w.plain = false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%' && i+2 < len(s) && values.HexValue(s[i+1]) >= 0 && values.HexValue(s[i+2]) >= 0:
			w.text = append(w.text, byte(values.HexValue(s[i+1])<<4|values.HexValue(s[i+2])))
			i += 2
		case s[i] == '+':
			w.text = append(w.text, ' ')
		default:
			w.text = append(w.text, s[i])
		}
	}
	return w.text[start:]
}
