package parse

import (
	"bytes"
	"time"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// killBill reads Kill Bill's log: a time, then lvl='INFO', log='PaymentProcessor', th='…', rId='…', … and the message.
type killBill struct{ walker }

func (*killBill) Name() string    { return "killbill" }
func (*killBill) Dataset() string { return "app" }

// Starts tells whether line begins with lvl='…', after a time or without one.
func (*killBill) Starts(line []byte) bool {
	_, rest := killBillTime(trimBOM(line))
	return bytes.HasPrefix(rest, []byte("lvl='"))
}

// killBillTime splits a time off a line.
func killBillTime(s []byte) (stamp, rest []byte) {
	if i := bytes.Index(s[:min(len(s), 64)], []byte(" lvl='")); i > 0 {
		if _, ok := values.Time(s[:i], time.UTC); ok {
			return s[:i], s[i+1:]
		}
	}
	return nil, s
}

var (
	killBillLevel   = event.Field{Key: event.Level, Name: []byte("lvl")}
	killBillLogger  = event.Field{Key: event.Logger, Name: []byte("log")}
	killBillThread  = event.Field{Key: event.Thread, Name: []byte("th")}
	killBillRequest = event.Field{Key: event.TraceID, Name: []byte("rId")}
)

func (p *killBill) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	stamp, s := killBillTime(trimBOM(ev.Raw))
	if !bytes.HasPrefix(s, []byte("lvl='")) {
		ev.Malformed = "killbill: does not begin with lvl='…', after a time or without one"
		return
	}
	p.start(ev.Fields[:0])
	p.high = true
	if stamp != nil {
		p.fields = append(p.fields, withValue(timeField, stamp))
	}
	var seen names
	for {
		name, _, ok := bytes.Cut(s[:min(len(s), maxKey)], []byte("='"))
		if !ok || logfmtKey(s) != len(name) {
			break
		}
		value, _, ok := bytes.Cut(s[len(name)+2:], []byte{'\''})
		if !ok {
			break
		}
		s = bytes.TrimPrefix(s[len(name)+2+len(value)+1:], []byte(", "))
		if seen.add(name) {
			p.compare(name)
		}
		p.pairField(name, value)
	}
	p.body(bytes.TrimSpace(s))
	if p.unusual {
		makeUnique(p.fields)
	}
	ev.Fields, p.fields = p.fields, nil
}

// pairField adds one of the values before the message.
func (p *killBill) pairField(name, value []byte) {
	f := event.Field{Name: name}
	switch string(name) {
	case "lvl":
		f = killBillLevel
	case "log":
		f = killBillLogger
	case "th":
		f = killBillThread
	case "rId":
		f = killBillRequest
	}
	if len(value) > 0 {
		p.fields = append(p.fields, withValue(f, value))
	}
}
