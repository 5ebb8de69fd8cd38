package parse

import (
	"bytes"
	"time"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// apacheError reads Apache's error log, of 2.4 and of 2.2:
// [Sun Nov 22 08:00:00.123456 2026] [proxy:error] [pid 31:tid 140] [client 203.0.113.9:5123] AH00957: message
type apacheError struct{ fieldList }

func (*apacheError) Name() string    { return "apache-error" }
func (*apacheError) Dataset() string { return "app" }

// Starts tells whether line begins with a time and a level, each in brackets.
func (*apacheError) Starts(line []byte) bool {
	_, _, _, _, ok := apacheErrorHead(trimBOM(line))
	return ok
}

var (
	moduleField    = event.Field{Name: []byte("apache.error.module"), ECS: true}
	sourceIPField  = event.Field{Key: event.SourceIP, Name: []byte("client")}
	errorCodeField = event.Field{Name: []byte("error.code"), ECS: true}
	filePathField  = event.Field{Name: []byte("file.path"), ECS: true}
)

// bracketed cuts the text in brackets that s begins with, and a space behind it.
func bracketed(s []byte) (inside, rest []byte, ok bool) {
	if len(s) == 0 || s[0] != '[' {
		return nil, s, false
	}
	end := bytes.IndexByte(s, ']')
	if end < 0 {
		return nil, s, false
	}
	return s[1:end], bytes.TrimPrefix(s[end+1:], []byte{' '}), true
}

// apacheErrorHead splits time, module and level off a line.
func apacheErrorHead(s []byte) (stamp, module, level, rest []byte, ok bool) {
	if stamp, rest, ok = bracketed(s); !ok || len(stamp) < 24 || !isLetter(stamp[0]) {
		return nil, nil, nil, nil, false
	}
	if _, ok = values.Time(stamp, time.UTC); !ok {
		return nil, nil, nil, nil, false
	}
	if level, rest, ok = bracketed(rest); !ok {
		return nil, nil, nil, nil, false
	}
	if i := bytes.LastIndexByte(level, ':'); i >= 0 {
		module, level = level[:i], level[i+1:]
	}
	// trace1 to trace8
	level = bytes.TrimRight(level, "12345678")
	return stamp, module, level, rest, values.Level(level) != nil
}

func (p *apacheError) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	stamp, module, level, s, ok := apacheErrorHead(trimBOM(ev.Raw))
	if !ok {
		ev.Malformed = "apache-error: does not begin with a time and a level in brackets"
		return
	}
	p.begin(ev)
	p.add(timeField, stamp)
	p.add(levelField, level)
	p.add(moduleField, module)
	for {
		inside, rest, ok := bracketed(s)
		if !ok || !p.bracket(inside, module != nil) {
			break
		}
		s = rest
	}
	s = bytes.TrimRight(s, " \t\r\n")
	p.add(messageField, s)
	p.details(s)
	p.end(ev)
}

// bracket adds what stands in brackets before the message, and tells whether it belongs there. Since 2.4, which names
// modules, a port stands behind every address, also behind that of IPv6.
func (p *apacheError) bracket(s []byte, ports bool) bool {
	if ids, ok := bytes.CutPrefix(s, []byte("pid ")); ok {
		pid, tid, _ := bytes.Cut(ids, []byte(":tid "))
		if numberKind(pid) != event.Number {
			return false
		}
		p.add(processPID, pid)
		if numberKind(tid) == event.Number {
			p.add(threadIDField, tid)
		}
		return true
	}
	client, ok := bytes.CutPrefix(s, []byte("client "))
	if !ok {
		client, ok = bytes.CutPrefix(s, []byte("remote "))
	}
	if !ok {
		return false
	}
	if i := bytes.LastIndexByte(client, ':'); i > 0 && (ports || !values.IsAddress(client)) && numberKind(client[i+1:]) == event.Number {
		p.add(sourcePort, client[i+1:])
		client = client[:i]
	}
	if values.IsAddress(client) {
		p.add(sourceIPField, client)
	} else {
		p.add(sourceAddress, client)
	}
	return true
}

// details finds what messages say in fixed words: their number, the referrer and the file that is not there.
func (p *apacheError) details(s []byte) {
	if i := bytes.Index(s, []byte("AH")); i >= 0 && len(s) >= i+8 && values.AllDigits(s[i+2:i+7]) && s[i+7] == ':' {
		p.add(errorCodeField, s[i:i+7])
	}
	if i := bytes.LastIndex(s, []byte(", referer: ")); i >= 0 {
		p.add(referrerField, s[i+len(", referer: "):])
		s = s[:i]
	}
	if path, ok := bytes.CutPrefix(s, []byte("File does not exist: ")); ok {
		p.add(filePathField, path)
	}
}
