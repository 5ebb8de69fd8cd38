package parse_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/parse"
)

// document parses a JSON record and returns what Elasticsearch would get under "fields", without any facts.
func document(t testing.TB, record string) (fields map[string]json.RawMessage, malformed string) {
	t.Helper()
	p, err := parse.New("json")
	if err != nil {
		t.Fatal(err)
	}
	ev := &event.Event{}
	ev.Reset()
	ev.Raw = []byte(record)
	p.Parse(ev)
	if ev.Malformed != "" {
		return nil, ev.Malformed
	}
	ev.Source = &event.Source{}
	text := event.AppendDocument(nil, ev)
	if repeated := repeatedName(text); repeated != "" {
		t.Errorf("document of %q has %q twice: %s", record, repeated, text)
	}
	var doc struct{ Fields map[string]json.RawMessage }
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatalf("document of %q: %v: %s", record, err, text)
	}
	return doc.Fields, ""
}

// repeatedName returns a name that an object in the JSON text has twice, or "".
func repeatedName(text []byte) string {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	type frame struct {
		names map[string]bool
		name  bool
	}
	var stack []frame
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if n := len(stack); n > 0 && stack[n-1].names != nil {
			if name, ok := token.(string); ok && stack[n-1].name {
				if stack[n-1].names[name] {
					return name
				}
				stack[n-1].names[name] = true
				stack[n-1].name = false
				continue
			}
			stack[n-1].name = true
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, frame{map[string]bool{}, true})
		case json.Delim('['):
			stack = append(stack, frame{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
	}
}

// TestJSONKeptValid covers what is valid JSON and refused by Elasticsearch: it becomes another spelling of the same.
func TestJSONKeptValid(t *testing.T) {
	t.Parallel()
	f := func(record string, want map[string]string) {
		t.Helper()
		got, malformed := document(t, record)
		if malformed != "" || len(got) != len(want) {
			t.Errorf("%.200s: fields %s %s, want %v", record, got, malformed, want)
			return
		}
		for name, value := range want {
			if string(got[name]) != value {
				t.Errorf("%.200s: %s = %.200s, want %.200s", record, name, got[name], value)
			}
		}
	}
	f(`{}`, map[string]string{})
	f(" { \"a\" : 1 , \"b\" : [ 1 , { } ] } ", map[string]string{"a": "1", "b": "[ 1 , { } ]"})
	f(`{"a":1,"b":2,"a":3}`, map[string]string{"a#1": "1", "b": "2", "a": "3"})
	f(`{"a":1,"a":2,"a#1":3,"a":4}`, map[string]string{"a#2": "1", "a#3": "2", "a#1": "3", "a": "4"})
	f(`{"a":1,"\u0061":2}`, map[string]string{"a#1": "1", "a": "2"})
	f(`{"a\"b":1,"a\"b":2}`, map[string]string{`a"b#1`: "1", `a"b`: "2"})
	f(`{"a\u0000b":1}`, map[string]string{`a\u0000b`: "1"})
	f(`{"":1}`, map[string]string{"": "1"})
	f(`{"o":{"x":1,"x":2}}`, map[string]string{"o": `"{\"x\":1,\"x\":2}"`})
	f(`{"o":[{"x":1,"\u0078":2}]}`, map[string]string{"o": `"[{\"x\":1,\"\\u0078\":2}]"`})
	f(`{"o":{"\u0000":1}}`, map[string]string{"o": `"{\"\\u0000\":1}"`})
	f(`{"o":{"x":1},"p":{"x":1}}`, map[string]string{"o": `{"x":1}`, "p": `{"x":1}`})
	digits := strings.Repeat("1", 600)
	f(`{"n":`+digits+`,"o":[`+digits+`],"m":1e400}`, map[string]string{"n": `"` + digits + `"`, "o": `"[` + digits + `]"`, "m": "1e400"})
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	text, _ := json.Marshal(deep)
	f(`{"deep":`+deep+`,"ok":{"a":{"b":1}}}`, map[string]string{"deep": string(text), "ok": `{"a":{"b":1}}`})
	long := strings.Repeat("k", 1500)
	text, _ = json.Marshal(`{"` + long + `":{"` + long + `":1}}`)
	f(`{"o":{"`+long+`":{"`+long+`":1}}}`, map[string]string{"o": string(text)})
	f("{\"bad\":\"\xff\xfe\",\"ok\":\"\xe8\xb6\x85\"}", map[string]string{"bad": `"\\xff\\xfe"`, "ok": `"超"`})
	f(`{"s":"\ud800","e":"\/\b\f\n\r\t\"\\"}`, map[string]string{"s": `"\ud800"`, "e": `"\/\b\f\n\r\t\"\\"`})

	// More names than are compared as they come.
	var wide, repeated strings.Builder
	want := map[string]string{}
	for i := range 300 {
		fmt.Fprintf(&wide, `"k%d":%d,`, i, i)
		want[fmt.Sprintf("k%d", i)] = fmt.Sprint(i)
	}
	f(`{`+strings.TrimSuffix(wide.String(), ",")+`}`, want)
	fmt.Fprintf(&repeated, `{%s"k299":0}`, wide.String())
	want["k299#1"], want["k299"] = "299", "0"
	f(repeated.String(), want)
	text, _ = json.Marshal(repeated.String())
	f(`{"o":`+repeated.String()+`}`, map[string]string{"o": string(text)})
}

func TestJSONMalformed(t *testing.T) {
	t.Parallel()
	f := func(record, want string) {
		t.Helper()
		if _, got := document(t, record); got != want {
			t.Errorf("%.100q: malformed %q, want %q", record, got, want)
		}
	}
	f(``, "json: empty line at byte 0")
	f(`null`, "json: not an object at byte 0")
	f(`{`, "json: cut off at byte 1")
	f(`{"a"`, "json: cut off at byte 4")
	f(`{"a":`, "json: cut off at byte 5")
	f(`{"a":1`, "json: cut off at byte 6")
	f(`{"a":1,`, "json: cut off at byte 7")
	f(`{"a":"b`, "json: cut off inside a string at byte 7")
	f(`{"a":1,}`, "json: unexpected character at byte 7")
	f(`{"a" 1}`, "json: unexpected character at byte 5")
	f(`{a:1}`, "json: unexpected character at byte 1")
	f(`{"a":tru}`, "json: unexpected character at byte 5")
	f(`{"a":+1}`, "json: unexpected character at byte 5")
	f(`{"a":1.}`, "json: unexpected character at byte 7")
	f(`{"a":1e}`, "json: unexpected character at byte 7")
	f(`{"a":-}`, "json: unexpected character at byte 6")
	f(`{"a":NaN}`, "json: unexpected character at byte 5")
	f(`{"a":"\x41"}`, "json: wrong escape at byte 6")
	f(`{"a":"\u12g4"}`, "json: wrong \\u escape at byte 6")
	f("{\"a\":\"\n\"}", "json: control character inside a string at byte 6")
	f(`{"a":[1,]}`, "json: unexpected character at byte 8")
	f(`{"a":[1 2]}`, "json: unexpected character at byte 8")
	f(`{"a":1}}`, "json: text after the object at byte 7")
	f(`{"a":`+strings.Repeat("[", 600), "json: nested too deep at byte 517")
	f(`{"`+strings.Repeat("k", 3000)+`":1}`, "json: name too long at byte 3004")
	f(`{`+strings.Repeat(`"k":1,`, 5000)+`"k":1}`, "json: too many members at byte 24581")
}

// TestParserKeepsNothing parses records of very different size and shape with one Parser and one Event.
func TestParserKeepsNothing(t *testing.T) {
	t.Parallel()
	names := newNames(t, nil, time.UTC)
	logs, _ := filepath.Glob("testdata/*.log")
	for _, path := range logs {
		format, _, _ := strings.Cut(filepath.Base(path), "_")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		one := func(p parse.Parser, ev *event.Event, raw []byte) string {
			ev.Reset()
			ev.Source = &event.Source{}
			ev.Raw = raw
			p.Parse(ev)
			names.Assign(ev)
			return string(event.AppendDocument(nil, ev))
		}
		shared, _ := parse.New(format)
		ev := &event.Event{}
		for _, raw := range records(shared, text) {
			fresh, _ := parse.New(format)
			if got, want := one(shared, ev, raw), one(fresh, &event.Event{}, raw); got != want {
				t.Errorf("%q after other records: %s, alone: %s", raw, got, want)
			}
		}
	}
}

// TestShapes writes records of changing shapes for long enough that the Parser learns one after the other.
func TestShapes(t *testing.T) {
	t.Parallel()
	p, err := parse.New("json")
	if err != nil {
		t.Fatal(err)
	}
	ev := &event.Event{Source: &event.Source{}}
	f := func(record, want string) {
		t.Helper()
		ev.Reset()
		ev.Source = &event.Source{}
		ev.Raw = []byte(record)
		p.Parse(ev)
		const head = `{"@timestamp":"0001-01-01T00:00:00.000Z","fields":`
		if got := string(event.AppendDocument(nil, ev)); got != head+want+"}" {
			t.Fatalf("%s became %s, want %s", record, got, head+want+"}")
		}
	}
	for _, first := range []string{"a", "b", "c"} {
		for i := range 100 {
			n := fmt.Sprint(i)
			f(`{"`+first+`":1,"x":`+n+`,"y":{"x":2}}`, `{"`+first+`":1,"x":`+n+`,"y":{"x":2}}`)
			f(`{"`+first+`":1,"x":`+n+`,"x":2}`, `{"`+first+`":1,"x#1":`+n+`,"x":2}`)
			f(`{"`+first+`":1,"`+first+`":2}`, `{"`+first+`#1":1,"`+first+`":2}`)
			f(`{"`+first+`":1,"x":2,"y":3,"x":4}`, `{"`+first+`":1,"x#1":2,"y":3,"x":4}`)
			f(`{ "`+first+`" : 1 , "x" : 2 }`, `{"`+first+`":1,"x":2}`)
			f(`{"`+first+`": 1,"z":"`+n+`"}`, `{"`+first+`":1,"z":"`+n+`"}`)
		}
	}
}
