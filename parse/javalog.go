package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// javaPattern reads the log of a Java program by the pattern in its logback or log4j2 configuration. The message may
// have several lines; a stack trace at its end is kept apart.
type javaPattern struct {
	walker
	layout
	format string
	// message is the index of the message among the values; the number of values when there is none.
	message      int
	found        spans
	stamps       []byte
	plain, first []byte
}

func (p *javaPattern) Name() string  { return p.format }
func (*javaPattern) Dataset() string { return "app" }

// Starts tells whether line has all that the pattern has before the message.
func (p *javaPattern) Starts(line []byte) bool {
	s := values.Uncoloured(trimBOM(line), &p.first)
	s = bytes.TrimRight(s, "\r\n")
	m := p.match(s, p.message, &p.found)
	if m.bad {
		return false
	}
	return p.message == len(p.elements) || p.message > 0 || bytes.HasPrefix(s, p.elements[0].before)
}

func (p *javaPattern) Parse(ev *event.Event) {
	ev.Raw = values.Uncoloured(validText(ev.Raw), &p.plain)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \t\r\n")
	whole, more := s, []byte(nil)
	if last := len(p.elements) - 1; p.message != last || len(p.end) > 0 {
		whole, more = firstLine(s) // what follows the message ends the first line
	}
	m := p.match(whole, len(p.elements), &p.found)
	if m.bad && more != nil {
		whole, more = s, nil
		m = p.match(whole, len(p.elements), &p.found)
	}
	if m.bad {
		ev.Malformed = m.describe(p.format)
		return
	}
	p.start(ev.Fields[:0])
	p.high = true
	p.stamps = p.stamps[:0]
	for k := range p.elements {
		p.value(&p.elements[k], bytes.TrimSpace(whole[p.found[k].start:p.found[k].end]))
	}
	if rest := bytes.TrimRight(more, " \t\r\n"); len(rest) > 0 {
		p.fields = append(p.fields, withValue(stackField, rest))
	}
	ev.Fields, p.fields = p.fields, nil
}

// value adds what one value of the record says.
func (p *javaPattern) value(e *element, v []byte) {
	if len(v) == 0 {
		return
	}
	f := withValue(e.field, v)
	switch e.form {
	case asMessage:
		p.body(v)
		return
	case asNumber:
		if f.Kind = numberKind(v); f.Kind != event.Number {
			return
		}
	case asStamp:
		f.Value = e.stamp.Rewrite(&p.stamps, v)
	}
	p.fields = append(p.fields, f)
	if e.form == asPairs {
		p.pairs(v)
	}
}
