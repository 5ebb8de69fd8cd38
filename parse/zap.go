package parse

import (
	"bytes"
	"time"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// zap reads what zap's console encoder writes: time, level, logger, caller and message between tabs, then the context as
// a JSON object. A stack trace follows in further lines. (Its JSON encoder writes the format json.)
type zap struct {
	walker
	plain, plainLine []byte
}

func (*zap) Name() string    { return "zap" }
func (*zap) Dataset() string { return "app" }

// Starts tells whether line begins with a time, a tab and a level.
func (p *zap) Starts(line []byte) bool {
	_, _, _, ok := zapHead(values.Uncoloured(trimBOM(line), &p.plainLine))
	return ok
}

// zapHead splits time and level off a line.
func zapHead(s []byte) (stamp, level, rest []byte, ok bool) {
	stamp, rest, ok = bytes.Cut(s, []byte{'\t'})
	if !ok || len(stamp) < 10 || len(stamp) > 40 {
		return nil, nil, nil, false
	}
	level, rest, ok = bytes.Cut(rest, []byte{'\t'})
	if !ok || len(level) > 8 || values.Level(level) == nil {
		return nil, nil, nil, false
	}
	_, ok = values.Time(stamp, time.UTC)
	return stamp, level, rest, ok
}

// The fields of zap, whose names are in the documents' own words: the context may have level or time too.
var (
	zapTime   = event.Field{Key: event.Timestamp, Name: []byte("@timestamp")}
	zapLevel  = event.Field{Key: event.Level, Name: []byte("log.level")}
	zapLogger = event.Field{Key: event.Logger, Name: []byte("log.logger")}
	zapCaller = event.Field{Name: []byte("caller")}
	zapStack  = event.Field{Key: event.ErrorStack, Name: []byte("error.stack_trace")}
)

func (p *zap) Parse(ev *event.Event) {
	ev.Raw = values.Uncoloured(validText(ev.Raw), &p.plain)
	line, stack := firstLine(trimBOM(ev.Raw))
	stamp, level, s, ok := zapHead(line)
	if !ok {
		ev.Malformed = "zap: does not begin with a time and a level, each before a tab"
		return
	}
	p.start(ev.Fields[:0])
	p.high = true
	p.field(zapTime, stamp)
	p.field(zapLevel, level)
	first, rest, more := bytes.Cut(s, []byte{'\t'})
	if second, after, _ := bytes.Cut(rest, []byte{'\t'}); more && isCaller(second) {
		p.field(zapLogger, first)
		first, rest = second, after
	}
	message := s
	if more && isCaller(first) {
		p.field(zapCaller, first)
		message = rest
	}
	message = p.context(message)
	p.field(messageField, message)
	p.mine(message, false)
	if stack != nil {
		p.field(zapStack, stack)
	}
	if p.unusual {
		makeUnique(p.fields)
	}
	ev.Fields, p.fields = p.fields, nil
}

func (p *zap) field(f event.Field, value []byte) {
	if len(value) > 0 {
		p.fields = append(p.fields, withValue(f, value))
	}
}

// isCaller tells whether s is the place in the code that logs: pay/notify.go:57.
func isCaller(s []byte) bool {
	file, line, ok := bytes.Cut(s, []byte{':'})
	return ok && values.AllDigits(line) && bytes.IndexByte(file, '.') > 0 && bytes.IndexByte(file, ' ') < 0
}

// context reads the JSON object that stands behind the last tab as members of the record, and returns what stands
// before it.
func (p *zap) context(s []byte) []byte {
	i := bytes.LastIndexByte(s, '\t')
	if i < 0 || i+1 == len(s) || s[i+1] != '{' {
		return s
	}
	header := len(p.fields)
	p.b = s[i+1:]
	if end := p.record(0); end != len(p.b) {
		p.fields = p.fields[:header]
		return s
	}
	for i := header; i < len(p.fields); i++ {
		f := &p.fields[i]
		if f.Derived {
			continue
		}
		p.unusual = p.unusual || p.named(f.Name, header)
		if string(f.Name) == "error" && f.Kind == event.String {
			p.mineField(i)
		}
	}
	return s[:i]
}

// named tells whether one of the first fields, or the message, has that name.
func (p *zap) named(name []byte, first int) bool {
	for i := range p.fields[:first] {
		if bytes.Equal(p.fields[i].Name, name) {
			return true
		}
	}
	return string(name) == "message" || string(name) == "error.stack_trace"
}

// fitsZap tells whether a line is one of zap's console encoder.
func fitsZap(line []byte) bool {
	var p zap
	return p.Starts(line)
}
