package ledger

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/alerting/receivers"
)

// TestLedgerOfTimesToCome has the clock set back after something was told: what is told from then on counts.
func TestLedgerOfTimesToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, file := slog.New(slog.DiscardHandler), filepath.Join(t.TempDir(), "nflog")
		l, err := Open(file, log)
		if err != nil {
			t.Fatal(err)
		}
		entry := l.entry(Receiver("a"), "g")
		if entry != nil {
			t.Fatalf("entry() = %v, want nil", entry)
		}
		l.Note("a", "g", []uint64{1})
		ahead := l.entry(Receiver("a"), "g")
		ahead.Timestamp.Seconds += 3600
		if err := l.put(ahead, time.Now().Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		l.Told(receivers.Told{Receiver: "a", GroupKey: "g", Resolved: []uint64{1}})
		l.Told(receivers.Told{Receiver: "a", GroupKey: "g", Firing: []uint64{2}})
		if firing, over := l.State("a", "g"); fmt.Sprint(firing, over) != "[2] []" {
			t.Errorf("state() = %v, %v, want that 2 fires", firing, over)
		}
		if l, err = Open(file, log); err != nil {
			t.Fatal(err)
		}
		if firing := l.Firing("a", "g"); fmt.Sprint(firing) != "[2]" {
			t.Errorf("firing() after a restart = %v, want 2", firing)
		}
	})
}

// TestLedgerOfClockSetOn has the clock be set on by ten days: what goes on is not forgotten, what is over is.
func TestLedgerOfClockSetOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(filepath.Join(t.TempDir(), "nflog"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		expires := time.Now().Add(8 * time.Hour)
		l.Told(receivers.Told{Receiver: "a", GroupKey: "open", Firing: []uint64{1}, Expires: expires})
		l.Told(receivers.Told{Receiver: "a", GroupKey: "over", Resolved: []uint64{2}, Expires: expires})
		time.Sleep(10 * 24 * time.Hour)
		if _, err := l.entries.GC(); err != nil {
			t.Fatal(err)
		}
		firing, _ := l.State("a", "open")
		_, over := l.State("a", "over")
		if fmt.Sprint(firing, over) != "[1] []" {
			t.Errorf("known after ten days: %v fire, %v are over; want that 1 fires", firing, over)
		}
	})
}

// TestToldTogether tells of many groups at the same time: a crash afterwards has lost none of them.
func TestToldTogether(t *testing.T) {
	t.Parallel()
	const groups = 64
	log, file := slog.New(slog.DiscardHandler), filepath.Join(t.TempDir(), "nflog")
	l, err := Open(file, log)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range groups {
		all.Go(func() {
			l.Told(receivers.Told{Receiver: "a", GroupKey: fmt.Sprint(i), Firing: []uint64{7}, Expires: time.Now().Add(time.Hour)})
		})
	}
	all.Wait()
	if l, err = Open(file, log); err != nil {
		t.Fatal(err)
	}
	for i := range groups {
		if firing := l.Firing("a", fmt.Sprint(i)); fmt.Sprint(firing) != "[7]" {
			t.Errorf("Firing() of group %d after a restart = %v, want 7", i, firing)
		}
	}
}
