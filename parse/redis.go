package parse

import (
	"bytes"

	"gatewatch/event"
)

// redis reads the log of Redis and Valkey: process, role, time, a sign for the level and the message. Before version 3 there
// is no role. What follows (the banner, a stack trace) belongs to the record before.
type redis struct{ fieldList }

func (*redis) Name() string    { return "redis" }
func (*redis) Dataset() string { return "database" }

// Starts tells whether line begins as the server's lines do.
func (*redis) Starts(line []byte) bool {
	var h redisHeader
	return h.read(trimBOM(line))
}

// redisHeader is what stands before the message:
//
//	26571:M 22 Nov 2026 08:00:00.874 * message
//	[1625] 22 Nov 08:00:00.123 # message
type redisHeader struct {
	pid, role, time, level []byte
	message                int
}

func (h *redisHeader) read(line []byte) bool {
	i := 0
	old := len(line) > 0 && line[0] == '['
	if old {
		i++
	}
	start := i
	for i < len(line) && isDigit(line[i]) {
		i++
	}
	h.pid = line[start:i]
	if i == start || i+3 > len(line) || old && line[i] != ']' || !old && (line[i] != ':' || redisRole(line[i+1]) == nil) {
		return false
	}
	if !old {
		i++
		h.role = redisRole(line[i])
	}
	if i++; line[i] != ' ' {
		return false
	}
	stamp := line[i+1:]
	n := redisStampLen(stamp)
	if n == 0 || n+3 > len(stamp) || stamp[n] != ' ' || stamp[n+2] != ' ' {
		return false
	}
	h.time = stamp[:n]
	h.level = redisLevel(stamp[n+1])
	h.message = i + 1 + n + 3
	return h.level != nil
}

// redisStampLen returns the length of "22 Nov 2026 08:00:00.874", or without the year, at the start of s, or 0.
func redisStampLen(s []byte) int {
	if len(s) < 16 || !isDigit(s[0]) || s[2] != ' ' || s[6] != ' ' {
		return 0
	}
	n := len("22 Nov ")
	if s[n+2] != ':' {
		n += len("2026 ")
	}
	if n+8 > len(s) || s[n+2] != ':' || s[n+5] != ':' {
		return 0
	}
	if n += 8; n < len(s) && s[n] == '.' {
		for n++; n < len(s) && isDigit(s[n]); n++ {
		}
	}
	return n
}

// redisRole returns the name of a role's letter, or nil.
func redisRole(c byte) []byte {
	switch c {
	case 'M':
		return []byte("master")
	case 'S':
		return []byte("slave")
	case 'C':
		return []byte("child")
	case 'X':
		return []byte("sentinel")
	}
	return nil
}

// redisLevel returns the level of a sign, or nil.
func redisLevel(c byte) []byte {
	switch c {
	case '.', '-':
		return []byte("debug")
	case '*':
		return []byte("info")
	case '#':
		return []byte("warn")
	}
	return nil
}

var redisRoleField = ecs("redis.log.role")

func (p *redis) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \r\n")
	var h redisHeader
	if !h.read(s) {
		p.fail(ev, "redis: does not begin with process, time and level")
		return
	}
	p.add(processPID, h.pid)
	p.add(redisRoleField, h.role)
	p.add(stampField, p.stamp(h.time))
	p.add(severityField, h.level)
	p.add(messageField, s[h.message:])
	p.end(ev)
}

// stamp turns "22 Nov 08:00:00" into "Nov 22 08:00:00", as other stamps without a year are written.
func (p *redis) stamp(s []byte) []byte {
	if s[9] != ':' {
		return s
	}
	start := len(p.text)
	p.text = append(append(append(append(append(p.text, s[3:6]...), ' '), s[:2]...), ' '), s[7:]...)
	return p.text[start:]
}
