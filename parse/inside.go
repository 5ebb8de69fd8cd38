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
	fields, ok := in.read(message)
	if !ok {
		return false
	}
	for _, f := range fields {
		// The daemon's time comes first; a field with the same name must not stand beside it.
		if f.Derived || string(f.Name) != string(stampField.Name) {
			l.fields = append(l.fields, f)
		}
	}
	return true
}

// read returns the members of a JSON object, valid until the next call, or false when s is none.
func (in *inside) read(s []byte) ([]event.Field, bool) {
	in.ev.Reset()
	in.ev.Raw = s
	in.parser.Parse(&in.ev)
	return in.ev.Fields, in.ev.Malformed == ""
}
