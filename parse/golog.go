package parse

import (
	"bytes"

	"gatewatch/event"
)

// goLog reads what Go's log package writes: 2026/11/22 08:00:00 file.go:12: message, with a level before the message
// when slog writes through it. Further lines belong to the message, as in the errors of WeChat Pay's SDK.
type goLog struct{ walker }

func (*goLog) Name() string    { return "golog" }
func (*goLog) Dataset() string { return "app" }

// Starts tells whether line begins with a date in slashes and a time.
func (*goLog) Starts(line []byte) bool { return goStampLen(trimBOM(line)) > 0 }

// goStampLen returns the length of the time that s begins with, with the space behind it, or 0.
func goStampLen(s []byte) int {
	if len(s) < 20 || s[4] != '/' || s[7] != '/' || s[10] != ' ' || s[13] != ':' || s[16] != ':' || !isDigit(s[0]) || !isDigit(s[18]) {
		return 0
	}
	n := 19
	if s[n] == '.' {
		for n++; n < len(s) && isDigit(s[n]); n++ {
		}
	}
	if n == len(s) || s[n] != ' ' {
		return 0
	}
	return n + 1
}

func (p *goLog) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	s := trimBOM(ev.Raw)
	n := goStampLen(s)
	if n == 0 {
		ev.Malformed = "golog: does not begin with a date and a time"
		return
	}
	p.start(ev.Fields[:0])
	p.high = true
	p.fields = append(p.fields, withValue(timeField, s[:n-1]))
	s = s[n:]
	if level, rest, ok := bytes.Cut(s, []byte{' '}); ok {
		if isLevel(level) {
			p.fields = append(p.fields, withValue(levelField, level))
			s = rest
		} else if name := bytes.Trim(level, "[]:"); len(name) < len(level) && isLevel(name) {
			p.fields = append(p.fields, withValue(levelField, name))
			s = rest
		}
	}
	if caller, rest, ok := bytes.Cut(s, []byte(": ")); ok && isCaller(caller) {
		p.fields = append(p.fields, withValue(zapCaller, caller))
		s = rest
	}
	p.body(bytes.TrimSpace(s))
	ev.Fields, p.fields = p.fields, nil
}

// fitsGoLog tells whether line is one of Go's log package and has no header that other formats know.
func fitsGoLog(line []byte) bool {
	return goStampLen(trimBOM(line)) > 0 && !new(logback).Starts(line) && !new(nginxError).Starts(line)
}
