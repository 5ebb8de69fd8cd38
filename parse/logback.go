package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// logback reads what Java gateways write through logback and log4j: a time, a level, thread and logger in the usual
// orders, then the message, which may have several lines. A stack trace at its end is kept apart. Pairs (key=value,
// key：value), JSON objects, forms and XML in the message become derived fields.
type logback struct {
	walker
	// format is the name in the configuration when it is not logback.
	format string
	plain  []byte
}

func (p *logback) Name() string {
	if p.format != "" {
		return p.format
	}
	return "logback"
}

func (*logback) Dataset() string { return "app" }

// Starts tells whether line begins with a time and a level.
func (p *logback) Starts(line []byte) bool {
	var h header
	return h.read(values.Uncoloured(line, &p.plain))
}

// The fields of a header beside the message.
var (
	headerTime   = event.Field{Key: event.Timestamp, Name: []byte("time")}
	headerLevel  = event.Field{Key: event.Level, Name: []byte("level")}
	headerThread = event.Field{Key: event.Thread, Name: []byte("thread")}
	headerLogger = event.Field{Key: event.Logger, Name: []byte("logger")}
	headerApp    = event.Field{Key: event.Service, Name: []byte("application")}
	headerTrace  = event.Field{Key: event.TraceID, Name: []byte("trace")}
	headerPID    = event.Field{Name: []byte("pid")}

	// headerContext are the names of what else stands in brackets.
	headerContext = [maxBrackets]event.Field{
		{Name: []byte("context")}, {Name: []byte("context2")}, {Name: []byte("context3")},
		{Name: []byte("context4")}, {Name: []byte("context5")}, {Name: []byte("context6")},
	}

	stackField     = event.Field{Key: event.ErrorStack, Name: []byte("stack_trace")}
	exceptionField = event.Field{Key: event.ErrorMessage, Name: []byte("exception"), Derived: true}
)

func (p *logback) Parse(ev *event.Event) {
	ev.Raw = values.Uncoloured(validText(ev.Raw), &p.plain)
	first, _, _ := bytes.Cut(ev.Raw, []byte{'\n'})
	var h header
	if !h.read(first) {
		ev.Malformed = "logback: does not begin with a time and a level"
		return
	}
	p.start(ev.Fields[:0])
	p.header(&h)
	p.body(bytes.Trim(ev.Raw[h.message:], " \t\r\n"))
	ev.Fields, p.fields = p.fields, nil
}

// body adds the message, a stack trace at its end, and what the two say in pairs.
func (w *walker) body(message []byte) {
	var stack []byte
	if i := stackStart(message); i >= 0 {
		message, stack = bytes.TrimRight(message[:i], " \t\r\n"), message[i:]
	}
	if len(message) > 0 {
		w.fields = append(w.fields, withValue(messageField, message))
		w.pairs(message)
	}
	if stack == nil {
		return
	}
	w.fields = append(w.fields, withValue(stackField, stack))
	if exception := exceptionText(stack); len(exception) > 0 {
		w.fields = append(w.fields, withValue(exceptionField, exception))
		w.pairs(exception)
	}
}

// add adds a field unless its value is empty.
func (p *logback) add(f event.Field, value []byte) {
	if len(value) > 0 {
		p.fields = append(p.fields, withValue(f, value))
	}
}

func (p *logback) header(h *header) {
	stamp := headerTime
	if h.undated {
		stamp.Key = event.None
	}
	p.add(stamp, h.time)
	p.add(headerLevel, h.level)
	p.add(headerPID, h.pid)
	h.sortBrackets()
	p.add(headerApp, h.app)
	p.add(headerThread, h.thread)
	p.add(headerLogger, h.logger)
	p.add(headerTrace, h.trace)
	for i, c := range h.brackets[:h.count] {
		p.add(headerContext[i], c)
	}
}
