package pipeline

import (
	"bytes"

	"gatewatch/event"
)

// maxSpanName bounds the name of a span in a message.
const maxSpanName = 96

var (
	spanBetween = []byte(" - ")
	spanName    = event.Field{Name: []byte("event.action"), ECS: true}
	spanType    = event.Field{Name: []byte("event.type"), ECS: true}
)

// splitSpan takes what hyperswitch writes before each message apart, "[CALL_CONNECTOR - EVENT] text", in which the words
// are the name of the span and START, END or EVENT. The name is event.action, a start or an end event.type, and what is
// left is the message: the name again where there is no text. It comes last, because names of spans tell what is paid.
func splitSpan(ev *event.Event) {
	message := ev.Fact(event.Message)
	if len(message) == 0 || message[0] != '[' {
		return
	}
	end := bytes.IndexByte(message[:min(len(message), maxSpanName)], ']')
	if end < 0 || end+1 < len(message) && message[end+1] != ' ' {
		return
	}
	i := bytes.LastIndex(message[:end], spanBetween)
	if i < 2 || !isSpanName(message[1:i]) {
		return
	}
	name, kind := message[1:i], ""
	switch string(message[i+len(spanBetween) : end]) {
	case "START":
		kind = "start"
	case "END":
		kind = "end"
	case "EVENT":
	default:
		return
	}
	for k := range ev.Fields {
		if f := &ev.Fields[k]; f.ECS && (string(f.Name) == "event.action" || string(f.Name) == "event.type") {
			return
		}
	}
	add := func(f event.Field, value []byte) {
		f.Value = value
		ev.Fields = append(ev.Fields, f)
	}
	add(spanName, name)
	if kind != "" {
		add(spanType, []byte(kind))
	}
	text := bytes.TrimLeft(message[end+1:], " ")
	if len(text) == 0 {
		text = name
	}
	ev.SetFact(event.Message, text)
}

// isSpanName tells whether s is the name of a span: capitals, digits and what stands in paths.
func isSpanName(s []byte) bool {
	letters := 0
	for _, c := range s {
		switch {
		case c >= 'A' && c <= 'Z':
			letters++
		case c >= '0' && c <= '9', c == '_', c == ':', c == '.', c == '/', c == '-', c == ' ':
		default:
			return false
		}
	}
	return letters > 0
}
