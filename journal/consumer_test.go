package journal

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
)

func TestConsumerWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := mustOpen(t, t.TempDir(), config())
		defer j.Close()
		c := mustConsumer(t, j, "es")
		got := make(chan Block)
		go func() {
			b, err := c.Next(t.Context())
			if err != nil {
				t.Errorf("Next = %v", err)
			}
			got <- b
		}()
		synctest.Wait()
		select {
		case <-got:
			t.Error("Next did not wait")
		default:
		}
		mustAppend(t, j, Batch{Marks: map[string][]byte{"a": nil}}) // no records: not for consumers
		mustAppend(t, j, batch(0, 2))
		checkRecords(t, (<-got).Records, 0, 1)

		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		cancel(why)
		if _, err := c.Next(ctx); !errors.Is(err, why) {
			t.Errorf("Next after cancel = %v, want %v", err, why)
		}
		ended := make(chan error)
		go func() {
			_, err := c.Next(t.Context())
			ended <- err
		}()
		synctest.Wait()
		mustClose(t, j)
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("Next after Close = %v, want ErrClosed", err)
		}
	})
}

func TestConsumerNames(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, t.TempDir(), config())
	for _, name := range []string{"", "../x", "A", "a b", ".x", strings.Repeat("x", 65)} {
		if _, err := j.Consumer(name); err == nil {
			t.Errorf("Consumer(%q) works, want an error", name)
		}
	}
	c := mustConsumer(t, j, "elasticsearch")
	if _, err := j.Consumer("elasticsearch"); err == nil {
		t.Error("the same consumer twice works, want an error")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	mustConsumer(t, j, "elasticsearch")
}

// TestConsumerRestarts reads with acknowledgements now and then, over restarts. After a clean one the consumer goes on
// behind its last acknowledgement; after a crash behind the last that was saved. Nothing is left out.
func TestConsumerRestarts(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 5))
	dir := t.TempDir()
	cfg := config()
	cfg.SyncEvery = model.Duration(time.Hour)
	cfg.MaxSize = segmentsKept * 4000 * 100
	written, acked, saved := 0, 0, 0
	for round := range 40 {
		j := mustOpenOn(t, dir, cfg, &faultyDisk{})
		c := mustConsumer(t, j, "es")
		next := saved
		for range r.IntN(30) {
			if r.IntN(2) == 0 {
				to := written + 1 + r.IntN(9)
				mustAppend(t, j, batch(written, to))
				written = to
				continue
			}
			b, found, err := c.step()
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range b.Records {
				if got.Offset != record(next).Offset {
					t.Fatalf("seed %d, round %d: record with offset %d, want %d", seed, round, got.Offset, record(next).Offset)
				}
				next++
			}
			if found && r.IntN(3) == 0 {
				if err := c.Ack(b.Next); err != nil {
					t.Fatal(err)
				}
				acked = next
			}
			if r.IntN(5) == 0 {
				if err := j.saveCursors(); err != nil {
					t.Fatal(err)
				}
				saved = acked
			}
		}
		if r.IntN(2) == 0 {
			mustClose(t, j)
			saved = acked
		} else {
			abandon(j)
			acked = saved
		}
	}
}

func TestAckOfTheFuture(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, t.TempDir(), config())
	c := mustConsumer(t, j, "es")
	mustAppend(t, j, batch(0, 1))
	if err := c.Ack(Position{1, 1 << 30}); err == nil {
		t.Error("Ack behind the end works, want an error")
	}
}

func TestDamagedCursorStartsOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpen(t, dir, config())
	mustAppend(t, j, batch(0, 5))
	if err := os.WriteFile(j.cursorPath("es"), []byte("12:"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkRecords(t, drain(t, mustConsumer(t, j, "es")), upTo(0, 5)...)
}

func TestParsePosition(t *testing.T) {
	t.Parallel()
	f := func(in string, want Position, ok bool) {
		t.Helper()
		got, err := ParsePosition(in)
		if got != want || (err == nil) != ok {
			t.Errorf("ParsePosition(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	f("12:34567", Position{12, 34567}, true)
	f("0:0", Position{}, true)
	for _, bad := range []string{"", "12", "12:", ":1", "1:-1", "1:2 ", "1:2x", "01:2", "99999999999999999999:1"} {
		f(bad, Position{}, false)
	}
}

// TestManyAtOnce has writers, consumers and searches at the same time.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const writers, batches, size = 3, 40, 5
	cfg := config()
	cfg.MaxSize = segmentsKept * 16 << 10
	cfg.MaxSize *= 100
	cfg.SyncEvery = model.Duration(time.Millisecond)
	j := mustOpen(t, t.TempDir(), cfg)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range batches {
				from := (w*batches + i) * size
				b := batch(from, from+size)
				b.Marks = map[string][]byte{string(rune('a' + w)): []byte("x")}
				if err := j.Append(b); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	for _, name := range []string{"es", "replay"} {
		c := mustConsumer(t, j, name)
		all.Go(func() {
			var seen []int64
			for len(seen) < writers*batches*size {
				b, err := c.Next(t.Context())
				if err != nil {
					t.Errorf("Next: %v", err)
					return
				}
				for _, r := range b.Records {
					seen = append(seen, r.Offset)
				}
				if err := c.Ack(b.Next); err != nil {
					t.Errorf("Ack: %v", err)
				}
			}
			slices.Sort(seen)
			for n, offset := range seen {
				if offset != record(n).Offset {
					t.Errorf("%s: record %d has offset %d", name, n, offset)
					return
				}
			}
		})
	}
	all.Go(func() {
		for range 20 {
			if _, err := j.Search(t.Context(), Query{Words: []string{"record"}, Limit: 1000}); err != nil {
				t.Errorf("Search: %v", err)
			}
			j.Marks()
		}
	})
	all.Wait()
	if r := mustSearch(t, j, Query{Words: []string{"超时"}, Limit: 10000}); len(r.Hits) != writers*batches*size {
		t.Errorf("search finds %d, want %d", len(r.Hits), writers*batches*size)
	}
}
