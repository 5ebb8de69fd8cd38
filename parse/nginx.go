package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// nginx reads access logs in the combined format, and the common format that Apache writes without referrer and
// browser. $request_time and $upstream_response_time may follow, bare or quoted, with or without a name before them
// (rt=0.120 urt="0.118"); whatever else follows is kept in the field "extra".
type nginx struct {
	fields []event.Field
	// plain is that of the event.
	plain bool
	// list holds the addresses of a line that has several.
	list []byte
}

// The variables of an access log, as indexes of nginxFields.
const (
	ngxRemoteAddr = iota
	ngxIdent
	ngxRemoteUser
	ngxTimeLocal
	ngxRequestMethod
	ngxRequestURI
	ngxServerProtocol
	ngxRequest
	ngxStatus
	ngxBodyBytesSent
	ngxHTTPReferer
	ngxHTTPUserAgent
	ngxForwardedFor
	ngxRequestTime
	ngxUpstreamTime
	ngxExtra
)

// nginxFields says what the variables mean.
var nginxFields = [...]event.Field{
	ngxRemoteAddr:     {Key: event.SourceIP, Name: []byte("remote_addr")},
	ngxIdent:          {Name: []byte("ident")},
	ngxRemoteUser:     {Key: event.UserName, Name: []byte("remote_user")},
	ngxTimeLocal:      {Key: event.Timestamp, Name: []byte("time_local")},
	ngxRequestMethod:  {Key: event.HTTPMethod, Name: []byte("request_method")},
	ngxRequestURI:     {Key: event.URL, Name: []byte("request_uri")},
	ngxServerProtocol: {Key: event.HTTPVersion, Name: []byte("server_protocol")},
	ngxRequest:        {Name: []byte("request")},
	ngxStatus:         {Key: event.HTTPStatus, Name: []byte("status")},
	ngxBodyBytesSent:  {Key: event.BodyBytes, Name: []byte("body_bytes_sent")},
	ngxHTTPReferer:    {Key: event.Referrer, Name: []byte("http_referer")},
	ngxHTTPUserAgent:  {Key: event.UserAgent, Name: []byte("http_user_agent")},
	ngxForwardedFor:   {Name: []byte("http_x_forwarded_for")},
	ngxRequestTime:    {Key: event.Duration, Name: []byte("request_time")},
	ngxUpstreamTime:   {Key: event.UpstreamDuration, Name: []byte("upstream_response_time")},
	ngxExtra:          {Name: []byte("extra")},
}

func (*nginx) Name() string       { return "nginx" }
func (*nginx) Dataset() string    { return "access" }
func (*nginx) Starts([]byte) bool { return true }

func (p *nginx) Parse(ev *event.Event) {
	if p.plain = isPlain(ev.Raw); !p.plain {
		ev.Raw = validText(ev.Raw)
	}
	p.fields = ev.Fields[:0]
	problem := p.line(bytes.TrimRight(trimBOM(ev.Raw), "\r\n"))
	ev.Fields, p.fields = p.fields, nil
	ev.Plain = p.plain
	if problem != "" {
		ev.Fields = ev.Fields[:0]
		ev.Malformed = "nginx: " + problem
	}
}

// line reads one line and says what is wrong with it.
func (p *nginx) line(s []byte) (problem string) {
	if len(s) == 0 {
		return "empty line"
	}
	head := s
	address, s, _ := bytes.Cut(s, []byte{' '})
	identity, s, _ := bytes.Cut(s, []byte{' '})
	// A user name may have spaces, and the bracket of the time ends it.
	user, s, ok := bytes.Cut(s, []byte(" ["))
	if !ok {
		return "no time in brackets"
	}
	stamp, after, ok := bytes.Cut(s, []byte("] "))
	if !ok || len(stamp) < 20 || stamp[2] != '/' {
		return "no time in brackets"
	}
	line, s, ok := quoted(after)
	if !ok {
		return "no request in quotes"
	}
	code, s := word(s)
	size, s := word(s)
	// What stands in quotes of a plain line has none, the other values may have.
	p.plain = p.plain && bytes.IndexByte(head[:len(head)-len(after)], '"') < 0 && bytes.IndexByte(size, '"') < 0
	if !values.AllDigits(code) && string(code) != "-" {
		return "no status after the request"
	}
	if clients, name, ok := manyClients(head, identity); ok {
		p.clients(clients)
		p.add(ngxRemoteUser, name)
	} else {
		p.client(address)
		p.add(ngxIdent, identity)
		p.add(ngxRemoteUser, user)
	}
	p.add(ngxTimeLocal, stamp)
	p.requestLine(line)
	p.add(ngxStatus, code)
	p.add(ngxBodyBytesSent, size)
	p.tail(s)
	return ""
}

// add adds the field of that variable, unless the log says that there is none.
func (p *nginx) add(variable int, value []byte) {
	if len(value) > 0 && string(value) != "-" {
		p.fields = append(p.fields, withValue(nginxFields[variable], value))
	}
}

// client adds who asked: an address, or the name of a host, as the schema tells the two apart.
func (p *nginx) client(address []byte) {
	if values.IsAddress(address) || len(address) == 0 || !isLetter(address[0]) {
		p.add(ngxRemoteAddr, address)
		return
	}
	p.fields = append(p.fields, withValue(sourceAddress, address))
}

// requestLine splits "POST /v1/charges HTTP/1.1". What else clients send is kept as it is.
func (p *nginx) requestLine(s []byte) {
	method, url, version, ok := cutRequest(s)
	if !ok {
		p.add(ngxRequest, s)
		return
	}
	p.add(ngxRequestMethod, method)
	p.add(ngxRequestURI, url)
	p.add(ngxServerProtocol, version)
}

// cutRequest cuts "POST /v1/charges HTTP/1.1" into method, URL and the version of HTTP.
func cutRequest(s []byte) (method, url, version []byte, ok bool) {
	method, rest, _ := bytes.Cut(s, []byte{' '})
	i := bytes.LastIndexByte(rest, ' ')
	if !bytes.HasPrefix(rest[i+1:], []byte("HTTP/")) {
		i = bytes.LastIndex(rest, []byte(" HTTP/"))
	}
	if i < 0 || !values.IsHTTPMethod(method) {
		return nil, nil, nil, false
	}
	return method, rest[:i], rest[i+len(" HTTP/"):], true
}

// tail reads what follows the size: referrer, browser, the addresses a proxy was asked for, and times.
func (p *nginx) tail(s []byte) {
	if referrer, rest, ok := quoted(s); ok {
		if agent, rest, ok := quoted(rest); ok {
			p.add(ngxHTTPReferer, referrer)
			p.add(ngxHTTPUserAgent, agent)
			s = rest
			if forwarded, rest, ok := quoted(s); ok && !values.IsDecimal(forwarded) {
				p.add(ngxForwardedFor, forwarded)
				s = rest
			}
		}
	}
	if s = bytes.TrimSpace(s); !p.times(s) {
		p.plain = false
		p.add(ngxExtra, s)
	}
}

// times reads "$request_time $upstream_response_time" and tells whether s was nothing else.
func (p *nginx) times(s []byte) bool {
	before := len(p.fields)
	for variable := ngxRequestTime; variable <= ngxUpstreamTime && len(s) > 0; variable++ {
		if label, after, ok := bytes.Cut(s, []byte{'='}); ok && isTimeLabel(label) {
			s = after
		}
		value, rest, ok := timeList(s)
		if !ok {
			break
		}
		p.add(variable, value)
		s = rest
	}
	if len(s) > 0 {
		p.fields = p.fields[:before]
	}
	return len(s) == 0
}

// isTimeLabel tells whether s is a name that operators write before the times.
func isTimeLabel(s []byte) bool {
	switch string(s) {
	case "rt", "urt", "request_time", "upstream_response_time", "upstream_time":
		return true
	}
	return false
}

// timeList cuts the times that s begins with, bare or in quotes: "0.120", "-", or for several upstreams
// "0.1, 0.2 : 0.3".
func timeList(s []byte) (value, rest []byte, ok bool) {
	if inside, rest, ok := quoted(s); ok {
		_, more, ok := timeList(inside)
		return inside, bytes.TrimLeft(rest, " "), ok && len(more) == 0
	}
	end := 0
	for {
		item := s[end:]
		for i, c := range item {
			if c == ' ' || c == ',' {
				item = item[:i]
				break
			}
		}
		if !values.IsDecimal(item) && string(item) != "-" {
			return nil, nil, false
		}
		end += len(item)
		rest := s[end:]
		switch {
		case bytes.HasPrefix(rest, []byte(", ")):
			end += len(", ")
		case bytes.HasPrefix(rest, []byte(" : ")):
			end += len(" : ")
		default:
			return s[:end], bytes.TrimLeft(rest, " "), true
		}
	}
}

// word cuts the next word of s.
func word(s []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(bytes.TrimLeft(s, " "), []byte{' '})
	return first, rest
}

// quoted cuts the text in quotes that s begins with. A backslash keeps the quote after it inside.
func quoted(s []byte) (value, rest []byte, ok bool) {
	s = bytes.TrimLeft(s, " ")
	if len(s) == 0 || s[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(s[1:], '"') + 1
	if end > 0 && bytes.IndexByte(s[1:end], '\\') < 0 {
		return s[1:end], s[end+1:], true
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[1:i], s[i+1:], true
		}
	}
	return nil, nil, false
}
