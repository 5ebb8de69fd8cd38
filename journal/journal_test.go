package journal

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/event"
)

var (
	sourceA = &event.Source{ID: 1, Path: "/var/log/gateway/pay.log", Host: "gw1", Dataset: "app", Labels: map[string]string{"service": "checkout"}}
	sourceB = &event.Source{ID: 2, Path: "/var/log/nginx/access.log", Host: "gw1", Dataset: "access"}
)

var epoch = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// record returns the n-th record of a test.
func record(n int) Record {
	s := sourceA
	if n%3 == 2 {
		s = sourceB
	}
	at := epoch.Add(time.Duration(n) * 7 * time.Millisecond)
	doc := fmt.Sprintf(`{"@timestamp":"%s","message":"支付超时 record %d","payment.order_id":"order-%06d"}`,
		at.Format("2006-01-02T15:04:05.000Z"), n, n)
	return Record{Source: s, Offset: int64(n) * 131, Time: at, Document: []byte(doc)}
}

// batch returns the records from up to to, and a mark that says to.
func batch(from, to int) Batch {
	b := Batch{Marks: map[string][]byte{"a": fmt.Append(nil, to)}}
	for n := from; n < to; n++ {
		b.Records = append(b.Records, record(n))
	}
	return b
}

func config() Config { return DefaultConfig() }

func mustOpen(t testing.TB, dir string, cfg Config) *Journal {
	t.Helper()
	j, err := Open(dir, cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func mustAppend(t testing.TB, j *Journal, batches ...Batch) {
	t.Helper()
	for _, b := range batches {
		if err := j.Append(b); err != nil {
			t.Fatalf("Append: %v", err)
		}
	}
}

func mustClose(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func mustConsumer(t testing.TB, j *Journal, name string) *Consumer {
	t.Helper()
	c, err := j.Consumer(name)
	if err != nil {
		t.Fatalf("Consumer(%q): %v", name, err)
	}
	return c
}

// readAll returns everything that a consumer that never was there before gets.
func readAll(t testing.TB, j *Journal) []Record {
	t.Helper()
	c := mustConsumer(t, j, "reader")
	defer os.Remove(j.cursorPath("reader"))
	defer c.Close()
	return drain(t, c)
}

// drain returns all records that are there for c.
func drain(t testing.TB, c *Consumer) []Record {
	t.Helper()
	var all []Record
	for {
		b, found, err := c.step()
		if err != nil {
			t.Fatalf("step: %v", err)
		}
		if !found {
			return all
		}
		all = append(all, b.Records...)
	}
}

// checkRecords compares got with the records of those numbers.
func checkRecords(t testing.TB, got []Record, numbers ...int) {
	t.Helper()
	if len(got) != len(numbers) {
		t.Fatalf("got %d records, want %d", len(got), len(numbers))
	}
	for i, n := range numbers {
		want := record(n)
		g := got[i]
		if string(g.Document) != string(want.Document) || g.Offset != want.Offset || !g.Time.Equal(want.Time) ||
			g.Source.ID != want.Source.ID || g.Source.Path != want.Source.Path || !maps.Equal(g.Source.Labels, want.Source.Labels) {
			t.Fatalf("record %d = %+v of %+v, want %+v of %+v", i, g, g.Source, want, want.Source)
		}
	}
}

func upTo(from, to int) []int {
	var all []int
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpen(t, dir, config())
	live := mustConsumer(t, j, "live")
	mustAppend(t, j, batch(0, 10), batch(10, 11), batch(11, 700), Batch{}, Batch{Marks: map[string][]byte{"b": []byte("x"), "c": {}}})
	checkRecords(t, drain(t, live), upTo(0, 700)...)
	mustAppend(t, j, Batch{Marks: map[string][]byte{"b": nil}})
	mustClose(t, j)

	j = mustOpen(t, dir, config())
	checkRecords(t, readAll(t, j), upTo(0, 700)...)
	want := map[string][]byte{"a": []byte("700"), "c": {}}
	if got := j.Marks(); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("Marks() = %q, want %q", got, want)
	}
}

func TestSecondOpenSaysWho(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpen(t, dir, config())
	_, err := Open(dir, config(), slog.New(slog.DiscardHandler), nil)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by another agent (process %d)", os.Getpid())) {
		t.Errorf("second Open = %v, want it to name this process", err)
	}
	mustClose(t, j)
	mustOpen(t, dir, config())
}

func TestExtremes(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, t.TempDir(), config())
	times := []time.Time{{}, time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1, 1), epoch.Add(123456789)}
	var b Batch
	for i, at := range times {
		b.Records = append(b.Records, Record{Source: &event.Source{ID: 7}, Offset: int64(i%2) << 62, Time: at, Document: []byte(strings.Repeat("x", i))})
	}
	mustAppend(t, j, b)
	for i, r := range readAll(t, j) {
		if got, want := r.Time.UnixNano(), nanoseconds(times[i]); got != want {
			t.Errorf("time %v came back as %v", times[i], r.Time)
		}
		if r.Offset != b.Records[i].Offset || len(r.Document) != i {
			t.Errorf("record %d = %+v, want %+v", i, r, b.Records[i])
		}
	}
	for name, tooLarge := range map[string]Batch{
		"records":  {Records: slices.Repeat([]Record{record(0)}, MaxBatchRecords+1)},
		"document": {Records: []Record{{Source: sourceA, Document: make([]byte, MaxBatchBytes+1)}}},
		"marks":    {Marks: map[string][]byte{"a": make([]byte, MaxBatchBytes)}},
	} {
		if err := j.Append(tooLarge); err == nil || !strings.Contains(err.Error(), ErrTooLarge.Error()) {
			t.Errorf("Append of too many %s = %v, want ErrTooLarge", name, err)
		}
	}
}

func TestRecordWithoutSource(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, t.TempDir(), config())
	if err := j.Append(Batch{Records: []Record{{}}}); err == nil {
		t.Error("Append of a record without a source works, want an error")
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpen(t, dir, config())
	mustAppend(t, j, batch(0, 1))
	mustClose(t, j)
	path := segmentPath(dir, 1)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[8] = 9
	copy(data[12:16], []byte{0, 0, 0, 0})
	sum := segmentSum(data[:segmentHeaderSize])
	data[12], data[13], data[14], data[15] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, config(), slog.New(slog.DiscardHandler), nil)
	if err == nil || !strings.Contains(err.Error(), "unknown format version 9; this gatewatch reads versions up to 3") {
		t.Errorf("Open = %v, want it to name the versions", err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	dir := t.TempDir()
	j, err := Open(dir, config(), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	c := mustConsumer(t, j, "es")
	mustAppend(t, j, batch(0, 10), batch(10, 20))
	b, err := c.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ack(b.Next); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "000000000001.gwj"))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`
# HELP gatewatch_journal_appended_records_total Records written to the journal.
# TYPE gatewatch_journal_appended_records_total counter
gatewatch_journal_appended_records_total 20
# HELP gatewatch_journal_bytes Size of the journal on disk.
# TYPE gatewatch_journal_bytes gauge
gatewatch_journal_bytes %d
# HELP gatewatch_journal_consumer_lag_bytes Bytes of the journal that the consumer has not acknowledged.
# TYPE gatewatch_journal_consumer_lag_bytes gauge
gatewatch_journal_consumer_lag_bytes{consumer="es"} %d
# HELP gatewatch_journal_oldest_timestamp_seconds Time of the oldest record in the journal's oldest block.
# TYPE gatewatch_journal_oldest_timestamp_seconds gauge
gatewatch_journal_oldest_timestamp_seconds 1.7953344e+09
# HELP gatewatch_journal_segments Files of the journal.
# TYPE gatewatch_journal_segments gauge
gatewatch_journal_segments 1
`, info.Size(), info.Size()-b.Next.Offset)
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "gatewatch_journal_appended_records_total",
		"gatewatch_journal_bytes", "gatewatch_journal_consumer_lag_bytes", "gatewatch_journal_oldest_timestamp_seconds",
		"gatewatch_journal_segments"); err != nil {
		t.Error(err)
	}
	mustClose(t, j)
	if again, err := Open(dir, config(), slog.New(slog.DiscardHandler), reg); err != nil {
		t.Errorf("Open with the same registry after Close: %v", err)
	} else {
		mustClose(t, again)
	}
}
