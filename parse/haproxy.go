package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// haproxy reads the traffic logs of HAProxy, those of HTTP (option httplog, and httpslog) and of TCP (option tcplog), as
// they are or behind a header of syslog, and the messages that the program writes itself.
type haproxy struct {
	fieldList
	header syslogHeader
}

func (*haproxy) Name() string       { return "haproxy" }
func (*haproxy) Dataset() string    { return "access" }
func (*haproxy) Starts([]byte) bool { return true }

func (p *haproxy) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	line := bytes.TrimRight(trimBOM(ev.Raw), "\r\n")
	h := &p.header
	behind := h.read(line)
	if behind {
		line = bytes.TrimSpace(line[h.message:])
	}
	if len(line) == 0 {
		p.fail(ev, "haproxy: empty line")
		return
	}
	known, timed := p.haproxy(line)
	if behind {
		if !timed {
			p.add(stampField, h.time)
		}
		p.add(hostField, h.host)
		p.add(processName, h.program)
		p.add(processPID, h.pid)
		if h.priority != nil {
			p.add(severityField, syslogSeverities[h.code&7][0].Value)
		}
	} else if !known {
		p.fail(ev, "haproxy: no client, time and proxy")
		return
	}
	if !timed {
		p.add(messageField, line)
	}
	p.end(ev)
}

// fitsHAProxy tells whether line is from HAProxy, behind a header of syslog or not.
func fitsHAProxy(line []byte) bool {
	var p haproxy
	line = bytes.TrimRight(trimBOM(line), "\r\n")
	if p.header.read(line) {
		return string(p.header.program) == "haproxy"
	}
	_, timed := p.haproxy(line)
	return timed
}

var (
	haDestination = ecs("destination.address")
	haFrontend    = ecs("haproxy.frontend_name")
	haBackend     = ecs("haproxy.backend_name")
	haServer      = ecs("haproxy.server_name")
	haState       = ecs("haproxy.termination_state")
	haBytes       = ecsNumber("haproxy.bytes_read")
	haWaiting     = ecsNumber("haproxy.total_waiting_time_ms")
	haConnecting  = ecsNumber("haproxy.connection_wait_time_ms")
	haRequest     = ecsNumber("haproxy.http.request.time_wait_ms")
	haResponse    = ecsNumber("haproxy.http.request.time_wait_without_data_ms")
	haMode        = ecs("haproxy.mode")
	haTLS         = event.Field{Name: []byte("tls")}
	haStatus      = event.Field{Key: event.HTTPStatus, Name: []byte("status")}
	haBodyBytes   = event.Field{Key: event.BodyBytes, Name: []byte("bytes")}
	haMethod      = event.Field{Key: event.HTTPMethod, Name: []byte("method")}
	haURL         = event.Field{Key: event.URL, Name: []byte("url")}
	haVersion     = event.Field{Key: event.HTTPVersion, Name: []byte("version")}
	haLine        = ecs("haproxy.http.request.raw_request_line")
	haCookies     = [2]event.Field{ecs("haproxy.http.request.captured_cookie"), ecs("haproxy.http.response.captured_cookie")}
	haHeaders     = [2]event.Field{
		{Name: []byte("haproxy.http.request.captured_headers"), ECS: true, Kind: event.Array},
		{Name: []byte("haproxy.http.response.captured_headers"), ECS: true, Kind: event.Array},
	}
	haConnections = [5]event.Field{
		ecsNumber("haproxy.connections.active"), ecsNumber("haproxy.connections.frontend"), ecsNumber("haproxy.connections.backend"),
		ecsNumber("haproxy.connections.server"), ecsNumber("haproxy.connections.retries"),
	}
	haQueues    = [2]event.Field{ecsNumber("haproxy.server_queue"), ecsNumber("haproxy.backend_queue")}
	haHTTPTimes = [4]event.Field{haRequest, haWaiting, haConnecting, haResponse}
	haTCPTimes  = [2]event.Field{haWaiting, haConnecting}
)

// haproxy adds what a line says, and tells whether HAProxy writes such lines, and whether it has a time.
func (l *fieldList) haproxy(s []byte) (known, timed bool) {
	switch {
	case len(s) == 0:
		return false, false
	case bytes.HasPrefix(s, []byte("Connect from ")):
		return l.haproxyDefault(s[len("Connect from "):]), false
	case s[0] == '[': // [NOTICE]   (1) : New worker (8) forked
		level, rest, ok := bytes.Cut(s[1:], []byte{']'})
		if ok = ok && bytes.HasPrefix(bytes.TrimLeft(rest, " "), []byte{'('}) && values.Level(level) != nil; ok {
			l.add(severityField, level)
		}
		return ok, false
	}
	timed = l.traffic(s)
	return timed, timed
}

// traffic reads a line about a connection or a request.
func (l *fieldList) traffic(s []byte) bool {
	client, rest, _ := bytes.Cut(s, []byte(" ["))
	address, port, ok := endpoint(client)
	if !ok {
		return false
	}
	stamp, rest, ok := bytes.Cut(rest, []byte("] "))
	if !ok || len(stamp) < 20 || stamp[2] != '/' {
		return false
	}
	frontend, rest := word(rest)
	if name, bind, ok := bytes.Cut(frontend, []byte{'/'}); ok && len(bind) > 0 && bind[len(bind)-1] == ':' {
		l.haproxyClient(address, port, stamp, name)
		l.add(messageField, rest)
		return true
	}
	backend, rest := word(rest)
	backend, server, ok := bytes.Cut(backend, []byte{'/'})
	if !ok {
		return false
	}
	times, rest := word(rest)
	var destination []byte
	if bytes.IndexByte(times, '/') < 0 { // some write the wanted host there
		destination = times
		times, rest = word(rest)
	}
	if bytes.Count(times, []byte{'/'}) < 2 || !isTimer(times) {
		return false
	}
	l.haproxyClient(address, port, stamp, frontend)
	l.add(haDestination, destination)
	l.add(haBackend, backend)
	l.add(haServer, server)
	l.haproxyRest(times, rest)
	return true
}

func (l *fieldList) haproxyClient(address, port, stamp, frontend []byte) {
	l.add(stampField, stamp)
	l.peer(address)
	l.add(sourcePort, port)
	l.add(haFrontend, frontend)
}

// haproxyRest reads what follows the names of the proxies: of TCP "0/0/5000 212 -- 1/1/1/1/0 0/0", of HTTP
// "10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"".
func (l *fieldList) haproxyRest(times, s []byte) {
	http := bytes.Count(times, []byte{'/'}) == 4
	if http {
		times = l.slashed(haHTTPTimes[:], times)
		var status []byte
		status, s = word(s)
		l.add(haStatus, status)
	} else {
		times = l.slashed(haTCPTimes[:], times)
	}
	if len(times) > 0 && times[0] != '-' {
		l.millis(durationField, bytes.TrimPrefix(times, []byte{'+'}))
	}
	size, s := word(s)
	size = bytes.TrimPrefix(size, []byte{'+'})
	l.add(haBytes, size)
	if http {
		l.add(haBodyBytes, size)
		for _, f := range haCookies {
			var cookie []byte
			if cookie, s = word(s); string(cookie) != "-" {
				l.add(f, cookie)
			}
		}
	}
	state, s := word(s)
	l.add(haState, state)
	connections, s := word(s)
	l.add(haConnections[4], bytes.TrimPrefix(l.slashed(haConnections[:4], connections), []byte{'+'}))
	queues, s := word(s)
	l.add(haQueues[1], l.slashed(haQueues[:1], queues))
	if http {
		l.haproxyRequest(s)
	}
}

// slashed adds the numbers of "10/0/30" as fields, and returns what follows the last of them.
func (l *fieldList) slashed(fields []event.Field, s []byte) []byte {
	for _, f := range fields {
		var value []byte
		value, s, _ = bytes.Cut(s, []byte{'/'})
		l.add(f, value)
	}
	return s
}

// haproxyRequest reads captured headers and the request line.
func (l *fieldList) haproxyRequest(s []byte) {
	s = bytes.TrimLeft(s, " ")
	for i := 0; i < len(haHeaders) && len(s) > 0 && s[0] == '{'; i++ {
		headers, rest, ok := bytes.Cut(s[1:], []byte{'}'})
		if !ok {
			break
		}
		l.captured(haHeaders[i], headers)
		s = bytes.TrimLeft(rest, " ")
	}
	if len(s) == 0 || s[0] != '"' {
		return
	}
	end := bytes.LastIndexByte(s, '"')
	if end == 0 {
		end = len(s) // cut off at the length limit
	}
	line := s[1:end]
	if end < len(s) {
		l.add(haTLS, bytes.TrimSpace(s[end+1:]))
	}
	method, url, version, ok := cutRequest(line)
	if !ok {
		l.add(haLine, line)
		return
	}
	l.add(haMethod, method)
	l.add(haURL, url)
	l.add(haVersion, version)
}

// captured adds the headers of "a|b|" that are there.
func (l *fieldList) captured(f event.Field, s []byte) {
	start := len(l.text)
	l.text = append(l.text, '[')
	for header := range bytes.SplitSeq(s, []byte{'|'}) {
		if len(header) > 0 {
			l.text = append(event.AppendJSONString(l.text, header), ',')
		}
	}
	if n := len(l.text); n > start+1 {
		l.text[n-1] = ']'
		l.add(f, l.text[start:])
	}
}

// haproxyDefault reads "10.0.0.1:1234 to 10.0.0.2:80 (frontend/HTTP)".
func (l *fieldList) haproxyDefault(s []byte) bool {
	client, rest := word(s)
	address, port, ok := endpoint(client)
	if !ok {
		return false
	}
	l.peer(address)
	l.add(sourcePort, port)
	if inside, _, ok := between(rest, "(", ")"); ok {
		name, mode, _ := bytes.Cut(inside, []byte{'/'})
		l.add(haFrontend, name)
		l.add(haMode, mode)
	}
	return true
}

// endpoint splits "10.0.0.1:1234", "fe80::1:1234" and "[fe80::1]:1234".
func endpoint(s []byte) (address, port []byte, ok bool) {
	i := bytes.LastIndexByte(s, ':')
	if i <= 0 || !values.AllDigits(s[i+1:]) || bytes.IndexByte(s, ' ') >= 0 {
		return nil, nil, false
	}
	return bytes.TrimPrefix(bytes.Trim(s[:i], "[]"), []byte("::ffff:")), s[i+1:], true
}

// isTimer tells whether s is numbers with slashes between them.
func isTimer(s []byte) bool {
	for _, c := range s {
		if !isDigit(c) && c != '/' && c != '-' && c != '+' {
			return false
		}
	}
	return true
}
