package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/event"
	"gatewatch/journal"
	"gatewatch/redact"
)

// shelf is a journal that takes what it is given, unless it is full.
type shelf struct {
	mu      sync.Mutex
	full    bool
	records []journal.Record
}

func (s *shelf) Append(b journal.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return errors.New("no room")
	}
	s.records = append(s.records, b.Records...)
	return nil
}

func (s *shelf) set(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

func newTestNotes(s Appender) *Notes {
	reg := prometheus.NewRegistry()
	return NewNotes(Parts{Host: "gw1", Redactor: redact.New(redact.DefaultConfig(), reg), Journal: s, Log: slog.New(slog.DiscardHandler)}, reg)
}

func TestNotes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s shelf
		n := newTestNotes(&s)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- n.Run(ctx) }()
		at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
		n.Add(event.Note{Dataset: "postgresql.statement", Time: at, Level: "warn", Message: "select 4111111111111111",
			Fields: []event.NoteField{event.NoteText("user.name", `o"neil`), event.NoteNumber("postgresql.statement.query.calls", 12.5)}})
		n.Add(event.Note{Dataset: "mysql.statement", Time: at})
		synctest.Wait()
		if len(s.records) != 2 {
			t.Fatalf("%d records are in the journal, want 2", len(s.records))
		}
		got := string(s.records[0].Document)
		if !strings.HasPrefix(got, `{"@timestamp":"2026-11-22T08:00:00.000Z","log.level":"warn","message":"select `) || strings.Contains(got, "41111111") ||
			!strings.HasSuffix(got, `,"user.name":"o\"neil","postgresql.statement.query.calls":12.5}`) {
			t.Errorf("document = %s", got)
		}
		a, b := s.records[0], s.records[1]
		if a.Source.ID != b.Source.ID || a.Offset >= b.Offset || a.Source.Dataset != "postgresql.statement" || b.Source.Dataset != "mysql.statement" {
			t.Errorf("records are at %+v %d and %+v %d, want one identity and growing offsets", a.Source, a.Offset, b.Source, b.Offset)
		}

		// While the journal is full a bounded number waits, and nobody waits for it.
		s.set(true)
		for range 2 * maxNotes {
			n.Add(event.Note{Dataset: "mysql.statement", Time: at})
			synctest.Wait()
		}
		lost := testutil.ToFloat64(n.dropped.WithLabelValues("mysql.statement"))
		if lost < maxNotes-10 || lost > maxNotes {
			t.Errorf("%v notes of %d were dropped, want about %d", lost, 2*maxNotes, maxNotes)
		}
		s.set(false)
		time.Sleep(2 * longPause)
		synctest.Wait()
		if taken := testutil.ToFloat64(n.taken.WithLabelValues("mysql.statement")); taken+lost != 2*maxNotes+1 {
			t.Errorf("%v notes were taken and %v dropped, want %d in all", taken, lost, 2*maxNotes+1)
		}
		n.Add(event.Note{Dataset: "mysql.statement", Time: at})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := len(s.records); got != 2*maxNotes+3-int(lost) {
			t.Errorf("%d records are in the journal in the end, want %d: what waits is brought in", got, 2*maxNotes+3-int(lost))
		}
	})
}

// TestNotesTooLarge gives a real journal more notes at once than one block may hold, and one that no block holds.
func TestNotesTooLarge(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	j, err := journal.Open(t.TempDir(), journal.DefaultConfig(), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	n := newTestNotes(j)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	text := strings.Repeat("a b ", maxNoteText/4)
	fields := make([]event.NoteField, journal.MaxBatchBytes/maxNoteText+1)
	for i := range fields {
		fields[i] = event.NoteText("sql", text)
	}
	for range 5 {
		n.Add(event.Note{Dataset: "mysql.statement", Fields: fields[:400]})
	}
	n.Add(event.Note{Dataset: "mysql.plan", Fields: fields})
	n.Add(event.Note{Dataset: "mysql.statement", Fields: fields[:1]})
	if err := n.Run(ctx); err != nil {
		t.Fatal(err)
	}
	f := func(counter *prometheus.CounterVec, name, dataset string, want float64) {
		t.Helper()
		if got := testutil.ToFloat64(counter.WithLabelValues(dataset)); got != want {
			t.Errorf("%s notes of %s = %v, want %v", name, dataset, got, want)
		}
	}
	f(n.taken, "taken", "mysql.statement", 6)
	f(n.dropped, "dropped", "mysql.statement", 0)
	f(n.dropped, "dropped", "mysql.plan", 1)
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
