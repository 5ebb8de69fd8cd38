package scan

import (
	"bytes"
	"strings"

	"gatewatch/event"
	"gatewatch/parse"
)

// file is the work on one file.
type file struct {
	*Scanner
	name   string
	line   int // number of the line that comes next
	parser parse.Parser
	// edges is another parser of the same format for lines that are looked at out of turn, because a parser may remember
	// the line before.
	edges parse.Parser
	found func(Finding)
}

func (f *file) detect(text []byte) (err error) {
	lines := bytes.SplitN(text, newline, sampleLines+1)
	format := parse.Detect(lines[:min(len(lines), sampleLines)])
	if f.parser, err = parse.New(format); err != nil {
		return err
	}
	f.edges, err = parse.New(format)
	return err
}

const (
	// maxRecord bounds the lines that are looked at as one record.
	maxRecord = 64 << 10
	// maxNumber is more than the longest value that must not be cut in two.
	maxNumber = 4 << 10
)

// cut returns how much of a full buffer to look at now: up to the last line that begins a record, or up to the last
// line break, or, when a line is longer than the buffer, up to something that is in no number.
func (f *file) cut(text []byte) int {
	last := bytes.LastIndexByte(text, '\n') + 1
	if last == 0 {
		tail := text[len(text)-maxNumber:]
		if at := bytes.LastIndexAny(tail, "\",;<>{}"); at > 0 {
			return len(text) - maxNumber + at
		}
		return len(text)
	}
	for start := last; start > 0 && last-start < maxRecord; {
		end := start - 1
		start = bytes.LastIndexByte(text[:end], '\n') + 1
		if start == 0 {
			break
		}
		before := bytes.LastIndexByte(text[:start-1], '\n') + 1
		f.edges.Starts(text[before : start-1]) // for what the answer about the next line rests on
		if f.edges.Starts(text[start:end]) {
			return start
		}
	}
	return last
}

// piece looks at text. Nearly always there is nothing in it, which the redactor tells of all of it at once.
func (f *file) piece(text []byte) {
	clean := f.redactor.Redact(f.clean[:0], text)
	if len(text) == 0 || &clean[0] == &text[0] {
		f.line += bytes.Count(text, newline)
		return
	}
	f.clean = clean
	for len(text) > 0 {
		n := f.recordLength(text)
		f.record(text[:n])
		f.line += bytes.Count(text[:n], newline)
		text = text[n:]
	}
}

// recordLength returns the length of the record at the beginning of text, with its line break.
func (f *file) recordLength(text []byte) int {
	for n := 0; ; {
		end := bytes.IndexByte(text[n:], '\n')
		if end < 0 {
			return len(text)
		}
		n += end + 1
		next := text[n:]
		if end = bytes.IndexByte(next, '\n'); end >= 0 {
			next = next[:end]
		}
		if len(next) == 0 && n == len(text) || n+len(next) > maxRecord || f.parser.Starts(next) {
			return n
		}
	}
}

// record reports what is in one record.
func (f *file) record(text []byte) {
	text = bytes.TrimSuffix(text, newline)
	logger, known := "", false
	line, counted := f.line, 0
	for _, found := range f.redactor.Find(text) {
		if !f.All && !isCardData(found.Kind) {
			continue
		}
		if !known {
			logger, known = f.logger(text), true
		}
		if at := min(found.At, len(text)); at > counted {
			line += bytes.Count(text[counted:at], newline)
			counted = at
		}
		f.found(Finding{File: f.name, Line: line, Kind: found.Kind, Masked: found.Masked, Logger: logger})
	}
}

func isCardData(kind string) bool {
	return kind == "pan" || kind == "cvv" || kind == "track" || kind == "pin"
}

// maxLogger bounds the length of a logger's name.
const maxLogger = 128

// logger returns the name of who wrote a record, or "".
func (f *file) logger(text []byte) string {
	ev := &f.ev
	ev.Reset()
	ev.Raw = f.redactor.Redact(nil, text)
	f.parser.Parse(ev)
	if ev.Malformed != "" {
		return ""
	}
	f.names.Assign(ev)
	name := ev.Fact(event.Logger)
	return strings.ToValidUTF8(string(name[:min(len(name), maxLogger)]), "")
}

var newline = []byte("\n")
