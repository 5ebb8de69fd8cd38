package parse

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// jsonLines reads one JSON object a line. What is valid JSON but not acceptable to Elasticsearch is kept without loss:
// of members with the same name the last keeps it and the others get a number behind theirs; a member that holds
// such an object, nests too deep or has a number too long becomes a string with its JSON text.
type jsonLines struct {
	walker
	shapes
}

func (*jsonLines) Name() string    { return "json" }
func (*jsonLines) Dataset() string { return "app" }

// Starts is always true: a line that is no JSON must not spoil the record before it.
func (*jsonLines) Starts([]byte) bool { return true }

func (p *jsonLines) Parse(ev *event.Event) {
	ok := p.read(ev)
	if ok && p.high && !utf8.Valid(ev.Raw) {
		ev.Raw = appendValid(nil, ev.Raw, `\\x`)
		ok = p.read(ev)
	}
	if !ok {
		ev.Malformed = fmt.Sprintf("json: %s at byte %d", p.problem, p.at)
		ev.Fields = ev.Fields[:0]
		ev.Raw = validText(ev.Raw)
	}
}

// read fills ev.Fields and tells whether ev.Raw is one JSON object.
func (p *jsonLines) read(ev *event.Event) bool {
	plain := isPlain(ev.Raw)
	s := p.known(ev, plain)
	ok := s != nil
	if !ok {
		p.begin(ev, plain)
		if ok = p.whole(); ok {
			p.learn(&p.walker)
		}
	}
	if ev.Layout = nil; s != nil && p.derived == 0 {
		ev.Layout = s.layout
	}
	ev.Plain = p.plain
	ev.Fields, p.fields = p.fields, nil
	return ok
}

// known reads a record that has the shape of one before, and returns that, or nil.
func (p *jsonLines) known(ev *event.Event, plain bool) *shape {
	for k := range maxShapes {
		i := (p.last + k) % maxShapes
		p.begin(ev, plain)
		if p.follow(&p.all[i]) {
			p.last = i
			return &p.all[i]
		}
	}
	return nil
}

func (p *jsonLines) begin(ev *event.Event, plain bool) {
	p.start(ev.Fields[:0])
	p.b, p.plain = ev.Raw, plain
}

// whole reads a record of any shape and tells whether it is one JSON object.
func (p *jsonLines) whole() bool {
	i := p.space(len(p.b) - len(trimBOM(p.b)))
	switch {
	case i == len(p.b):
		i = p.fail("empty line", 0)
	case p.b[i] != '{':
		i = p.fail("not an object", i)
	default:
		i = p.record(i)
	}
	if i >= 0 && p.space(i) < len(p.b) {
		i = p.fail("text after the object", p.space(i))
	}
	if i >= 0 && p.unusual {
		makeUnique(p.fields)
	}
	return i >= 0
}

// mine looks for pairs in the record's message.
func (w *walker) mine(message []byte, escaped bool) {
	if bytes.IndexByte(message, '=') < 0 && bytes.IndexByte(message, '{') < 0 && bytes.IndexByte(message, '<') < 0 &&
		(!w.high || bytes.Index(message, wideColon) < 0 && bytes.Index(message, spentWords[0]) < 0) &&
		(!escaped || !bytes.Contains(message, wechatSDK)) {
		return
	}
	if escaped {
		message = w.decode(message)
	}
	w.pairs(message)
}

// decode returns the text of the inside of a JSON string.
func (w *walker) decode(s []byte) []byte {
	start := len(w.text)
	w.text = values.AppendUnescaped(w.text, s)
	return w.text[start:]
}
