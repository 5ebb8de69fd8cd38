package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
	"golang.org/x/sys/unix"
)

// mustOpenOn opens a journal on a disk of the test's making.
func mustOpenOn(t testing.TB, dir string, cfg Config, d disk) *Journal {
	t.Helper()
	j, err := open(dir, cfg, slog.New(slog.DiscardHandler), nil, d)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]error{
		"no space": &os.PathError{Op: "write", Err: unix.ENOSPC}, "quota": unix.EDQUOT, "short write": io.ErrShortWrite,
	} {
		for _, op := range []string{"write", "create", "sync", "syncdir"} {
			for _, size := range []int64{2000, 50_000} { // with many changes of the segment, and with few
				t.Run(fmt.Sprintf("%s at %s, segments of %d", name, op, size), func(t *testing.T) {
					t.Parallel()
					testFullDisk(t, full, op, size)
				})
			}
		}
	}
}

func testFullDisk(t *testing.T, full error, op string, size int64) {
	failing, short, faults := "", 0, 0
	d := &faultyDisk{fault: func(at string) (int, error) {
		if at == failing {
			faults++
			return short, full
		}
		return 0, nil
	}}
	cfg := config()
	cfg.SyncEvery = 0
	cfg.MaxSize = units.Base2Bytes(segmentsKept * size)
	dir := t.TempDir()
	j := mustOpenOn(t, dir, cfg, d)
	c := mustConsumer(t, j, "es")
	n, refused := 0, 0
	for i := range 60 {
		failing, short = "", 37*i
		if i%3 > 0 {
			failing = op
		}
		err := j.Append(batch(n, n+3))
		switch {
		case err == nil:
			n += 3
		case errors.Is(err, ErrFull):
			refused++
		default:
			t.Fatalf("Append = %v, want ErrFull", err)
		}
	}
	failing = ""
	if refused != faults || n != 3*(60-refused) {
		t.Errorf("%d batches refused and %d records written with %d faults", refused, n, faults)
	}
	if got := testutil.ToFloat64(j.metrics.appendErrors); got != float64(refused) {
		t.Errorf("append errors = %v, want %d", got, refused)
	}
	checkRecords(t, drain(t, c), upTo(0, n)...)
	mustClose(t, j)
	j = mustOpen(t, dir, cfg)
	checkRecords(t, readAll(t, j), upTo(0, n)...)
	if got := testutil.ToFloat64(j.metrics.torn) + testutil.ToFloat64(j.metrics.corrupt); got != 0 {
		t.Errorf("%v damaged blocks after a full disk, want 0", got)
	}
}

// TestTruncateFailsToo leaves a torn block in the file until the disk takes commands again.
// TestSmallDisk has a disk that is smaller than max_size: what was delivered gives way, what was not stays.
func TestSmallDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &faultyDisk{}
	d.fault = func(op string) (int, error) {
		segments, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
		if err != nil {
			return 0, err
		}
		if op == "create" && len(segments) >= 4 {
			return 0, unix.ENOSPC
		}
		return 0, nil
	}
	cfg := config()
	cfg.MaxSize = segmentsKept * 2000
	j := mustOpenOn(t, dir, cfg, d)
	c := mustConsumer(t, j, "es")
	n := 0
	for ; n < 100; n++ {
		mustAppend(t, j, batch(n*10, n*10+10))
		checkRecords(t, drain(t, c), upTo(n*10, n*10+10)...)
		if err := c.Ack(j.end()); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	first := n
	for ; err == nil && n < 200; n++ {
		err = j.Append(batch(n*10, n*10+10))
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("Append without delivery on a full disk = %v, want ErrFull", err)
	}
	checkRecords(t, drain(t, c), upTo(first*10, n*10-10)...)
}

func TestTruncateFailsToo(t *testing.T) {
	t.Parallel()
	broken := false
	d := &faultyDisk{fault: func(op string) (int, error) {
		if broken && (op == "write" || op == "truncate") {
			return 50, unix.EIO
		}
		return 0, nil
	}}
	dir := t.TempDir()
	j := mustOpenOn(t, dir, config(), d)
	mustAppend(t, j, batch(0, 3))
	broken = true
	for range 3 {
		if err := j.Append(batch(3, 5)); err == nil || errors.Is(err, ErrFull) || !errors.Is(err, unix.EIO) {
			t.Fatalf("Append = %v, want EIO, which is not ErrFull", err)
		}
	}
	broken = false
	mustAppend(t, j, batch(3, 6))
	mustClose(t, j)
	j = mustOpen(t, dir, config())
	checkRecords(t, readAll(t, j), upTo(0, 6)...)
}

// TestFailedSyncIsRepeated has a disk that says once that it could not take a block, and forgets the block then.
func TestFailedSyncIsRepeated(t *testing.T) {
	t.Parallel()
	failing, rewritten := false, 0
	d := &faultyDisk{fault: func(op string) (int, error) {
		if failing && op == "sync" {
			return 0, unix.EIO
		}
		if op == "write" {
			rewritten++
		}
		return 0, nil
	}}
	cfg := config()
	cfg.SyncEvery = model.Duration(time.Hour)
	j := mustOpenOn(t, t.TempDir(), cfg, d)
	mustAppend(t, j, batch(0, 3))
	failing = true
	j.syncRecent()
	failing = false
	if got := testutil.ToFloat64(j.metrics.syncErrors); got != 1 {
		t.Errorf("sync errors = %v, want 1", got)
	}
	rewritten = 0
	j.syncRecent()
	if rewritten == 0 {
		t.Error("blocks of a failed sync were not written again")
	}
	j.syncRecent()
	if rewritten != 1 || j.w.durable != j.w.size {
		t.Errorf("written %d times, durable %d of %d; want 1, all", rewritten, j.w.durable, j.w.size)
	}
}
