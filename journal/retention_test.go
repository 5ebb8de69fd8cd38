package journal

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
)

func TestMaxSize(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	cfg := config()
	cfg.MaxSize = segmentsKept * 2000
	dir := t.TempDir()
	j, err := open(dir, cfg, slog.New(slog.NewTextHandler(&log, nil)), nil, &faultyDisk{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	slow, quick, late := mustConsumer(t, j, "slow"), mustConsumer(t, j, "quick"), 0
	mustAppend(t, j, batch(0, 10))
	for _, c := range []*Consumer{slow, quick} { // both have the first block
		b, err := c.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Ack(b.Next); err != nil {
			t.Fatal(err)
		}
	}
	const blocks = 200
	for n := 1; n < blocks; n++ {
		mustAppend(t, j, batch(n*10, n*10+10))
		if total := j.lagBytes(Position{}); total > int64(cfg.MaxSize) {
			t.Fatalf("journal has %d bytes after block %d, want at most %d", total, n, int64(cfg.MaxSize))
		}
		late += len(drain(t, quick))
		if err := quick.Ack(j.end()); err != nil {
			t.Fatal(err)
		}
	}
	if late != blocks*10-10 {
		t.Errorf("quick consumer got %d records, want %d", late, blocks*10-10)
	}
	left := drain(t, slow)
	first := blocks*10 - len(left)
	checkRecords(t, left, upTo(first, blocks*10)...)
	want := float64(first - 10) // the first ten were delivered
	if got := testutil.ToFloat64(j.metrics.undelivered.WithLabelValues("slow")); got != want || want <= 0 {
		t.Errorf("undelivered records of slow = %v, want %v", got, want)
	}
	if got := testutil.ToFloat64(j.metrics.undelivered.WithLabelValues("quick")); got != 0 {
		t.Errorf("undelivered records of quick = %v, want 0", got)
	}
	if !strings.Contains(log.String(), `msg="journal dropped records that were not delivered" consumer=slow`) {
		t.Errorf("log does not say that records were dropped:\n%s", log.String())
	}
	checkRecords(t, readAll(t, j), upTo(first, blocks*10)...)
}

// TestMarksOutliveSegments drops the segment in which a mark was set.
func TestMarksOutliveSegments(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxSize = segmentsKept * 2000
	dir := t.TempDir()
	j := mustOpenOn(t, dir, cfg, &faultyDisk{})
	mustAppend(t, j, Batch{Marks: map[string][]byte{"idle": []byte("here")}})
	for n := range 150 {
		mustAppend(t, j, batch(n*10, n*10+10))
	}
	if j.segments[0].number == 1 {
		t.Fatal("the first segment is still there")
	}
	mustClose(t, j)
	j = mustOpen(t, dir, cfg)
	if got := string(j.Marks()["idle"]); got != "here" {
		t.Errorf("mark = %q, want here", got)
	}
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := config()
		cfg.MaxAge = model.Duration(160 * time.Minute)
		j := mustOpenOn(t, t.TempDir(), cfg, &faultyDisk{})
		defer j.Close()
		for n := range 40 { // one block in ten minutes: a segment each
			mustAppend(t, j, batch(n, n+1))
			time.Sleep(10*time.Minute + time.Second)
		}
		got := readAll(t, j)
		if len(got) < 16 || len(got) > 18 {
			t.Errorf("%d records are left, want about 17", len(got))
		}
		checkRecords(t, got, upTo(40-len(got), 40)...)

		time.Sleep(400 * time.Minute) // nothing new: the newest segment stays, with the marks
		if got := len(readAll(t, j)); got != 1 {
			t.Errorf("%d records are left, want the newest", got)
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Errorf("default configuration: %v", err)
	}
	cfg = Config{MaxSize: 63 * units.MiB, SyncEvery: model.Duration(-time.Second)}
	want := "max_size: must be at least 64MiB, got 63MiB\nmax_age: must be at least 1m, got 0s\nsync_every: must not be negative, got -1s"
	if err := cfg.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate() =\n%v\nwant\n%s", err, want)
	}
}
