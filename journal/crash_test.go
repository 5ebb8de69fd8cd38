package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
)

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
		switch r.IntN(10) {
		case 0, 1:
			j.syncRecent()
		case 2:
			j.sealAll()
		case 3:
			retire(j)
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

// retire ends the segment that is written to, as its age does.
func retire(j *Journal) {
	j.mu.Lock()
	created := time.Now()
	if j.w != nil {
		created = j.w.created
	}
	j.mu.Unlock()
	j.retireOld(created.Add(2 * maxHotAge))
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
