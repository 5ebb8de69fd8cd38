package pipeline

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/tail"
)

// says returns the parts of documents that the tests below are about: time, stream and message.
func says(t *testing.T, docs []string) []string {
	t.Helper()
	var all []string
	for _, doc := range docs {
		var d struct {
			Time    string `json:"@timestamp"`
			Message string `json:"message"`
			Fields  map[string]any
		}
		if err := json.Unmarshal([]byte(doc), &d); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		all = append(all, fmt.Sprint(d.Time, " ", d.Fields["log.iostream"], " ", d.Message))
	}
	return all
}

const criTime = "2026-11-22T08:00:00.5Z"

func TestContainerLines(t *testing.T) {
	t.Parallel()
	f := func(name, text, format string, want ...string) {
		t.Helper()
		cfg := GroupConfig{Paths: []string{name}, MaxLine: 300}
		cfg.SetDefaults()
		var docs []string
		got, err := ReadAll(t.Context(), strings.NewReader(text), name, cfg, testParts(t), func(ev *event.Event) {
			docs = append(docs, string(event.AppendDocument(nil, ev)))
		})
		if said := says(t, docs); err != nil || got != format || !slices.Equal(said, want) {
			t.Errorf("%s: format %q, %v, %q; want %q, %q", name, got, err, said, format, want)
		}
	}
	f("cri", criTime+" stdout F one\n"+criTime+" stderr F two\n"+criTime+" stdout F\n", "cri text",
		"2026-11-22T08:00:00.500Z stdout one", "2026-11-22T08:00:00.500Z stderr two")
	f("cri in pieces", criTime+" stdout P {\"msg\":\"a\n"+criTime+" stderr F not between\n"+criTime+" stdout F b\"}\n", "cri json",
		"2026-11-22T08:00:00.500Z <nil> not between", "2026-11-22T08:00:00.500Z stdout ab")
	f("docker", `{"log":"{\"time\":\"2026-11-22T07:00:00Z\",\"msg\":\"caf\u00e9 \\\"x\\\"\"}\n","stream":"stdout","time":"2026-11-22T08:00:00.5Z"}`+"\n",
		"docker json", `2026-11-22T07:00:00.000Z stdout café "x"`)
	f("docker in pieces", `{"log":"on","stream":"stderr","attrs":{"tag":"x"},"time":"2026-11-22T08:00:00Z"}`+"\n"+
		`{"log":"e \u003c\ud83d\ude00\r\n","stream":"stderr","attrs":{"tag":"x"},"time":"2026-11-22T08:00:01Z"}`+"\n", "docker text",
		"2026-11-22T08:00:00.000Z stderr one <😀")
	f("json with a log field", `{"log":"a","time":"2026-11-22T08:00:00Z","level":"info"}`+"\n", "json", "2026-11-22T08:00:00.000Z <nil> a")
	f("too long in pieces", strings.Repeat(criTime+" stdout P "+strings.Repeat("x", 100)+"\n", 5)+criTime+" stdout F end\n", "cri text",
		"2026-11-22T08:00:00.500Z stdout "+strings.Repeat("x", 300))
}

func line(offset int64, text string) tail.Line { return tail.Line{Offset: offset, Text: []byte(text)} }

// A stack trace on stdout, lines of stderr between, and a restart in the middle of both: each record comes once.
func TestContainerLanesAcrossRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "0.log")
	out := func(tag, text string) { write(t, path, criTime+" stdout "+tag+" "+text+"\n") }
	cfg := GroupConfig{Paths: []string{path}, Format: FormatCRI}
	m := &memory{}
	out("F", "2026-11-22 14:09:40.000 INFO [http-1] [com.jeequan.jeepay.Pay] - first")
	out("F", "2026-11-22 14:09:41.000 ERROR [http-1] [com.jeequan.jeepay.Pay] - boom")
	write(t, path, criTime+" stderr F 2026-11-22 14:09:41.001 WARN [http-1] [com.jeequan.jeepay.Err] - err 1\n")
	write(t, path, criTime+" stderr F 2026-11-22 14:09:41.002 WARN [http-1] [com.jeequan.jeepay.Err] - err 2\n")
	out("P", "\tat com.jeequan.jee")
	stop := run(t, m, cfg)
	await(t, m, 2) // "first" and "err 1"; "boom" and "err 2" may go on
	stop()
	out("F", "pay.Pay.pay(Pay.java:42)")
	run(t, m, cfg)
	docs := await(t, m, 4)
	if !slices.ContainsFunc(docs, func(d string) bool { return strings.Contains(d, "com.jeequan.jeepay.Pay.pay(Pay.java:42)") }) {
		t.Errorf("no document has the joined line:\n%s", strings.Join(docs, "\n"))
	}
}

// A piece that is never completed becomes a record while the other stream is busy.
func TestContainerPieceTimesOut(t *testing.T) {
	t.Parallel()
	parts := testParts(t)
	m := &memory{ids: map[string]bool{}, marks: map[string][]byte{}}
	parts.Journal = m
	cfg := GroupConfig{Paths: []string{"x"}, Format: FormatCRI}
	cfg.SetDefaults()
	p, err := New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	p.now = func() time.Time { return now }
	s := &stream{envelope: FormatCRI, path: "x", id: 1}
	if err := p.detect(s, nil); err != nil {
		t.Fatal(err)
	}
	p.began = now
	p.enveloped(s, line(0, criTime+" stdout P lost"))
	p.enveloped(s, line(100, criTime+" stderr F other"))
	p.flushOld(s)
	if got := s.position(200); len(p.batch.Records) != 1 || got != 0 {
		t.Errorf("%d records, position %d; want 1 and 0", len(p.batch.Records), got)
	}
	p.began = now.Add(laneTimeout)
	p.flushOld(s)
	if got := s.position(200); len(p.batch.Records) != 2 || got != 200 {
		t.Errorf("%d records, position %d; want 2 and 200", len(p.batch.Records), got)
	}
}

func TestMultilineRule(t *testing.T) {
	t.Parallel()
	f := func(rule MultilineConfig, text string, want int) {
		t.Helper()
		cfg := GroupConfig{Paths: []string{"x"}, Format: "text", Multiline: &rule}
		cfg.SetDefaults()
		n := 0
		_, err := ReadAll(t.Context(), strings.NewReader(text), "x", cfg, testParts(t), func(*event.Event) { n++ })
		if err != nil || n != want {
			t.Errorf("%+v: %d records of %q, %v; want %d", rule, n, text, err, want)
		}
	}
	f(MultilineConfig{Start: `^\d+ `}, "1 a\nb\n  c\n2 d\n", 2)
	f(MultilineConfig{Indent: true}, "a\n b\n\n\tc\nd\ne\n", 3)
	f(MultilineConfig{Start: "^[A-Z]", Indent: true}, "A\nb\n C\nD\n", 2)
}

// FuzzUnwrapDocker compares with encoding/json what is taken out of lines as Docker writes them.
func FuzzUnwrapDocker(f *testing.F) {
	f.Add("plain\n", "stdout")
	f.Add("\"quoted\" \\ \x00 \u2028 <&> é 😀 \xff", "stderr")
	f.Fuzz(func(t *testing.T, text, name string) {
		if name != "stderr" {
			name = "stdout"
		}
		in, err := json.Marshal(struct {
			Log    string `json:"log"`
			Stream string `json:"stream"`
			Time   string `json:"time"`
		}{text, name, criTime})
		if err != nil {
			t.Fatal(err)
		}
		got, _, ok := unwrapDocker(in, nil)
		var back struct{ Log string }
		if err := json.Unmarshal(in, &back); err != nil {
			t.Fatal(err)
		}
		inside, whole := strings.CutSuffix(back.Log, "\n")
		if whole {
			inside = strings.TrimSuffix(inside, "\r")
		}
		if !ok || string(got.text) != inside || got.partial == whole || got.stderr != (name == "stderr") {
			t.Errorf("unwrapDocker(%s) = %q, partial %v, %v; want %q", in, got.text, got.partial, ok, inside)
		}
		unwrapCRI([]byte(text))
		unwrapDocker([]byte(text), nil)
	})
}
