package parse

import (
	"bytes"
	"encoding/binary"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// journald reads what journalctl writes of systemd's journal: the export format (-o export), whose records of one field a
// line end with an empty one, and one JSON object a line (-o json). The message is read as syslog reads it.
type journald struct {
	fieldList
	inside  inside
	message inside
	program []byte
	command []byte
	said    []byte
}

func (*journald) Name() string    { return "journald" }
func (*journald) Dataset() string { return "system" }

var (
	journalCursor = []byte("__CURSOR=")
	journalTime   = []byte(`"__REALTIME_TIMESTAMP"`)
)

// Starts tells whether line is the first field of a record of the export format, or a record in JSON.
func (*journald) Starts(line []byte) bool {
	return bytes.HasPrefix(line, journalCursor) || len(line) > 0 && line[0] == '{'
}

func fitsJournald(line []byte) bool {
	if len(line) > 0 && line[0] == '{' {
		return bytes.Contains(line, journalTime)
	}
	name, _, ok := bytes.Cut(line, []byte{'='})
	if !ok || !isJournalName(name) {
		return false
	}
	// What the journal adds itself begins with an underscore.
	return name[0] == '_' && len(name) > 3 || string(name) == "MESSAGE" || string(name) == "PRIORITY" || bytes.HasPrefix(name, []byte("SYSLOG_"))
}

func (p *journald) Parse(ev *event.Event) {
	p.begin(ev)
	p.program, p.command, p.said = nil, nil, nil
	// The export format has lengths in it that are no text.
	raw := trimBOM(ev.Raw)
	ev.Raw = validText(ev.Raw)
	var ok bool
	if len(raw) > 0 && raw[0] == '{' {
		ok = p.json(trimBOM(ev.Raw))
	} else {
		ok = p.export(raw)
	}
	if !ok {
		p.fail(ev, "journald: no record of the export format or of JSON")
		return
	}
	p.finish()
	p.end(ev)
}

// json reads a record in JSON. A text that is not UTF-8 is an array of its bytes; of a field that a record has several
// times the values are an array.
func (p *journald) json(s []byte) bool {
	fields, ok := p.inside.read(s)
	if !ok {
		return false
	}
	for i := range fields {
		f := &fields[i]
		switch {
		case f.Derived || f.Kind == event.Null:
		case f.Kind == event.Array:
			if text, ok := p.bytesOf(f.Value); ok {
				p.field(f.Name, text)
			} else {
				p.once(*f, f.Value)
			}
		case f.Escaped:
			p.field(f.Name, p.unescaped(f.Value))
		default:
			p.field(f.Name, f.Value)
		}
	}
	return true
}

// bytesOf returns the text that an array of numbers spells.
func (p *journald) bytesOf(s []byte) ([]byte, bool) {
	start := len(p.text)
	for part := range bytes.SplitSeq(bytes.Trim(s, "[] "), []byte{','}) {
		n := 0
		if part = bytes.TrimSpace(part); !values.AllDigits(part) || len(part) > 3 {
			return nil, false
		}
		for _, c := range part {
			n = n*10 + int(c-'0')
		}
		p.text = append(p.text, byte(n))
	}
	return validText(p.text[start:]), true
}

// export reads a record of the export format: NAME=value, or NAME alone before a value with line breaks, whose length
// stands before it as eight bytes.
func (p *journald) export(s []byte) bool {
	some := false
	for len(s) > 0 {
		line, rest, _ := bytes.Cut(s, []byte{'\n'})
		name, value, ok := bytes.Cut(line, []byte{'='})
		switch {
		case !isJournalName(name):
		case ok:
			p.field(name, validText(bytes.TrimSuffix(value, []byte{'\r'})))
			some = true
		default:
			value, rest = journalValue(rest)
			p.field(name, validText(value))
			some = true
		}
		s = rest
	}
	return some
}

// journalValue cuts a value that follows its length. Where card data was taken out of it the length is not right any more;
// then the value ends before the next name.
func journalValue(s []byte) (value, rest []byte) {
	const prefix = 8
	if len(s) < prefix {
		return s, nil
	}
	n := binary.LittleEndian.Uint64(s)
	s = s[prefix:]
	if n == uint64(len(s)) || n < uint64(len(s)) && s[n] == '\n' && journalNameFollows(s[n+1:]) {
		return s[:n], s[min(int(n)+1, len(s)):]
	}
	for i := 0; ; {
		k := bytes.IndexByte(s[i:], '\n')
		if k < 0 {
			return s, nil
		}
		if i += k + 1; journalNameFollows(s[i:]) {
			return s[:i-1], s[i:]
		}
	}
}

// journalNameFollows tells whether s begins with the name of a field, or the record ends there.
func journalNameFollows(s []byte) bool {
	line := lineOf(s)
	name, _, _ := bytes.Cut(line, []byte{'='})
	return len(bytes.TrimSpace(s)) == 0 || isJournalName(name)
}

func isJournalName(s []byte) bool {
	if len(s) == 0 || len(s) > maxKey {
		return false
	}
	for _, c := range s {
		if c-'A' > 'Z'-'A' && !isDigit(c) && c != '_' {
			return false
		}
	}
	return true
}
