package event

import (
	"strconv"
	"time"
)

// Note is a record that no log file has: something that a part of the agent observed and that people search for, such
// as a slow statement of a database. It stands in the journal beside the records of log files.
type Note struct {
	// Dataset is the kind of note: "postgresql.statement". It chooses the data stream. There are few kinds.
	Dataset string
	// Time is when it was observed.
	Time time.Time
	// Level is as in a log: "info", "warn"; may be empty.
	Level string
	// Message is for people.
	Message string
	// Fields are what else is known, under names of the Elastic Common Schema or of Elastic's integrations.
	Fields []NoteField
}

// NoteField is one field of a Note. Texts are redacted before they are kept, like those of a log.
type NoteField struct {
	Name  string
	value string
	kind  Kind
}

// NoteText returns a field that holds text.
func NoteText(name, text string) NoteField { return NoteField{name, text, String} }

// NoteNumber returns a field that holds a number, which must be finite.
func NoteNumber(name string, n float64) NoteField {
	return NoteField{name, strconv.FormatFloat(n, 'f', -1, 64), Number}
}

// Event returns the event that n is in source. clean takes out of a text what must not be kept.
func (n *Note) Event(source *Source, offset int64, clean func(string) []byte) *Event {
	e := new(Event)
	e.Reset()
	e.Source, e.Offset, e.Time = source, offset, n.Time
	if n.Level != "" {
		e.SetFact(Level, []byte(n.Level))
	}
	if n.Message != "" {
		e.SetFact(Message, clean(n.Message))
	}
	for _, f := range n.Fields {
		value := []byte(f.value)
		if f.kind == String {
			value = clean(f.value)
		}
		e.Fields = append(e.Fields, Field{Name: []byte(f.Name), Value: value, Kind: f.kind, ECS: true})
	}
	return e
}
