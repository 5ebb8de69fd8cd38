package parse_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/parse"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	const (
		js      = `{"time":"2026-11-22T08:00:00Z","msg":"x"}`
		access  = `10.0.0.1 - - [22/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "curl/8" 0.1`
		java    = `2026-11-22 08:00:00.123 INFO  [main] [c.e.App] - started`
		spring  = `2026-11-22T08:00:00.123Z  INFO 1 --- [app] [main] c.e.App : started`
		trace   = "\tat com.example.App.main(App.java:3)"
		garbage = "some banner, not a log"
	)
	f := func(name, want string, lines ...string) {
		t.Helper()
		all := make([][]byte, len(lines))
		for i, l := range lines {
			all[i] = []byte(l)
		}
		if got := parse.Detect(all); got != want {
			t.Errorf("%s: Detect = %q, want %q", name, got, want)
		}
	}
	f("nothing", "text")
	f("empty lines", "text", "", "", " ")
	f("json", "json", js)
	f("json with BOM and CRLF", "json", "\xef\xbb\xbf"+js+"\r", js+"\r", "\r")
	f("json after a banner", "json", "> pay@1.0.0 start", "> node server.js", "", js, js, js)
	f("json with garbage between", "json", js, garbage, js, js)
	f("json whose first line is java's", "json", java, js, js, js)
	f("one json line in a text", "text", strings.Split(strings.Repeat(garbage+"\n", 30)+js, "\n")...)
	f("json arrays", "text", "[1]", "[2]")
	f("cut json", "text", `{"a":`, `{"b":`)
	f("access", "nginx", access)
	f("access with BOM and CRLF", "nginx", "\xef\xbb\xbf"+access+"\r", access+"\r")
	f("common log", "apache", `127.0.0.1 - frank [10/Oct/2025:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326`)
	f("access with garbage requests", "nginx", `10.0.0.1 - - [22/Nov/2026:08:00:00 +0000] "\x16\x03" 400 150 "-" "-"`, access)
	f("java", "logback", java)
	f("java with BOM and CRLF", "logback", "\xef\xbb\xbf"+java+"\r", java+"\r")
	f("java with traces", "logback", java, "java.lang.X: y", trace, trace, trace, trace, trace, trace)
	f("java after a banner", "logback", "", "  .   ____ ", " /\\\\ / ___'_ __", "( ( )\\___ |", " :: Spring Boot ::  (v3.3.4)", "", spring, spring)
	f("java with json in its messages", "logback", java, js, java, js, java, js)
	f("java that begins inside a trace", "logback", trace, trace, java, java)
	f("text", "text", garbage, "another")
	f("time without level", "text", "2026-11-22 08:00:00 hello", "2026-11-22 08:00:01 hello")
	f("binary", "text", "\x00\x01\xff\xfe", "\x7fELF")
}

// TestDetectGolden detects the format of each golden log.
func TestDetectGolden(t *testing.T) {
	t.Parallel()
	logs, _ := filepath.Glob("testdata/*.log")
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(filepath.Base(path), "_")
		if got := parse.Detect(bytes.Split(text, []byte("\n"))); got != want {
			t.Errorf("Detect(%s) = %q, want %q", path, got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, name := range parse.Formats() {
		p, err := parse.New(name)
		if name == "regex" || name == "grok" {
			if err == nil {
				t.Errorf("New(%q) needs no pattern", name)
			}
			continue
		}
		if err != nil || p.Name() != name {
			t.Errorf("New(%q) = %v, %v", name, p, err)
		}
	}
	want := fmt.Sprintf("unknown format \"xml\" (known: %s)", strings.Join(parse.Formats(), ", "))
	if _, err := parse.New("xml"); err == nil || err.Error() != want {
		t.Errorf("New(xml) = %v, want %s", err, want)
	}
}
