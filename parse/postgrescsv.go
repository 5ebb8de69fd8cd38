package parse

import (
	"bytes"

	"gatewatch/event"
)

// isPgCSV tells whether s begins as a line of csvlog does.
func isPgCSV(s []byte) bool {
	n := pgStampLen(s)
	return n > 0 && n < len(s) && s[n] == ','
}

// The columns of csvlog that are more than a field. Versions 13 and 14 added the last three.
const (
	pgColumnTime    = 0
	pgColumnClient  = 4
	pgColumnStart   = 8
	pgColumnLevel   = 11
	pgColumnMessage = 13
	pgLeastColumns  = 22
)

// pgColumns are the fields of the other columns of csvlog.
var pgColumns = func() (all []*event.Field) {
	for _, name := range []string{
		"", "user", "database", "pid", "", "session_id", "+session_line_number", "command_tag", "", "virtual_transaction_id",
		"+transaction_id", "", "sql_state_code", "", "detail", "hint", "internal_query", "+internal_query_pos", "context",
		"query", "+query_pos", "location", "application_name", "backend_type", "+leader_pid", "query_id",
	} {
		switch {
		case name == "":
			all = append(all, nil)
		case name == "user":
			all = append(all, &userField)
		case name == "pid":
			all = append(all, &processPID)
		case name[0] == '+':
			f := ecsNumber("postgresql.log." + name[1:])
			all = append(all, &f)
		default:
			all = append(all, pgText(name))
		}
	}
	return all
}()

// fitsCSV tells whether line is a record of csvlog, or its beginning up to a line break in the message.
func (p *postgres) fitsCSV(line []byte) bool {
	if p.csv(line) {
		return true
	}
	column := 0
	for column < pgColumnMessage {
		var more bool
		if _, line, more = p.cell(line); !more {
			return false
		}
		column++
	}
	return len(line) > 1 && line[0] == '"' && bytes.Count(line, []byte{'"'})%2 == 1
}

// csv reads a record of csvlog, and tells whether it is one.
func (p *postgres) csv(s []byte) bool {
	column := 0
	for {
		value, rest, more := p.cell(s)
		switch {
		case column == pgColumnTime:
			p.add(stampField, pgStamp(value))
		case column == pgColumnClient:
			p.client(value)
		case column == pgColumnStart:
			p.sessionStart(value)
		case column == pgColumnLevel:
			p.add(severityField, pgLevel(value))
		case column == pgColumnMessage:
			p.message(value)
		case column < len(pgColumns):
			p.add(*pgColumns[column], value)
		}
		column++
		if !more {
			return column >= pgLeastColumns
		}
		s = rest
	}
}

// cell cuts the first cell of s. In quotes it may hold line breaks and, doubled, quotes.
func (p *postgres) cell(s []byte) (value, rest []byte, more bool) {
	if len(s) == 0 || s[0] != '"' {
		return bytes.Cut(s, []byte{','})
	}
	start := len(p.text)
	s = s[1:]
	for {
		i := bytes.IndexByte(s, '"')
		switch {
		case i < 0: // cut off at the length limit
			i = len(s)
		case i+1 < len(s) && s[i+1] == '"':
			p.text = append(p.text, s[:i+1]...)
			s = s[i+2:]
			continue
		}
		value = s[:i]
		if len(p.text) > start {
			p.text = append(p.text, value...)
			value = p.text[start:]
		}
		s = s[min(i+1, len(s)):]
		return value, bytes.TrimPrefix(s, []byte{','}), len(s) > 0 && s[0] == ','
	}
}
