package parse

import (
	"bytes"
	"fmt"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// jtl reads the results of JMeter: CSV, whose header line names the columns, and XML.
type jtl struct {
	walker
	columns []column
}

// column says what a value of a sample is.
type column struct {
	field event.Field
	form  form
}

// defaultColumns are what JMeter 5 writes unless it is told otherwise. They are used for a file that is read from the
// middle.
const defaultColumns = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage," +
	"bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect"

// sampleValues are the values of a sample by the names of the columns, and of the attributes of XML.
var sampleValues = byName(map[string]column{
	"timeStamp ts":       {event.Field{Key: event.Timestamp, Name: []byte("timeStamp")}, asText},
	"elapsed t":          {event.Field{Name: []byte("elapsed_ms")}, asNumber},
	"label lb":           {event.Field{Name: []byte("label")}, asText},
	"responseCode rc":    {event.Field{Name: []byte("responseCode")}, asCode},
	"responseMessage rm": {event.Field{Name: []byte("responseMessage")}, asText},
	"threadName tn":      {event.Field{Key: event.Thread, Name: []byte("threadName")}, asText},
	"dataType dt":        {event.Field{Name: []byte("dataType")}, asText},
	"success s":          {event.Field{Name: []byte("success")}, asBool},
	"failureMessage":     {event.Field{Key: event.ErrorMessage, Name: []byte("failureMessage")}, asText},
	"bytes by":           {event.Field{Name: []byte("http.response.bytes"), ECS: true}, asNumber},
	"sentBytes sby":      {event.Field{Name: []byte("http.request.bytes"), ECS: true}, asNumber},
	"grpThreads ng":      {event.Field{Name: []byte("grpThreads")}, asNumber},
	"allThreads na":      {event.Field{Name: []byte("allThreads")}, asNumber},
	"URL":                {event.Field{Key: event.URL, Name: []byte("URL")}, asText},
	"Latency lt":         {event.Field{Name: []byte("time_to_first_byte_ms")}, asNumber},
	"IdleTime it":        {event.Field{Name: []byte("idle_ms")}, asNumber},
	"Connect ct":         {event.Field{Name: []byte("connect_ms")}, asNumber},
	"Hostname hn":        {event.Field{Name: []byte("host.hostname"), ECS: true}, asText},
	"SampleCount sc":     {event.Field{Name: []byte("sampleCount")}, asNumber},
	"ErrorCount ec":      {event.Field{Name: []byte("errorCount")}, asNumber},
	"Encoding de":        {event.Field{Name: []byte("encoding")}, asText},
})

// newJTL returns a parser of results whose columns are those of the header line.
func newJTL(header string) (Parser, error) {
	p := &jtl{}
	if !p.learn([]byte(strings.TrimSpace(header))) {
		return nil, fmt.Errorf("is not the header line of a JTL: timeStamp,elapsed,label,…")
	}
	return p, nil
}

// usualJTL returns a parser of results with the usual columns, until a header line names others.
func usualJTL() *jtl {
	p := &jtl{}
	p.learn([]byte(defaultColumns))
	return p
}

// learn takes the names of the columns from a header line, and tells whether it is one.
func (p *jtl) learn(header []byte) bool {
	names := strings.Split(string(header), ",")
	columns, used, known := []column{}, map[string]bool{}, 0
	for _, name := range names {
		name = strings.Trim(name, `"`)
		c, ok := sampleValues[name]
		if ok && len(name) > 2 {
			known++
		} else {
			c = column{event.Field{Name: []byte(name)}, asText}
		}
		if used[string(c.field.Name)] || strings.ContainsAny(name, `"\`) {
			return false
		}
		used[string(c.field.Name)] = true
		columns = append(columns, c)
	}
	if known < 3 {
		return false
	}
	p.columns = columns
	return true
}

func (*jtl) Name() string    { return "jtl" }
func (*jtl) Dataset() string { return "load" }

// sampleStarts are what records in XML begin with, each in a line of its own. Samples inside others are indented.
var sampleStarts = [][]byte{[]byte("<httpSample "), []byte("<sample "), []byte("<?xml"), []byte("<testResults"), []byte("</testResults")}

func (p *jtl) Starts(line []byte) bool {
	s := trimBOM(line)
	if len(s) == 0 {
		return false
	}
	for _, start := range sampleStarts {
		if bytes.HasPrefix(s, start) {
			return true
		}
	}
	return isDigit(s[0]) || isJTLHeader(s) || s[0] != '<' && p.columns[0].field.Key != event.Timestamp
}

func isJTLHeader(s []byte) bool { return bytes.HasPrefix(s, []byte("timeStamp,")) }

func (p *jtl) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \t\r\n")
	p.start(ev.Fields[:0])
	switch {
	case bytes.HasPrefix(s, sampleStarts[0]) || bytes.HasPrefix(s, sampleStarts[1]):
		p.xml(s)
	case len(s) > 0 && s[0] == '<' || isJTLHeader(s) && p.learn(s):
		p.fields = append(p.fields, withValue(messageField, s))
	default:
		if n := p.csv(s); n != len(p.columns) {
			ev.Malformed = fmt.Sprintf("jtl: %d values for %d columns: give the header line as pattern", n, len(p.columns))
			return
		}
	}
	ev.Fields, p.fields = p.fields, nil
}

// csv reads the values of a line and returns how many it has.
func (p *jtl) csv(s []byte) int {
	for n := 0; ; n++ {
		var value []byte
		if len(s) > 0 && s[0] == '"' {
			if value, s = p.csvQuoted(s[1:]); s == nil {
				return -1
			}
		} else {
			end := bytes.IndexByte(s, ',')
			if end < 0 {
				end = len(s)
			}
			value, s = s[:end], s[end:]
		}
		if n < len(p.columns) {
			p.value(&p.columns[n], value)
		}
		if len(s) == 0 {
			return n + 1
		}
		if s[0] != ',' {
			return -1
		}
		s = s[1:]
	}
}

// csvQuoted cuts the value before the closing quote, in which two quotes stand for one. The rest is nil when there is none.
func (p *jtl) csvQuoted(s []byte) (value, rest []byte) {
	start, copied := len(p.text), false
	for {
		end := bytes.IndexByte(s, '"')
		if end < 0 {
			return nil, nil
		}
		if end+1 == len(s) || s[end+1] != '"' {
			if !copied {
				return s[:end], s[end+1:]
			}
			p.text = append(p.text, s[:end]...)
			return p.text[start:], s[end+1:]
		}
		p.text = append(p.text, s[:end+1]...)
		s, copied = s[end+2:], true
	}
}

var (
	nonHTTP        = []byte("Non HTTP response code: ")
	errorTypeField = event.Field{Name: []byte("error.type"), ECS: true}
	statusField    = event.Field{Key: event.HTTPStatus, Name: []byte("responseCode")}
)

// value adds one value of a sample.
func (p *jtl) value(c *column, v []byte) {
	if len(v) == 0 || string(v) == "null" {
		return
	}
	f := withValue(c.field, v)
	switch c.form {
	case asNumber:
		f.Kind = numberKind(v)
	case asBool:
		if string(v) == "true" || string(v) == "false" {
			f.Kind = event.Bool
		}
	case asCode:
		if name, ok := bytes.CutPrefix(v, nonHTTP); ok { // nothing was answered
			f = withValue(errorTypeField, name)
		} else if _, ok := values.StatusCode(v); ok {
			f = withValue(statusField, v)
		}
	}
	p.fields = append(p.fields, f)
}

// fitsJTL tells whether a line is of the results of JMeter.
func fitsJTL(line []byte) bool {
	s := bytes.TrimRight(trimBOM(line), "\r\n")
	if bytes.HasPrefix(s, []byte("timeStamp,elapsed,")) || bytes.HasPrefix(s, []byte("<testResults")) ||
		(bytes.HasPrefix(s, sampleStarts[0]) || bytes.HasPrefix(s, sampleStarts[1])) && bytes.Contains(s, []byte(` lb="`)) {
		return true
	}
	stamp, rest, _ := bytes.Cut(s, []byte{','})
	elapsed, rest, ok := bytes.Cut(rest, []byte{','})
	return ok && len(stamp) == 13 && values.AllDigits(stamp) && values.AllDigits(elapsed) && bytes.Count(rest, []byte{','}) >= 10 &&
		(bytes.Contains(rest, []byte(",true,")) || bytes.Contains(rest, []byte(",false,")))
}
