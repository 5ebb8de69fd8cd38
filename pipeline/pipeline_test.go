package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/journal"
	"gatewatch/payment"
	"gatewatch/redact"
	"gatewatch/tail"
)

// memory is a journal that can refuse.
type memory struct {
	mu     sync.Mutex
	refuse int // how many appends fail
	docs   []string
	ids    map[string]bool
	marks  map[string][]byte
}

func (m *memory) Append(b journal.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse > 0 {
		m.refuse--
		return fmt.Errorf("%w: test", journal.ErrFull)
	}
	for _, r := range b.Records {
		id := string(r.Source.AppendDocumentID(nil, r.Offset))
		if m.ids[id] {
			return fmt.Errorf("record %s came twice", id)
		}
		m.ids[id] = true
		m.docs = append(m.docs, string(r.Document))
	}
	for k, v := range b.Marks {
		if v == nil {
			delete(m.marks, k)
		} else {
			m.marks[k] = v
		}
	}
	return nil
}

func (m *memory) documents() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.docs...)
}

// run follows the globs into m until the test or the returned function ends it.
func run(t *testing.T, m *memory, cfg GroupConfig) (stop func()) {
	t.Helper()
	if m.ids == nil {
		m.ids, m.marks = map[string]bool{}, map[string][]byte{}
	}
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	parts := testParts(t)
	parts.Journal = m
	p, err := New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	g, err := tail.New(tail.Config{Globs: cfg.Paths, Host: "h"}, m.marks, parts.Log, tail.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, p.Handle) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func testParts(t *testing.T) Parts {
	t.Helper()
	classifier, err := payment.New("")
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	return Parts{
		Host: "h", Redactor: redact.New(redact.DefaultConfig(), reg), Classifier: classifier,
		Observe: func(*event.Event) {}, Metrics: NewMetrics(reg), Log: slog.New(slog.DiscardHandler),
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, m *memory, n int) []string {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		docs := m.documents()
		if len(docs) == n {
			return docs
		}
		if len(docs) > n || time.Now().After(deadline) {
			t.Fatalf("%d documents, want %d:\n%s", len(docs), n, strings.Join(docs, "\n"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestJSONLineBecomesDocument(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, `{"time":"2026-11-22T08:00:00.000Z","level":"error","provider":"wechatpay","method":"qr","amount":1999,"currency":"CNY","code":"SYSTEM_ERROR","latency_ms":1230.5,"card":"4111111111111111","x":{"y":1}}`+"\n")
	m := &memory{}
	run(t, m, GroupConfig{Paths: []string{path}})
	doc := await(t, m, 1)[0]
	var got map[string]any
	if err := json.Unmarshal([]byte(doc), &got); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	for name, want := range map[string]any{
		"@timestamp": "2026-11-22T08:00:00.000Z", "log.level": "error", "payment.provider": "wechatpay",
		"payment.code": "SYSTEM_ERROR", "payment.outcome": "unknown_outcome", "event.duration": 1230500000.0,
		"payment.card": "411111******1111", "payment.amount": 1999.0,
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v in %s", name, got[name], want, doc)
		}
	}
	if strings.Contains(doc, "4111111111111111") {
		t.Errorf("the card number is in %s", doc)
	}
}

func TestRecordOfSeveralLinesAcrossRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pay.log")
	first := "2026-11-22 14:09:41.203 ERROR [http-1] [com.jeequan.jeepay.Pay] - boom\njava.lang.IllegalStateException: boom\n"
	write(t, path, "2026-11-22 14:09:40.000 INFO [http-1] [com.jeequan.jeepay.Pay] - begin\n"+first)
	m := &memory{}
	stop := run(t, m, GroupConfig{Paths: []string{path}, Format: "logback"})
	await(t, m, 1) // the second one waits for more lines
	stop()
	write(t, path, "\tat com.jeequan.jeepay.Pay.pay(Pay.java:42)\n2026-11-22 14:09:42.000 INFO [http-1] [com.jeequan.jeepay.Pay] - end\n")
	run(t, m, GroupConfig{Paths: []string{path}, Format: "logback"})
	docs := await(t, m, 3)
	if !strings.Contains(docs[1], "Pay.java:42") || !strings.Contains(docs[1], "boom") {
		t.Errorf("the record of three lines is %s", docs[1])
	}
}

func TestJournalThatRefusesLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	m := &memory{refuse: 3}
	run(t, m, GroupConfig{Paths: []string{path}, Format: "text"})
	write(t, path, "1\n2\n")
	await(t, m, 2)
	write(t, path, "3\n")
	await(t, m, 3)
}

func TestBadLinesAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "{\"level\":\"info\",\"msg\":\"good\"}\n{\"level\":\"info\",\"msg\":\"cut o\n\xff\xfe\x00 garbage\n\n{\"a\":\"\xe7\xb3\"}\n")
	m := &memory{}
	run(t, m, GroupConfig{Paths: []string{path}, Format: "json"})
	for _, doc := range await(t, m, 4) {
		if !json.Valid([]byte(doc)) {
			t.Errorf("document is not JSON: %s", doc)
		}
	}
	if docs := m.documents(); !strings.Contains(docs[1], "pipeline_error") || !strings.Contains(docs[1], "cut o") {
		t.Errorf("the malformed line became %s", docs[1])
	}
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	f := func(name, text, format string, want int) {
		t.Helper()
		cfg := GroupConfig{Paths: []string{name}, MaxLine: 300}
		cfg.SetDefaults()
		n := 0
		got, err := ReadAll(t.Context(), strings.NewReader(text), name, cfg, testParts(t), func(*event.Event) { n++ })
		if err != nil || got != format || n != want {
			t.Errorf("ReadAll(%s) = %q, %d records, %v; want %q, %d", name, got, n, err, format, want)
		}
	}
	f("empty", "", "", 0)
	f("json", "{\"a\":1}\n{\"a\":2}", "json", 2)
	f("long", "{\"a\":1}\n"+strings.Repeat("x", 5000)+"\n{\"a\":2}\n", "json", 3)
	f("logback", "2026-11-22 14:09:40.000 INFO [m] [a.B] - one\n two\n2026-11-22 14:09:40.001 INFO [m] [a.B] - three\n", "logback", 2)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(cfg GroupConfig, want string) {
		t.Helper()
		cfg.SetDefaults()
		got := ""
		if err := cfg.Validate(); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("Validate(%+v) = %q, want %q…", cfg, got, want)
		}
	}
	f(GroupConfig{Paths: []string{"/a/*.log"}}, "")
	f(GroupConfig{Paths: []string{"/a"}, Fields: map[string]string{"provider": "x", "log.level": "y"}, Timezone: "UTC"}, "")
	f(GroupConfig{}, "paths: must name")
	f(GroupConfig{Paths: []string{"a", "[b"}}, "paths[1]: ")
	f(GroupConfig{Paths: []string{"a"}, Format: "jsn"}, `format: unknown format "jsn" (known: auto, json`)
	f(GroupConfig{Paths: []string{"a"}, Start: "middle"}, "start: must be beginning or end")
	f(GroupConfig{Paths: []string{"a"}, Fields: map[string]string{"provder": "x"}}, "fields.provder: unknown fact")
	f(GroupConfig{Paths: []string{"a"}, Timezone: "Asia/Nowhere"}, "timezone: ")
	f(GroupConfig{Paths: []string{"a"}, MaxLine: 10}, "max_line_bytes: ")
}
