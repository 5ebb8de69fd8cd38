package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// apache reads access logs in the formats that Apache's configuration comes with: common, combined and
// vhost_combined, with or without times behind them.
type apache struct {
	nginx
	// tls reads the lines of ssl_request_log, which begin with the time; nil until there is one.
	tls Parser
}

// tlsRequest is the pattern of ssl_request_log in the configuration that Apache comes with.
const tlsRequest = `%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b`

func (*apache) Name() string { return "apache" }

// The fields that say which virtual host was asked.
var (
	hostDomain = event.Field{Name: []byte("destination.domain"), ECS: true}
	hostPort   = event.Field{Name: []byte("destination.port"), ECS: true, Kind: event.Number}
)

func (p *apache) Parse(ev *event.Event) {
	if isTLSRequest(ev.Raw) {
		if p.tls == nil {
			p.tls = newTLSRequest()
		}
		p.tls.Parse(ev)
		return
	}
	ev.Raw = validText(ev.Raw)
	s := bytes.TrimRight(trimBOM(ev.Raw), "\r\n")
	domain, port, rest := virtualHost(s)
	p.fields = ev.Fields[:0]
	if domain != nil {
		p.fields = append(p.fields, withValue(hostName(domain), domain))
		if numberKind(port) == event.Number {
			p.fields = append(p.fields, withValue(hostPort, port))
		}
	}
	problem := p.line(rest)
	p.unmeasured()
	ev.Fields, p.fields = p.fields, nil
	if problem != "" {
		ev.Fields = ev.Fields[:0]
		ev.Malformed = "apache: " + problem
	}
}

func newTLSRequest() Parser {
	p, err := newApache(tlsRequest)
	if err != nil { // a constant: the tests read lines by it
		return text{}
	}
	return p
}

// isTLSRequest tells whether line begins as those of ssl_request_log do: "[22/Nov/2026:08:00:00 +0800] ".
func isTLSRequest(line []byte) bool {
	line = trimBOM(line)
	return len(line) > 29 && line[0] == '[' && isDigit(line[1]) && line[3] == '/' && line[7] == '/' && line[27] == ']' && line[28] == ' '
}

// fitsTLSRequest tells whether line is one of ssl_request_log.
func fitsTLSRequest(line []byte) bool {
	if !isTLSRequest(line) {
		return false
	}
	ev := event.Event{Raw: line}
	newTLSRequest().Parse(&ev)
	return ev.Malformed == ""
}

// unmeasured takes a whole number at the end of the line for what it is: seconds or microseconds, nobody knows.
func (p *apache) unmeasured() {
	for i := range p.fields {
		if f := &p.fields[i]; f.Key == event.Duration && values.AllDigits(f.Value) {
			f.Key, f.Name = event.None, nginxFields[ngxExtra].Name
		}
	}
}

// virtualHost splits "shop.example:443" off a line that begins with it.
func virtualHost(s []byte) (domain, port, rest []byte) {
	first, rest, _ := bytes.Cut(s, []byte{' '})
	i := bytes.LastIndexByte(first, ':')
	if i <= 0 || !values.AllDigits(first[i+1:]) || values.IsAddress(first) {
		return nil, nil, s
	}
	// Without one, the third word is followed by the time.
	if user := nthWord(rest, 2); len(user) > 0 && user[0] == '[' {
		return nil, nil, s
	}
	return first[:i], first[i+1:], rest
}

// nthWord returns what follows the first n words of s.
func nthWord(s []byte, n int) []byte {
	for range n {
		_, s, _ = bytes.Cut(s, []byte{' '})
	}
	return s
}

// hasApache tells whether an access line is one that Apache writes and nginx does not: for a virtual host, without
// referrer and browser, or with a dash for an empty answer.
func hasApache(line []byte) bool {
	s := bytes.TrimRight(trimBOM(line), "\r\n")
	domain, _, rest := virtualHost(s)
	var p nginx
	if p.line(rest) != "" {
		return false
	}
	if domain != nil {
		return true
	}
	i := bytes.Index(rest, []byte("] \""))
	_, behind, ok := quoted(rest[i+2:])
	if !ok {
		return false
	}
	_, behind = word(behind)
	size, behind := word(behind)
	return string(size) == "-" || len(bytes.TrimSpace(behind)) == 0
}
