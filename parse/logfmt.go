package parse

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"gatewatch/event"
)

// logfmt reads key=value pairs, as slog's text handler, logrus, go-kit and many others write them. A stack trace in
// further lines is kept apart.
type logfmt struct{ walker }

func (*logfmt) Name() string    { return "logfmt" }
func (*logfmt) Dataset() string { return "app" }

// Starts tells whether line begins with a pair.
func (*logfmt) Starts(line []byte) bool { return logfmtKey(trimBOM(line)) > 0 }

func (p *logfmt) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	line, stack := firstLine(trimBOM(ev.Raw))
	p.start(ev.Fields[:0])
	p.high = true
	seen := p.line(line)
	if len(p.fields) == 0 {
		ev.Malformed = "logfmt: does not begin with key=value"
		return
	}
	if len(stack) > 0 {
		p.compare(stackField.Name)
		p.add(stackField.Name, stack, event.String, false)
	}
	if p.unusual || seen.count > fewNames {
		makeUnique(p.fields)
	}
	ev.Fields, p.fields = p.fields, nil
}

// line reads the pairs of a line.
func (p *logfmt) line(line []byte) (seen names) {
	message, problem := -1, -1
	bare := -1 // where the value of the last field begins, when it has no quotes
	for s := bytes.TrimLeft(line, " "); len(s) > 0; s = bytes.TrimLeft(s, " ") {
		n := logfmtKey(s)
		if n < 0 {
			word, rest := word(s)
			s = rest
			switch {
			case len(p.fields) == 0:
				return seen
			case bare >= 0: // a value with spaces in it
				p.fields[len(p.fields)-1].Value = bytes.TrimRight(line[bare:len(line)-len(rest)], " ")
			case !seen.add(word) && bytes.IndexByte(word, '\\') < 0:
				p.add(word, wordTrue, event.Bool, false)
			}
			continue
		}
		key := s[:n]
		start := len(line) - len(s) + n + 1
		value, rest, escaped := p.logfmtValue(s[n+1:])
		if bare = -1; start < len(line) && line[start] != '"' {
			bare = start
		}
		s = rest
		if seen.add(key) {
			p.compare(key)
		}
		p.add(key, value, event.String, escaped)
		switch string(key) {
		case "msg", "message":
			message = len(p.fields) - 1
		case "err", "error":
			problem = len(p.fields) - 1
		}
	}
	p.mineField(message)
	p.mineField(problem)
	return seen
}

// mineField looks for pairs in the i-th field, if there is one.
func (w *walker) mineField(i int) {
	if i < 0 {
		return
	}
	w.mine(w.fields[i].Value, w.fields[i].Escaped)
}

var wordTrue = []byte("true")

// firstLine splits the first line of a record from the others.
func firstLine(s []byte) (first, others []byte) {
	first, others, _ = bytes.Cut(s, []byte{'\n'})
	return bytes.TrimRight(first, " \t\r"), bytes.TrimRight(others, " \t\r\n")
}

// logfmtKey returns the length of the key that s begins with, before its =, or -1.
func logfmtKey(s []byte) int {
	for i, c := range s {
		switch {
		case c == '=':
			if i == 0 {
				return -1
			}
			return i
		case c <= ' ' || c == '"' || c == '\\' || c == '\'' || c == '{' || c == '[' || c == '(' || c == ',' || c == 0x7f:
			return -1
		}
	}
	return -1
}

// logfmtValue cuts the value that s begins with.
func (p *logfmt) logfmtValue(s []byte) (value, rest []byte, escaped bool) {
	if len(s) == 0 || s[0] != '"' {
		if end := bytes.IndexByte(s, ' '); end >= 0 {
			return s[:end], s[end:], false
		}
		return s, nil, false
	}
	end, odd := 1, false
	for ; end < len(s) && s[end] != '"'; end++ {
		if s[end] == '\\' && end+1 < len(s) {
			escaped = true
			odd = odd || bytes.IndexByte([]byte(`"\/bfnrt`), s[end+1]) < 0
			end++
		} else if s[end] < ' ' {
			odd = true
		}
	}
	if end >= len(s) {
		return s, nil, false // a quote that is not closed is text
	}
	value, rest = s[1:end], s[end+1:]
	if escaped && odd {
		return p.unquoteGo(value), rest, false
	}
	return value, rest, escaped
}

// unquoteGo returns the text of the inside of a quoted string in Go.
func (p *logfmt) unquoteGo(s []byte) []byte {
	start := len(p.text)
	for text := string(s); text != ""; {
		r, multibyte, tail, err := strconv.UnquoteChar(text, '"')
		switch {
		case err != nil:
			p.text, tail = append(p.text, text[0]), text[1:]
		case multibyte || r < utf8.RuneSelf:
			p.text = utf8.AppendRune(p.text, r)
		default:
			p.text = append(p.text, `\x`...)
			p.text = append(p.text, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		}
		text = tail
	}
	return p.text[start:]
}

// fitsLogfmt tells whether line has pairs, of which one has a name that loggers use.
func fitsLogfmt(line []byte) bool {
	s := trimBOM(line)
	if logfmtKey(s) < 0 || bytes.Contains(s, []byte(" msg=audit(")) {
		return false
	}
	var p logfmt
	ev := event.Event{Raw: line}
	p.Parse(&ev)
	known := false
	for i := range ev.Fields {
		switch string(ev.Fields[i].Name) {
		case "level", "lvl", "severity", "msg", "message":
			known = true
		}
	}
	return known && len(ev.Fields) > 1
}
