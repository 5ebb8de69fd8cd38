package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// mysqlError reads the error logs of MySQL 5.5 to 9 and MariaDB: a time, mostly the number of a thread, a level in brackets
// and a message, of which MySQL 8 writes a code and a subsystem first.
type mysqlError struct{ fieldList }

func (*mysqlError) Name() string    { return "mysql-error" }
func (*mysqlError) Dataset() string { return "database" }

// Starts tells whether line begins with a time and what follows it in these logs.
func (*mysqlError) Starts(line []byte) bool {
	var h mysqlHeader
	return h.read(trimBOM(line))
}

// mysqlHeader is what stands before the message.
type mysqlHeader struct {
	time, thread, level []byte
	message             int
}

// read reads the header of a line, and tells whether there is one:
//
//	2026-11-22T08:00:00.123456Z 0 [System] [MY-010116] [Server] …   MySQL
//	2026-11-22  8:00:00 0 [Note] InnoDB: …                          MariaDB
//	261122  8:00:00 [Warning] …                                     MySQL 5.5 and 5.6 without a thread
//	261122 08:00:00 mysqld_safe Starting mysqld daemon …            the script that starts it, and InnoDB before 5.6
func (h *mysqlHeader) read(line []byte) bool {
	n := mysqlStampLen(line)
	if n == 0 {
		return false
	}
	h.time = line[:n]
	rest := bytes.TrimLeft(line[n:], " ")
	if len(rest) == len(line)-n {
		return false
	}
	if thread, after, ok := bytes.Cut(rest, []byte{' '}); ok && values.AllDigits(thread) {
		h.thread, rest = thread, after
	}
	h.message = len(line) - len(rest)
	old := h.time[4] != '-'
	if len(rest) == 0 || rest[0] != '[' {
		return old && len(rest) > 0
	}
	// Only the old date stands without a thread; other programs write a date and a level in brackets too.
	if h.thread == nil && !old {
		return false
	}
	level, after, ok := bytes.Cut(rest[1:], []byte{']'})
	if !ok || mysqlLevel(level) == nil || len(after) > 0 && after[0] != ' ' {
		return old
	}
	h.level = mysqlLevel(level)
	h.message = len(line) - len(bytes.TrimLeft(after, " "))
	return true
}

// mysqlLevel returns the level that a server of the MySQL family writes, or nil for another word.
func mysqlLevel(word []byte) []byte {
	switch string(word) {
	case "System", "Note", "Info":
		return []byte("info")
	case "Warning":
		return []byte("warn")
	case "ERROR", "Error":
		return []byte("error")
	}
	return nil
}

// mysqlStampLen returns the length of the time that s begins with, or 0.
func mysqlStampLen(s []byte) int {
	switch {
	case len(s) < len("261122  8:00:00 ") || !isDigit(s[0]):
		return 0
	case s[6] == ' ' && s[9] == ':' && s[12] == ':' && values.AllDigits(s[:6]):
		return len("261122  8:00:00")
	case len(s) > 19 && s[4] == '-' && s[7] == '-' && (s[10] == ' ' || s[10] == 'T') && s[13] == ':':
		// The hour may be a space and a digit.
		if n := bytes.IndexByte(s[12:min(len(s), 40)], ' '); n > 0 {
			return 12 + n
		}
	}
	return 0
}

var (
	mysqlThread = ecsNumber("mysql.thread_id")
	eventCode   = ecs("event.code")
	eventSource = ecs("event.provider")
)

func (p *mysqlError) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \r\n")
	first, _, _ := bytes.Cut(s, []byte{'\n'})
	var h mysqlHeader
	if !h.read(first) {
		p.fail(ev, "mysql-error: does not begin with a time and a level")
		return
	}
	p.add(stampField, h.time)
	p.add(severityField, h.level)
	p.add(mysqlThread, h.thread)
	message := s[h.message:]
	if code, rest, ok := between(message, "[MY-", "] ["); ok && message[0] == '[' && values.AllDigits(code) {
		p.add(eventCode, message[1:1+len("MY-")+len(code)])
		subsystem, _, _ := bytes.Cut(rest, []byte{']'})
		p.add(eventSource, subsystem)
	}
	p.add(messageField, message)
	p.end(ev)
}
