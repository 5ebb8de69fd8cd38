package parse

import (
	"fmt"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// apacheDirectives are the directives of a LogFormat without a parameter.
var apacheDirectives = map[byte]variable{
	'h': {form: asAddress, key: event.SourceIP, name: "remote_host"},
	'a': {form: asAddress, key: event.SourceIP, name: "remote_addr"},
	'A': {name: "destination.ip"},
	'l': {name: "identity"},
	'u': {key: event.UserName, name: "remote_user"},
	'r': {form: asRequest, extent: untilRequestEnd, name: "request"},
	's': {key: event.HTTPStatus, name: "status"},
	'b': {key: event.BodyBytes, name: "body_bytes_sent"},
	'B': {key: event.BodyBytes, name: "body_bytes_sent"},
	'O': {form: asNumber, name: "http.response.bytes"},
	'I': {form: asNumber, name: "http.request.bytes"},
	'S': {form: asNumber, name: "total_bytes"},
	'D': {name: "duration_us"},
	'T': {key: event.Duration, name: "duration"},
	'm': {key: event.HTTPMethod, name: "request_method"},
	'U': {name: "url.path", first: '/'},
	'q': {form: asQuery, name: "url.query", first: '?'},
	'H': {form: asProtocol, key: event.HTTPVersion, name: "server_protocol"},
	'v': {name: "destination.domain"},
	'V': {name: "url.domain"},
	'p': {form: asNumber, name: "destination.port"},
	'P': {form: asNumber, name: "process.pid"},
	'X': {name: "connection_status"},
	'k': {form: asNumber, name: "keepalive_requests"},
	'f': {name: "file.path"},
	'R': {name: "handler"},
	'L': {name: "error_log_id"},
}

// apacheHeaders are the request headers (%{…}i) whose meaning is known, in lower case.
var apacheHeaders = map[string]variable{
	"referer":         {key: event.Referrer, name: "http_referer"},
	"user-agent":      {key: event.UserAgent, name: "http_user_agent"},
	"host":            {name: "url.domain"},
	"content-type":    {name: "http.request.mime_type"},
	"content-length":  {form: asNumber, name: "http.request.body.bytes"},
	"x-forwarded-for": {extent: untilListEnd, name: "http_x_forwarded_for"},
	"x-request-id":    {key: event.TraceID, name: "http_x_request_id"},
	"x-trace-id":      {key: event.TraceID, name: "http_x_trace_id"},
	"x-b3-traceid":    {key: event.TraceID, name: "http_x_b3_traceid"},
}

// apacheParameters are the other directives with a parameter whose meaning is known.
var apacheParameters = map[string]variable{
	"{c}a":            {form: asAddress, key: event.SourceIP, name: "remote_addr"},
	"{s}T":            {key: event.Duration, name: "duration"},
	"{ms}T":           {name: "duration_ms"},
	"{us}T":           {name: "duration_us"},
	"{canonical}p":    {form: asNumber, name: "destination.port"},
	"{local}p":        {form: asNumber, name: "destination.port"},
	"{remote}p":       {form: asNumber, name: "source.port"},
	"{pid}P":          {form: asNumber, name: "process.pid"},
	"{tid}P":          {form: asNumber, name: "process.thread.id"},
	"{hextid}P":       {name: "thread_id"},
	"{SSL_PROTOCOL}x": {form: asTLS, name: "tls.version"},
	"{SSL_CIPHER}x":   {name: "tls.cipher"},
	"{UNIQUE_ID}e":    {name: "http.request.id"},
	"{Content-Type}o": {name: "http.response.mime_type"},
}

// apacheFormats are the formats that Apache's own configuration names.
var apacheFormats = map[string]string{
	"common":         `%h %l %u %t "%r" %>s %b`,
	"combined":       `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`,
	"combinedio":     `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O`,
	"vhost_combined": `%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"`,
}

// newApache returns a parser for a LogFormat, or for the usual ones when there is none.
func newApache(pattern string) (Parser, error) {
	if pattern == "" {
		return &apache{}, nil
	}
	text, err := apacheText(pattern)
	if err != nil {
		return nil, err
	}
	b := newPatternBuilder(text)
	for i := 0; i < len(text); {
		if text[i] != '%' {
			b.literal(text[i])
			i++
			continue
		}
		if strings.HasPrefix(text[i:], "%%") {
			b.literal('%')
			i += 2
			continue
		}
		parameter, letter, n := apacheDirective(text[i:])
		if n == 0 {
			return nil, fmt.Errorf("at byte %d: a %% without the letter of a directive", i)
		}
		if err := b.directive(text[i:i+n], parameter, letter, i); err != nil {
			return nil, err
		}
		i += n
	}
	b.apache()
	return b.access("apache", false)
}

// apacheText returns the pattern of a whole LogFormat directive, of one of Apache's names, or of one given alone.
func apacheText(pattern string) (string, error) {
	s := strings.TrimSpace(pattern)
	if known, ok := apacheFormats[s]; ok {
		return known, nil
	}
	directive := false
	for _, word := range []string{"LogFormat", "CustomLog", "GlobalLog"} {
		if rest, ok := strings.CutPrefix(s, word); ok {
			s, directive = strings.TrimSpace(rest), true
		}
	}
	if directive && !strings.HasPrefix(s, `"`) {
		_, s, _ = strings.Cut(s, " ") // the file of a CustomLog
		s = strings.TrimSpace(s)
	}
	if directive || strings.HasPrefix(s, `"%`) && strings.Contains(s, `\"`) {
		end := 1
		for ; end < len(s) && s[end] != '"'; end++ {
			if s[end] == '\\' {
				end++
			}
		}
		if end >= len(s) {
			return "", fmt.Errorf("the quote is not closed")
		}
		s = s[1:end]
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\t`, "\t", `\n`, "").Replace(s), nil
}

// apacheDirective splits the directive that s begins with into parameter, with its braces, and letter; n is its length.
func apacheDirective(s string) (parameter, letter string, n int) {
	n = 1
	for n < len(s) && strings.IndexByte("!<>,0123456789", s[n]) >= 0 {
		n++
	}
	if n < len(s) && s[n] == '{' {
		end := strings.IndexByte(s[n:], '}')
		if end < 0 {
			return "", "", 0
		}
		parameter = s[n : n+end+1]
		n += end + 1
	}
	if n < len(s) && s[n] == '>' { // %{X}>s does not exist, %{…}>… is not written
		n++
	}
	switch {
	case strings.HasPrefix(s[n:], "^") && n+2 < len(s):
		return parameter, s[n : n+3], n + 3
	case n < len(s) && isLetter(s[n]):
		return parameter, s[n : n+1], n + 1
	}
	return "", "", 0
}

// directive adds the value of one directive.
func (b *patternBuilder) directive(what, parameter, letter string, at int) error {
	if letter == "t" {
		return b.stamp(what, strings.Trim(parameter, "{}"), at)
	}
	if v, ok := apacheParameters[parameter+letter]; ok {
		return b.variable(what, v.name, named(v), at)
	}
	name := strings.ToLower(strings.ReplaceAll(strings.Trim(parameter, "{}"), "-", "_"))
	switch letter {
	case "i", "^ti":
		v, ok := apacheHeaders[strings.ToLower(strings.Trim(parameter, "{}"))]
		if !ok {
			return b.variable(what, "http_"+name, variable{}, at)
		}
		return b.variable(what, v.name, named(v), at)
	case "o", "^to":
		return b.variable(what, "sent_http_"+name, variable{}, at)
	case "C":
		return b.variable(what, "cookie_"+name, variable{}, at)
	case "n", "e", "x":
		return b.variable(what, name, variable{}, at)
	}
	if len(letter) == 1 {
		if v, ok := apacheDirectives[letter[0]]; ok {
			return b.variable(what, v.name, named(v), at)
		}
	}
	return fmt.Errorf("at byte %d: %s is not a directive of Apache", at, what)
}

// named returns v with its name only when that is one of the schema.
func named(v variable) variable {
	if !strings.Contains(v.name, ".") {
		v.name = ""
	}
	return v
}

// stamp adds a time. The usual one stands in brackets. Several in a row, as in %{%H:%M:%S}t.%{msec_frac}t, are one.
func (b *patternBuilder) stamp(what, layout string, at int) error {
	if layout == "" {
		b.literal('[')
		defer b.literal(']')
	}
	if n := len(b.elements); n > 0 && b.elements[n-1].form == asStamp && len(b.text) <= 1 {
		p, err := values.Strftime(layout)
		if err != nil {
			return fmt.Errorf("at byte %d: %s: %w", at, what, err)
		}
		e := &b.elements[n-1]
		e.stamp = e.stamp.Then(string(b.text), p)
		e.field.Key = event.None
		if e.stamp.Dated {
			e.field.Key = event.Timestamp
		}
		b.text = nil
		return nil
	}
	return b.variable(what, "time", variable{form: asStamp, extent: untilStampEnd, key: event.Timestamp, stamp: layout}, at)
}

// apache leaves each fact to the directive that says it best: the time taken to the finest, the size to the body's.
func (b *patternBuilder) apache() {
	finer, body, address := b.used["duration_us"] || b.used["duration_ms"], b.used["body_bytes_sent"], false
	for i := range b.elements {
		e := &b.elements[i]
		switch {
		case e.field.Key == event.Duration && finer:
			e.form = asNothing
		case string(e.field.Name) == "http.response.bytes" && !body:
			e.form, e.field = asText, event.Field{Key: event.BodyBytes, Name: []byte("body_bytes_sent")}
		case e.form == asAddress && address:
			e.form, e.field.Key = asText, event.None
		case e.form == asAddress:
			address = true
		}
	}
}
