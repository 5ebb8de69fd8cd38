package parse

import (
	"bytes"

	"gatewatch/internal/values"
)

// syslogHeader is what stands before the message in a line of syslog. The shapes it reads:
//
//	Nov 22 08:00:00 host program[pid]: message                                RFC 3164, as files have it
//	<86>Nov 22 08:00:00 host program[pid]: message                            RFC 3164, as it is sent
//	2026-11-22T08:00:00.123456+08:00 host program[pid]: message               rsyslog's file format
//	<86>1 2026-11-22T08:00:00.123Z host program pid id [data x="y"] message   RFC 5424
type syslogHeader struct {
	// priority is the number in angle brackets, nil without one, and code its value.
	priority []byte
	code     int
	// version is that of RFC 5424, nil in the older format.
	version                                   []byte
	time, host, program, pid, messageID, data []byte
	// message is the index of the message's first byte.
	message int
}

// read reads the header that line begins with, and tells whether there is one.
func (h *syslogHeader) read(line []byte) bool {
	*h = syslogHeader{}
	i := h.readPriority(line)
	s := line[i:]
	if len(s) > 2 && s[0] == '1' && s[1] == ' ' && (s[2] == '-' || isDigit(s[2])) {
		h.version = s[:1]
		return h.readNew(line, i+2)
	}
	n := stampLen(s)
	if n == 0 || n == len(s) || s[n] != ' ' {
		return false
	}
	h.time = s[:n]
	h.readOld(line, i+n+1)
	// A time stamp of ISO 8601 begins many formats, in which a level or a thread follows.
	return s[0] > '9' || h.priority != nil || h.program != nil && isHostName(h.host)
}

// readPriority reads "<86>" and returns the index after it, or 0.
func (h *syslogHeader) readPriority(line []byte) int {
	if len(line) < 3 || line[0] != '<' {
		return 0
	}
	end := bytes.IndexByte(line[:min(len(line), 5)], '>')
	if end < 2 || !values.AllDigits(line[1:end]) {
		return 0
	}
	for _, c := range line[1:end] {
		h.code = h.code*10 + int(c-'0')
	}
	if h.code > 191 {
		return 0
	}
	h.priority = line[1:end]
	return end + 1
}

// stampLen returns the length of the time stamp that s begins with, or 0.
func stampLen(s []byte) int {
	const month = len("Nov 22 08:00:00")
	switch {
	case len(s) <= month:
		return 0
	case s[3] == ' ' && s[6] == ' ' && s[9] == ':' && s[12] == ':' && isLetter(s[0]):
		n := month
		if s[n] == '.' {
			for n++; n < len(s) && isDigit(s[n]); n++ {
			}
		}
		return n
	case isDigit(s[0]) && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':':
		return max(bytes.IndexByte(s[:min(len(s), 36)], ' '), 0)
	}
	return 0
}

// readOld reads the host and the tag from i on.
func (h *syslogHeader) readOld(line []byte, i int) {
	host, rest, _ := bytes.Cut(line[i:], []byte{' '})
	if n := len(host); n == 0 || host[n-1] == ':' && (n < 2 || host[n-2] != ':') {
		host, rest = nil, line[i:] // some devices leave it out
	}
	rest = bytes.TrimPrefix(rest, []byte{' '}) // in the place of the host
	h.host = host
	h.message = len(line) - len(rest)
	end := 0
	for end < len(rest) && rest[end] > ' ' && rest[end] != ':' && rest[end] != '[' {
		end++
	}
	if end < len(rest) && rest[end] == ' ' {
		end = spacedProgram(rest)
	}
	if end == 0 || end == len(rest) || rest[end] == ' ' {
		return // "last message repeated 2 times"
	}
	program, after := rest[:end], rest[end:]
	if after[0] == '[' {
		close := bytes.IndexByte(after[:min(len(after), 32)], ']')
		if close < 0 {
			return
		}
		h.pid, after = after[1:close], after[close+1:]
	}
	after = bytes.TrimPrefix(after, []byte{':'})
	// Old systems write su(pam_unix).
	h.program, _, _ = bytes.Cut(program, []byte{'('})
	h.message = len(line) - len(bytes.TrimPrefix(after, []byte{' '}))
}

// maxSpacedProgram bounds the name of a program that has spaces.
const maxSpacedProgram = 48

// spacedProgram returns the length of a program's name with spaces that s begins with, as those of macOS have: "Slack
// Helper[55199]: ". A message has no number in brackets there; 0 for one.
func spacedProgram(s []byte) int {
	n := bytes.IndexByte(s[:min(len(s), maxSpacedProgram)], '[')
	if n <= 0 || bytes.ContainsAny(s[:n], ":=\"'(,") {
		return 0
	}
	digits := n + 1
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	if digits == n+1 || s[n-1] == ' ' || !bytes.HasPrefix(s[digits:], []byte("]: ")) {
		return 0
	}
	return n
}

// readNew reads what RFC 5424 has behind the version, from i on.
func (h *syslogHeader) readNew(line []byte, i int) bool {
	s := line[i:]
	for _, part := range []*[]byte{&h.time, &h.host, &h.program, &h.pid, &h.messageID} {
		value, rest, ok := bytes.Cut(s, []byte{' '})
		if !ok || len(value) == 0 {
			return false
		}
		if *part = value; string(value) == "-" {
			*part = nil
		}
		s = rest
	}
	if h.time != nil && !isDigit(h.time[0]) {
		return false
	}
	n := structuredLen(s)
	if n == 0 {
		return false
	}
	if h.data = s[:n]; s[0] == '-' {
		h.data = nil
	}
	s = bytes.TrimPrefix(s[n:], []byte{' '})
	h.message = len(line) - len(trimBOM(s))
	return true
}

// isHostName tells whether s can be the name or the address of a host, and is no level.
func isHostName(s []byte) bool {
	for _, c := range s {
		if !isLetter(c) && !isDigit(c) && c != '.' && c != '-' && c != '_' && c != ':' {
			return false
		}
	}
	return values.Level(s) == nil
}
