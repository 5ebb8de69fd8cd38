package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// accessPattern reads the access log of a web server by the pattern in the server's configuration.
type accessPattern struct {
	walker
	layout
	format string
	// escaped tells that values hold JSON escapes.
	escaped bool
	found   spans
	// stamps holds times that were written anew.
	stamps []byte
}

func (p *accessPattern) Name() string     { return p.format }
func (*accessPattern) Dataset() string    { return "access" }
func (*accessPattern) Starts([]byte) bool { return true }

func (p *accessPattern) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	s := bytes.TrimRight(trimBOM(ev.Raw), "\r\n")
	m := p.match(s, len(p.elements), &p.found)
	if m.bad {
		ev.Malformed = m.describe(p.format)
		return
	}
	p.start(ev.Fields[:0])
	p.stamps = p.stamps[:0]
	for k := range p.elements {
		if v := s[p.found[k].start:p.found[k].end]; len(v) > 0 && (len(v) > 1 || v[0] != '-') {
			p.value(&p.elements[k], v)
		}
	}
	ev.Fields, p.fields = p.fields, nil
}

// value adds what one value of the line says.
func (p *accessPattern) value(e *element, v []byte) {
	switch e.form {
	case asNothing:
	case asNumber:
		p.put(&e.field, v, numberKind(v))
	case asRequest:
		p.request(v)
	case asProtocol:
		p.put(&e.field, bytes.TrimPrefix(v, []byte("HTTP/")), event.String)
	case asAddress:
		p.address(e, v)
	case asQuery:
		p.put(&e.field, bytes.TrimPrefix(v, []byte{'?'}), event.String)
	case asTLS:
		p.tls(v)
	case asBody:
		p.put(&e.field, v, event.String)
		p.pairs(p.unescapeWeb(v))
	case asStamp:
		p.put(&e.field, e.stamp.Rewrite(&p.stamps, v), event.String)
	default:
		p.put(&e.field, v, event.String)
	}
}

// put adds a field.
func (p *accessPattern) put(f *event.Field, value []byte, kind event.Kind) {
	if len(value) == 0 {
		return
	}
	p.add(f.Name, value, kind, p.escaped && kind == event.String && bytes.IndexByte(value, '\\') >= 0)
	last := &p.fields[len(p.fields)-1]
	last.Key, last.ECS = f.Key, f.ECS
}

// request splits "POST /v1/charges HTTP/1.1". What else clients send is kept as it is.
func (p *accessPattern) request(s []byte) {
	method, url, version, ok := cutRequest(s)
	if !ok {
		p.put(&nginxFields[ngxRequest], s, event.String)
		return
	}
	p.put(&nginxFields[ngxRequestMethod], method, event.String)
	p.put(&nginxFields[ngxRequestURI], url, event.String)
	p.put(&nginxFields[ngxServerProtocol], version, event.String)
}

var (
	sourceAddress  = event.Field{Name: []byte("source.address"), ECS: true}
	tlsVersion     = event.Field{Name: []byte("tls.version"), ECS: true}
	tlsProtocol    = event.Field{Name: []byte("tls.version_protocol"), ECS: true}
	tlsProtocolTLS = []byte("tls")
	tlsProtocolSSL = []byte("ssl")
)

// address adds the client's address, or its host name.
func (p *accessPattern) address(e *element, v []byte) {
	if values.IsAddress(v) {
		p.put(&e.field, v, event.String)
	} else {
		p.put(&sourceAddress, v, event.String)
	}
}

// tls splits "TLSv1.3" into protocol and version.
func (p *accessPattern) tls(v []byte) {
	version, ok := bytes.CutPrefix(v, []byte("TLSv"))
	protocol := tlsProtocolTLS
	if !ok {
		version, ok = bytes.CutPrefix(v, []byte("SSLv"))
		protocol = tlsProtocolSSL
	}
	if !ok {
		version, protocol = v, nil
	} else if string(version) == "1" {
		version = []byte("1.0")
	}
	p.put(&tlsVersion, version, event.String)
	p.put(&tlsProtocol, protocol, event.String)
}

// numberKind returns Number when v is a whole number as JSON writes it.
func numberKind(v []byte) event.Kind {
	if len(v) <= 18 && values.AllDigits(v) && (v[0] != '0' || len(v) == 1) {
		return event.Number
	}
	return event.String
}

// unescapeWeb returns the text of a value in which web servers wrote \x22, \" or, in JSON, \u0022.
func (p *accessPattern) unescapeWeb(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	if p.escaped {
		return p.decode(v)
	}
	start := len(p.text)
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+3 < len(v) && v[i+1] == 'x' && values.HexValue(v[i+2]) >= 0 && values.HexValue(v[i+3]) >= 0 {
			p.text = append(p.text, byte(values.HexValue(v[i+2])<<4|values.HexValue(v[i+3])))
			i += 3
			continue
		}
		if v[i] == '\\' && i+1 < len(v) && (v[i+1] == '"' || v[i+1] == '\\') {
			i++
		}
		p.text = append(p.text, v[i])
	}
	return p.text[start:]
}
