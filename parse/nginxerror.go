package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// nginxError reads nginx's error log: 2026/11/22 08:00:00 [error] 31#31: *7 message, client: …, server: …
type nginxError struct{ fieldList }

func (*nginxError) Name() string    { return "nginx-error" }
func (*nginxError) Dataset() string { return "app" }

// Starts tells whether line begins with a time and a level; what a FastCGI program printed may go on in further lines.
func (*nginxError) Starts(line []byte) bool {
	_, _, rest, ok := nginxErrorHead(trimBOM(line))
	return ok && len(rest) > 0
}

// The fields of error logs that the schema names.
var (
	levelField      = event.Field{Key: event.Level, Name: []byte("level")}
	timeField       = event.Field{Key: event.Timestamp, Name: []byte("time")}
	threadIDField   = event.Field{Name: []byte("process.thread.id"), ECS: true, Kind: event.Number}
	connectionField = event.Field{Name: []byte("nginx.error.connection_id"), ECS: true, Kind: event.Number}
	clientIPField   = event.Field{Name: []byte("client.ip"), ECS: true}
	serverField     = event.Field{Name: []byte("server.domain"), ECS: true}
	domainField     = event.Field{Name: []byte("url.domain"), ECS: true}
	upstreamField   = event.Field{Key: event.UpstreamAddress, Name: []byte("upstream_addr")}
	clientField     = event.Field{Key: event.SourceIP, Name: []byte("client"), Derived: true}
	referrerField   = event.Field{Key: event.Referrer, Name: []byte("referrer")}
)

// nginxErrorHead splits time and level off a line.
func nginxErrorHead(s []byte) (stamp, level, rest []byte, ok bool) {
	if len(s) < 22 || s[4] != '/' || s[7] != '/' || s[10] != ' ' || s[19] != ' ' || s[20] != '[' || !isDigit(s[0]) {
		return nil, nil, nil, false
	}
	level, rest, ok = bytes.Cut(s[21:], []byte("] "))
	return s[:19], level, rest, ok && len(level) <= 8 && values.Level(level) != nil
}

func (p *nginxError) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	stamp, level, s, ok := nginxErrorHead(trimBOM(ev.Raw))
	if !ok {
		ev.Malformed = "nginx-error: does not begin with a time and a level in brackets"
		return
	}
	p.begin(ev)
	p.add(timeField, stamp)
	p.add(levelField, level)
	if ids, rest, ok := bytes.Cut(s, []byte(": ")); ok {
		if pid, tid, ok := bytes.Cut(ids, []byte{'#'}); ok && numberKind(pid) == event.Number && numberKind(tid) == event.Number {
			p.add(processPID, pid)
			p.add(threadIDField, tid)
			s = rest
		}
	}
	if len(s) > 1 && s[0] == '*' {
		if id, rest, ok := bytes.Cut(s[1:], []byte{' '}); ok && numberKind(id) == event.Number {
			p.add(connectionField, id)
			s = rest
		}
	}
	s = bytes.TrimRight(s, " \t\r\n")
	p.add(messageField, s)
	if i := bytes.LastIndex(s, []byte(", client: ")); i >= 0 {
		p.context(s[i+2:])
	}
	p.end(ev)
}

// context reads what nginx says of the request: client: 203.0.113.9, server: pay.example, request: "GET / HTTP/1.1" …
func (p *nginxError) context(s []byte) {
	for len(s) > 0 {
		name, rest, ok := bytes.Cut(s, []byte(": "))
		if !ok {
			return
		}
		value, after, isQuoted := quoted(rest)
		if !isQuoted {
			value, after, _ = bytes.Cut(rest, []byte(", "))
		}
		s = bytes.TrimPrefix(after, []byte(", "))
		switch string(name) {
		case "client":
			if values.IsAddress(value) {
				p.add(clientIPField, value)
				p.add(clientField, value)
			}
		case "server":
			p.add(serverField, hostOnly(value))
		case "request":
			n := nginx{fields: p.fields}
			n.requestLine(value)
			p.fields = n.fields
		case "upstream":
			p.add(upstreamField, authority(value))
		case "host":
			p.add(domainField, hostOnly(value))
		case "referrer":
			p.add(referrerField, value)
		}
	}
}

// authority returns the host and port of a URL, or its socket.
func authority(url []byte) []byte {
	if _, rest, ok := bytes.Cut(url, []byte("://")); ok {
		url = rest
	}
	if bytes.HasPrefix(url, []byte("unix:")) {
		return bytes.TrimRight(url, ":")
	}
	host, _, _ := bytes.Cut(url, []byte{'/'})
	return host
}

// hostOnly returns a Host header without its port.
func hostOnly(host []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i > 0 && values.AllDigits(host[i+1:]) {
		return host[:i]
	}
	return host
}
