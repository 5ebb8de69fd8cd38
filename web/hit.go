package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"gatewatch/event"
)

// maxMessage bounds the text of a record in a list; the whole of it is among its fields.
const maxMessage = 400

// maxFields bounds the fields shown of one record.
const maxFields = 200

// record is one found record as the page shows it.
type record struct {
	// ID differs between records and stays the same for one, whichever page shows it.
	ID                                string
	Time                              time.Time
	Level, Provider, Outcome, Message string
	// Path is the file, Offset the place in it.
	Path   string
	Offset int64
	Fields []field
	// Broken says that the document could not be decoded; Message is its text.
	Broken bool
}

// field is one name and value of a document.
type field struct {
	Name, Value string
	// Note says the value in other words: a duration in seconds.
	Note string
	// Filter tells that a search can ask for it by name.
	Filter bool
}

var errNoObject = errors.New("the document is not a JSON object")

func newRecord(h Hit) record {
	id := xxhash.Sum64String(h.Path + "\x00" + strconv.FormatInt(h.Offset, 10))
	r := record{ID: "r" + strconv.FormatUint(id, 36), Time: h.Time, Path: h.Path, Offset: h.Offset}
	fields, err := decodeDocument(h.Document)
	if err != nil {
		r.Broken, r.Message = true, strings.ToValidUTF8(string(h.Document), "\uFFFD")
		return r
	}
	r.Fields = fields
	var code, reason string
	for _, f := range fields {
		switch f.Name {
		case event.Level.String():
			r.Level = f.Value
		case event.Provider.String():
			r.Provider = f.Value
		case outcomeField:
			r.Outcome = f.Value
		case event.Message.String():
			r.Message = f.Value
		case event.Code.String():
			code = f.Value
		case event.ErrorMessage.String():
			reason = f.Value
		}
	}
	if r.Message == "" {
		r.Message = firstOf(reason, requestLine(fields), code)
	}
	return r
}

// requestLine is what an access log's record is about, which has no message.
func requestLine(fields []field) string {
	var parts []string
	for _, name := range []event.Key{event.HTTPMethod, event.URL, event.HTTPStatus} {
		for _, f := range fields {
			if f.Name == name.String() {
				parts = append(parts, f.Value)
			}
		}
	}
	return strings.Join(parts, " ")
}

// Short is the message cut to what a line of the list shows.
func (r *record) Short() string {
	if len(r.Message) <= maxMessage {
		return r.Message
	}
	return cutText(r.Message, maxMessage) + "…"
}

// decodeDocument returns the fields of a document in its order, those below "fields" as "fields.name".
func decodeDocument(doc []byte) ([]field, error) {
	var all []field
	err := eachMember(doc, func(name string, value json.RawMessage) error {
		if len(all) >= maxFields {
			return nil
		}
		if name != "fields" {
			all = append(all, newField(name, value))
			return nil
		}
		return eachMember(value, func(inner string, value json.RawMessage) error {
			if len(all) < maxFields {
				all = append(all, newField("fields."+inner, value))
			}
			return nil
		})
	})
	return all, err
}

func newField(name string, value json.RawMessage) field {
	f := field{Name: strings.ToValidUTF8(name, "\uFFFD"), Value: string(value)}
	if len(value) > 0 && value[0] == '"' {
		var s string
		if json.Unmarshal(value, &s) == nil {
			f.Value = s
		}
	}
	if !utf8.ValidString(f.Value) {
		f.Value = strings.ToValidUTF8(f.Value, "\uFFFD")
	}
	_, known := fieldName(name)
	nested := len(value) > 0 && (value[0] == '{' || value[0] == '[')
	f.Filter = known && !nested && !strings.ContainsFunc(name, func(r rune) bool { return r == ':' || r == '"' || unicode.IsSpace(r) })
	switch name {
	case event.Timestamp.String(), event.Message.String(), event.ErrorStack.String(), event.Duration.String():
		f.Filter = false
	}
	if name == event.Duration.String() {
		if ns, err := strconv.ParseInt(f.Value, 10, 64); err == nil {
			f.Note = seconds(time.Duration(ns).Seconds())
		}
	}
	return f
}

// eachMember calls f with the members of a JSON object in their order.
func eachMember(object []byte, f func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(object))
	open, err := d.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		return errNoObject
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(name.(string), value); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
