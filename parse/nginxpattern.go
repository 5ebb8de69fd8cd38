package parse

import (
	"fmt"
	"strings"

	"gatewatch/event"
)

// variable says what a variable of a web server's pattern means.
type variable struct {
	form   form
	extent extent
	key    event.Key
	// name of the field; the variable's own when it is empty. Names with dots are the schema's.
	name string
	// stamp is the layout of a time, for strftime.
	stamp string
	// first is the byte that the value begins with, if it always does.
	first byte
}

// nginxVariables are the variables whose meaning is known; others are fields under their own name.
var nginxVariables = map[string]variable{
	"remote_addr":              {form: asAddress, key: event.SourceIP},
	"realip_remote_addr":       {},
	"remote_port":              {form: asNumber, name: "source.port"},
	"remote_user":              {key: event.UserName},
	"time_local":               {form: asStamp, extent: untilStampEnd, key: event.Timestamp, stamp: "%d/%b/%Y:%H:%M:%S %z"},
	"time_iso8601":             {form: asStamp, extent: untilStampEnd, key: event.Timestamp, stamp: "%Y-%m-%dT%H:%M:%S%z"},
	"msec":                     {form: asStamp, extent: untilStampEnd, key: event.Timestamp, stamp: "%s"},
	"request":                  {form: asRequest, extent: untilRequestEnd},
	"request_method":           {key: event.HTTPMethod},
	"request_uri":              {key: event.URL, first: '/'},
	"uri":                      {name: "url.path", first: '/'},
	"document_uri":             {first: '/'},
	"args":                     {name: "url.query"},
	"query_string":             {name: "url.query"},
	"scheme":                   {name: "url.scheme"},
	"host":                     {name: "url.domain"},
	"http_host":                {name: "url.domain"},
	"server_name":              {name: "destination.domain"},
	"server_port":              {form: asNumber, name: "destination.port"},
	"server_addr":              {name: "destination.ip"},
	"server_protocol":          {form: asProtocol, key: event.HTTPVersion},
	"status":                   {key: event.HTTPStatus},
	"body_bytes_sent":          {key: event.BodyBytes},
	"bytes_sent":               {form: asNumber, name: "http.response.bytes"},
	"request_length":           {form: asNumber, name: "http.request.bytes"},
	"content_length":           {form: asNumber, name: "http.request.body.bytes"},
	"content_type":             {name: "http.request.mime_type"},
	"sent_http_content_type":   {name: "http.response.mime_type"},
	"http_referer":             {key: event.Referrer},
	"http_user_agent":          {key: event.UserAgent},
	"http_x_forwarded_for":     {extent: untilListEnd},
	"http_x_request_id":        {key: event.TraceID},
	"http_x_trace_id":          {key: event.TraceID},
	"http_x_b3_traceid":        {key: event.TraceID},
	"opentelemetry_trace_id":   {key: event.TraceID},
	"request_id":               {name: "http.request.id"},
	"request_time":             {key: event.Duration},
	"upstream_response_time":   {extent: untilListEnd, key: event.UpstreamDuration},
	"upstream_connect_time":    {extent: untilListEnd},
	"upstream_header_time":     {extent: untilListEnd},
	"upstream_addr":            {extent: untilListEnd, key: event.UpstreamAddress},
	"upstream_status":          {extent: untilListEnd, key: event.UpstreamStatus},
	"proxy_host":               {key: event.UpstreamName},
	"proxy_upstream_name":      {key: event.UpstreamName},
	"upstream_bytes_sent":      {extent: untilListEnd},
	"upstream_bytes_received":  {extent: untilListEnd},
	"upstream_response_length": {extent: untilListEnd},
	"ssl_protocol":             {form: asTLS, name: "tls.version"},
	"ssl_cipher":               {name: "tls.cipher"},
	"ssl_server_name":          {name: "tls.client.server_name"},
	"pid":                      {form: asNumber, name: "process.pid"},
	"hostname":                 {name: "host.hostname"},
	"connection":               {form: asNumber, name: "nginx.access.connection_id"},
	"request_body":             {form: asBody},
}

// newNginx returns a parser for a log_format, or for the usual ones when there is none.
func newNginx(pattern string) (Parser, error) {
	if pattern == "" {
		return &nginx{}, nil
	}
	text, escaped, err := nginxText(pattern)
	if err != nil {
		return nil, err
	}
	b, query := newPatternBuilder(text), false
	for i := 0; i < len(text); {
		if text[i] != '$' {
			b.literal(text[i])
			i++
			continue
		}
		at := i
		name, n := nginxName(text[i+1:])
		if name == "" {
			return nil, fmt.Errorf("at byte %d: a $ without the name of a variable", i)
		}
		i += 1 + n
		if name == "is_args" {
			query = true // it is the ? before $args, or nothing
			continue
		}
		v := nginxVariables[name]
		if query && v.name == "url.query" {
			v.form, v.first = asQuery, '?'
		}
		query = false
		if err := b.variable("$"+name, name, v, at); err != nil {
			return nil, err
		}
	}
	return b.access("nginx", escaped)
}

// nginxName returns the variable's name that s begins with, bare or in braces, and its length as it is written.
func nginxName(s string) (name string, n int) {
	if strings.HasPrefix(s, "{") {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", 0
		}
		return s[1:end], end + 1
	}
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '_') {
		n++
	}
	return s[:n], n
}

// nginxText returns the pattern of a whole log_format directive, or of one that is given alone, and whether its values
// are escaped as in JSON.
func nginxText(pattern string) (text string, escaped bool, err error) {
	s := strings.TrimSpace(pattern)
	escaped = strings.HasPrefix(s, "{")
	if rest, ok := strings.CutPrefix(s, "log_format"); ok {
		s = strings.TrimSpace(rest)
		name := strings.IndexAny(s, " \t\r\n")
		if name < 0 {
			return "", false, fmt.Errorf("log_format has a name and no pattern")
		}
		s = strings.TrimSpace(s[name:])
		escaped = false
	}
	if rest, ok := strings.CutPrefix(s, "escape="); ok {
		kind, after, _ := strings.Cut(rest, " ")
		escaped, s = kind == "json", strings.TrimSpace(after)
	}
	s = strings.TrimSpace(strings.TrimSuffix(s, ";"))
	if !strings.HasPrefix(s, "'") && (!strings.HasPrefix(s, `"$`) || !strings.HasSuffix(s, `"`)) {
		return s, escaped, nil
	}
	return unquoteParts(s, escaped)
}

// unquoteParts joins the quoted parts of a directive.
func unquoteParts(s string, escaped bool) (string, bool, error) {
	var text strings.Builder
	for s != "" {
		quote := s[0]
		if quote != '\'' && quote != '"' {
			return "", false, fmt.Errorf("%.20q stands behind the closing quote", s)
		}
		i := 1
		for ; i < len(s) && s[i] != quote; i++ {
			if s[i] == '\\' && i+1 < len(s) && (s[i+1] == quote || s[i+1] == '\\') {
				i++
			}
			text.WriteByte(s[i])
		}
		if i == len(s) {
			return "", false, fmt.Errorf("a quote is not closed")
		}
		s = strings.TrimSpace(s[i+1:])
	}
	return text.String(), escaped, nil
}
