package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
	"golang.org/x/sys/unix"
)

// faultyDisk is a disk that fails where a test says so, and that forgets at a crash what was not synced.
type faultyDisk struct {
	// fault is asked before each change with its name. An error makes it fail; a write then puts only short bytes on
	// the disk.
	fault func(op string) (short int, err error)
	// slow makes Sync real. Without it a sync takes no time.
	slow bool

	mu    sync.Mutex
	files map[string]*faultyFile
}

func (d *faultyDisk) ask(op string) (int, error) {
	if d.fault == nil {
		return 0, nil
	}
	return d.fault(op)
}

func (d *faultyDisk) open(path string, create bool) (file, error) {
	op := "open"
	if create {
		op = "create"
	}
	if _, err := d.ask(op); err != nil {
		return nil, err
	}
	f, err := realDisk{}.open(path, create)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files == nil {
		d.files = map[string]*faultyFile{}
	}
	data, err := os.ReadFile(path)
	d.files[path] = &faultyFile{File: f.(*os.File), d: d, synced: data}
	return d.files[path], err
}

func (d *faultyDisk) remove(path string) error {
	if _, err := d.ask("remove"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, path)
	return os.Remove(path)
}

func (d *faultyDisk) syncDir(string) error {
	_, err := d.ask("syncdir")
	return err
}

// crash puts onto the disk what a machine may have there after it lost its power: of what was not synced, any pages.
func (d *faultyDisk) crash(t testing.TB, r *rand.Rand) {
	const page = 64 // small, so that few records span many
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, f := range d.files {
		now, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		size := len(now)
		if size > len(f.synced) {
			size = len(f.synced) + r.IntN(size-len(f.synced)+1)
		}
		now = now[:size]
		for at := 0; at < size; at += page {
			end := min(at+page, size)
			if end > len(f.synced) && r.IntN(3) == 0 {
				from := max(at, len(f.synced))
				clear(now[from:end])
			}
		}
		if err := os.WriteFile(path, now, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.files = nil
}

type faultyFile struct {
	*os.File
	d      *faultyDisk
	synced []byte // content at the last sync
}

func (f *faultyFile) WriteAt(b []byte, off int64) (int, error) {
	short, err := f.d.ask("write")
	if err == nil {
		return f.File.WriteAt(b, off)
	}
	n, _ := f.File.WriteAt(b[:min(short, len(b))], off)
	return n, err
}

func (f *faultyFile) Truncate(size int64) error {
	if _, err := f.d.ask("truncate"); err != nil {
		return err
	}
	f.d.mu.Lock()
	f.synced = f.synced[:min(int64(len(f.synced)), size)]
	f.d.mu.Unlock()
	return f.File.Truncate(size)
}

func (f *faultyFile) Sync() error {
	if _, err := f.d.ask("sync"); err != nil {
		return err
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	f.d.mu.Lock()
	f.synced = data
	f.d.mu.Unlock()
	if f.d.slow {
		return f.File.Sync()
	}
	return nil
}

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

// TestCrashAnywhere lets the agent or its machine die at a random change of the disk, again and again. Whatever
// happens, the journal then holds exactly the records before its mark, each once.
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 3))
	rounds := 200
	if testing.Short() {
		rounds = 50
	}
	dir := ""
	cfg := config()
	cfg.MaxSize = units.Base2Bytes(segmentsKept * 8000) // more than ten rounds write
	lost := errors.New("crashed")
	for round := range rounds {
		if round%10 == 0 {
			dir = t.TempDir()
		}
		cfg.SyncEvery = []model.Duration{0, model.Duration(time.Hour)}[r.IntN(2)]
		left := r.IntN(40)
		d := &faultyDisk{}
		d.fault = func(string) (int, error) {
			if left--; left < 0 {
				return r.IntN(600), lost
			}
			return 0, nil
		}
		crashRound(t, r, dir, cfg, d, lost)
		if r.IntN(2) == 0 {
			d.crash(t, r)
		}
		if err := checkMarked(dir); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
	}
}

// crashRound appends until the disk dies, or for a while.
func crashRound(t *testing.T, r *rand.Rand, dir string, cfg Config, d *faultyDisk, lost error) {
	j, err := open(dir, cfg, slog.New(slog.DiscardHandler), nil, d)
	if errors.Is(err, lost) {
		return
	}
	if err != nil {
		t.Fatalf("Open = %v, want only what the disk says", err)
	}
	defer abandon(j)
	for range r.IntN(60) {
		if r.IntN(5) == 0 {
			j.syncRecent()
		}
		n := markedTo(j)
		if err := j.Append(batch(n, n+1+r.IntN(5))); err != nil {
			if !errors.Is(err, lost) {
				t.Fatalf("Append = %v, want only what the disk says", err)
			}
			return
		}
	}
}

// abandon leaves j as a crash of the process does.
func abandon(j *Journal) {
	close(j.stop)
	j.tasks.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	if j.w != nil {
		j.w.f.Close()
	}
	unlockDir(j.lock)
}

// markedTo returns the number that the mark says.
func markedTo(j *Journal) int {
	n := 0
	fmt.Sscan(string(j.Marks()["a"]), &n)
	return n
}

// checkMarked returns an error unless the journal in dir holds the records before its mark, once and in order.
func checkMarked(dir string) error {
	j, err := open(dir, config(), slog.New(slog.DiscardHandler), nil, &faultyDisk{})
	if err != nil {
		return err
	}
	defer abandon(j)
	c, err := j.Consumer("check")
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(dir, cursorDir, "check"))
	want := 0
	for {
		b, found, err := c.step()
		if err != nil {
			return err
		}
		if !found {
			break
		}
		for _, got := range b.Records {
			if got.Offset != record(want).Offset || string(got.Document) != string(record(want).Document) {
				return fmt.Errorf("record %d has offset %d, want %d", want, got.Offset, record(want).Offset)
			}
			want++
		}
	}
	if n := markedTo(j); n != want {
		return fmt.Errorf("%d records, but the mark says %d", want, n)
	}
	return nil
}
