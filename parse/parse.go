// Package parse reads the records of log files: it finds out which format a file has, which lines belong to one
// record, and which fields a record holds.
//
// A Parser turns the text of a record into fields. Package facts then decides by their names which of them are facts, so
// that the knowledge of formats and the knowledge of gateways stay apart. What a single value says, in whatever format, is
// in internal/values.
package parse

import (
	"fmt"
	"strings"

	"gatewatch/event"
)

// Parser reads the records of one file. It is not safe for concurrent use, because it keeps buffers from record to
// record.
type Parser interface {
	// Name returns the format's name in the configuration: "json", "nginx", "logback" or "text".
	Name() string
	// Dataset returns the kind of log: "app", "access" for requests served, "database", "system", "audit" and the few others
	// that docs/formats.md lists.
	Dataset() string
	// Starts tells whether line, without its line break, begins a record; otherwise it continues the one before.
	Starts(line []byte) bool
	// Parse fills ev.Fields from ev.Raw, or ev.Malformed when the record does not follow the format. It sets facts
	// only by Field.Key, where the format itself fixes the meaning. Raw text that is not UTF-8 is replaced by text in
	// which each wrong byte is written \xNN. What Parse stores is valid until the next Parse of the same Parser and
	// as long as ev.Raw is. Every field that is not Derived can be spliced into a JSON object as it is: names are
	// unique, and objects and arrays are valid JSON without repeated names.
	Parse(ev *event.Event)
}

// formats lists the formats in the order in which Formats and error messages name them. Those that only read by a
// pattern have none to make without.
var formats = []struct {
	name string
	make func() Parser
}{
	{"json", func() Parser { return &jsonLines{} }},
	{"nginx", func() Parser { return &nginx{} }},
	{"apache", func() Parser { return &apache{} }},
	{"nginx-error", func() Parser { return &nginxError{} }},
	{"apache-error", func() Parser { return &apacheError{} }},
	{"logfmt", func() Parser { return &logfmt{} }},
	{"zap", func() Parser { return &zap{} }},
	{"golog", func() Parser { return &goLog{} }},
	{"killbill", func() Parser { return &killBill{} }},
	{"jtl", func() Parser { return usualJTL() }},
	{"logback", func() Parser { return &logback{} }},
	{"log4j2", func() Parser { return &logback{format: "log4j2"} }},
	{"syslog", func() Parser { return &syslog{} }},
	{"haproxy", func() Parser { return &haproxy{} }},
	{"mysql-slow", func() Parser { return &mysqlSlow{} }},
	{"mysql-error", func() Parser { return &mysqlError{} }},
	{"postgres", func() Parser { return &postgres{} }},
	{"mongodb", func() Parser { return &mongodb{} }},
	{"redis", func() Parser { return &redis{} }},
	{"audit", func() Parser { return &audit{} }},
	{"journald", func() Parser { return &journald{} }},
	{"regex", nil},
	{"grok", nil},
	{"text", func() Parser { return text{} }},
}

// New returns a Parser for the format, or an error that lists the known ones.
func New(format string) (Parser, error) {
	for _, f := range formats {
		switch {
		case f.name != format:
		case f.make == nil:
			return nil, fmt.Errorf("format %s needs a pattern", format)
		default:
			return f.make(), nil
		}
	}
	return nil, fmt.Errorf("unknown format %q (known: %s)", format, strings.Join(Formats(), ", "))
}

// Formats returns the names of all formats.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}
