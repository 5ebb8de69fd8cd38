package parse

import (
	"bytes"

	"gatewatch/event"
)

// inside reads the JSON that a program gave to a logging daemon as its message.
type inside struct {
	parser jsonLines
	ev     event.Event
}

// json adds the fields of a message that is a JSON object, and tells whether it is. Its own names then say what the
// message and the level are.
func (in *inside) json(l *fieldList, message []byte) bool {
	message = bytes.TrimLeft(bytes.TrimPrefix(message, []byte("@cee:")), " ")
	if len(message) < 2 || message[0] != '{' || message[len(message)-1] != '}' {
		return false
	}
	in.ev.Reset()
	in.ev.Raw = message
	in.parser.Parse(&in.ev)
	if in.ev.Malformed != "" {
		return false
	}
	for _, f := range in.ev.Fields {
		// The daemon's time comes first; a field with the same name must not stand beside it.
		if f.Derived || string(f.Name) != string(stampField.Name) {
			l.fields = append(l.fields, f)
		}
	}
	return true
}
