package parse

import (
	"bytes"

	"gatewatch/event"
)

// messageField is the field of formats whose message has no name.
var messageField = event.Field{Key: event.Message, Name: []byte("message")}

func withValue(f event.Field, value []byte) event.Field {
	f.Value = value
	return f
}

// text reads every line as a message: the format of files that have no other.
type text struct{}

func (text) Name() string       { return "text" }
func (text) Dataset() string    { return "app" }
func (text) Starts([]byte) bool { return true }

func (text) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	if msg := bytes.TrimRight(trimBOM(ev.Raw), "\r\n"); len(msg) > 0 {
		ev.Fields = append(ev.Fields, withValue(messageField, msg))
	}
}
