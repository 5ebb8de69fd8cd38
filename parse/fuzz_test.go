package parse_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/parse"
)

// seed adds the records of the golden logs of one format, or of all.
func seed(f *testing.F, format string) {
	logs, err := filepath.Glob("testdata/" + format + "*.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		kind, _, _ := strings.Cut(filepath.Base(path), "_")
		p, err := parse.New(kind)
		if err != nil {
			f.Fatal(err)
		}
		for _, raw := range records(p, text) {
			f.Add(raw)
		}
	}
}

func newNames(t testing.TB, overrides map[string]string, loc *time.Location) *facts.Names {
	t.Helper()
	names, err := facts.NewNames(overrides, loc)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// check parses raw and checks what every format promises.
func check(t *testing.T, names *facts.Names, format string, raw []byte) *event.Event {
	t.Helper()
	return checkPattern(t, names, format, "", raw)
}

// checkPattern is check for a format with a pattern.
func checkPattern(t *testing.T, names *facts.Names, format, pattern string, raw []byte) *event.Event {
	t.Helper()
	p, err := parse.NewPattern(format, pattern)
	if err != nil {
		t.Fatal(err)
	}
	p.Starts(raw)
	ev := &event.Event{}
	ev.Reset()
	ev.Source = &event.Source{}
	ev.Raw = bytes.Clone(raw)
	p.Parse(ev)
	if !utf8.Valid(ev.Raw) {
		t.Fatalf("%s left %q in Raw, which is not UTF-8", format, ev.Raw)
	}
	if ev.Malformed != "" && len(ev.Fields) > 0 {
		t.Fatalf("%s found fields in %q, which it calls malformed: %s", format, raw, ev.Malformed)
	}
	names.Assign(ev)
	document := event.AppendDocument(nil, ev)
	if !json.Valid(document) {
		t.Fatalf("%s: document of %q is not JSON: %s", format, raw, document)
	}
	ev.Plain = false
	if escaped := event.AppendDocument(nil, ev); !bytes.Equal(document, escaped) {
		t.Fatalf("%s: %q is not plain:\n got %s\nwant %s", format, raw, document, escaped)
	}
	if repeated := repeatedName(document); repeated != "" {
		t.Fatalf("%s: document of %q has %q twice: %s", format, raw, repeated, document)
	}
	return ev
}

func FuzzJSON(f *testing.F) {
	seed(f, "json")
	for _, s := range []string{`{"a":1,"a":2}`, `{"a\u0000":{"b":[{}]}}`, `{"m":"{\"a\":\"{\\\"b\\\":1}\"}"}`, "{\"\xff\":\"\\ud800\"}"} {
		f.Add([]byte(s))
	}
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		ev := check(t, names, "json", raw)
		text := bytes.TrimPrefix(raw, []byte("\uFEFF"))
		if ev.Malformed != "" {
			// Nothing is refused that is an object, but for the limits, which this many bytes do not reach.
			if len(raw) < 500 && utf8.Valid(raw) && json.Valid(text) && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
				t.Fatalf("%q is malformed: %s", raw, ev.Malformed)
			}
			return
		}
		if utf8.Valid(raw) && !json.Valid(text) {
			t.Fatalf("%q is accepted and not JSON", raw)
		}
		for i := range ev.Fields {
			if v := &ev.Fields[i]; !v.Derived && !bytes.Contains(ev.Raw, v.Value) {
				t.Fatalf("%q: value %q is not the log's own", raw, v.Value)
			}
		}
		preserved(t, ev)
	})
}

// preserved checks that each member of the record is a field with the same value.
func preserved(t *testing.T, ev *event.Event) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(ev.Raw, []byte("\uFEFF")), &members); err != nil {
		t.Fatalf("Unmarshal(%q): %v", ev.Raw, err)
	}
	found := map[string]event.Field{}
	for _, f := range ev.Fields {
		if !f.Derived {
			var name string
			if err := json.Unmarshal([]byte(`"`+string(f.Name)+`"`), &name); err != nil {
				t.Fatalf("%q: name %q: %v", ev.Raw, f.Name, err)
			}
			found[name] = f
		}
	}
	for name, value := range members {
		f, ok := found[name]
		if !ok {
			// A name with NUL is written with the text \u0000.
			f, ok = found[strings.ReplaceAll(name, "\x00", `\u0000`)]
		}
		got := string(f.Value)
		if len(value) > 0 && value[0] == '"' {
			got = `"` + got + `"`
		}
		if !ok || got != string(value) {
			t.Fatalf("%q: member %q is %q, want %q", ev.Raw, name, got, value)
		}
	}
}

func FuzzNginx(f *testing.F) {
	seed(f, "nginx")
	for _, line := range []string{
		`1.1.1.1 - a"b [22/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5`, `x"y - - [22/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5`,
		`1.1.1.1 - - [22/Nov/2026:08:00:00 +0000] "GET /\"a HTTP/1.1" 200 5"6 "-" "a\"b"`,
		`1.1.1.1 - - [22/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "a" "b" "0.1" c="d"`,
	} {
		f.Add([]byte(line))
	}
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) { check(t, names, "nginx", raw) })
}

func FuzzLogback(f *testing.F) {
	seed(f, "logback")
	for _, message := range []string{
		`a={"b":{"c":"d"}} 【e】->【f】 g：[h] <i><![CDATA[j]]></i> k=%7B%22l%22%3A1%7D`, `{"a":{"a":{"a":`, "a='b\\'c' took 1.5 s",
	} {
		f.Add([]byte("2026-11-22 08:00:00.123 INFO  [a] [b] - " + message))
	}
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) { check(t, names, "logback", raw) })
}

func FuzzText(f *testing.F) {
	seed(f, "")
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) { check(t, names, "text", raw) })
}

func FuzzDetect(f *testing.F) {
	seed(f, "")
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := parse.New(parse.Detect(bytes.Split(text, []byte("\n")))); err != nil {
			t.Fatal(err)
		}
	})
}
