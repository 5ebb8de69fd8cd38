package tail

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Files that are renamed between the look into their folder and their opening are not taken for each other.
func TestRenamedWhileLooking(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, ext string) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "gw.log")
		write(t, path, "now\n")
		g, err := New(Config{Globs: []string{path}}, nil, slog.New(slog.DiscardHandler), NewMetrics(prometheus.NewRegistry()))
		if err != nil {
			t.Fatal(err)
		}
		defer g.close()
		g.pace.settled = 0
		lines := map[string]int{}
		look := func() {
			t.Helper()
			handle := func(_ context.Context, b Batch) error {
				for _, l := range b.Lines {
					lines[string(l.Text)]++
				}
				return nil
			}
			if err := g.scan(t.Context(), handle); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				for _, f := range g.files {
					f.due = f.openedAt
				}
				if _, err := g.poll(t.Context(), handle); err != nil {
					t.Fatal(err)
				}
			}
		}
		look()
		for _, name := range []string{".1", ".2"} {
			write(t, path+name, "of "+name+"\n")
			if ext != "" {
				compress(t, path+name, ext)
			}
		}
		found := g.list()
		rename(t, path+".1"+ext, path+".3"+ext)
		rename(t, path+".2"+ext, path+".1"+ext)
		rename(t, path+".3"+ext, path+".2"+ext)
		for i := range found {
			c := &found[i]
			if c.followed {
				continue
			}
			if c.packed {
				err = g.meetArchive(c)
			} else {
				err = g.meet(c)
			}
			if !errors.Is(err, errMoved) {
				t.Errorf("meeting %s = %v, want %v", c.path, err, errMoved)
			}
		}
		look()
		look()
		look()
		if lines["of .1"] != 1 || lines["of .2"] != 1 {
			t.Errorf("lines = %v, want each once", lines)
		}
	}
	t.Run("plain", func(t *testing.T) { f(t, "") })
	t.Run("compressed", func(t *testing.T) { f(t, ".gz") })
}

// A copy that a scan misses is found by the next one, however late that comes.
func TestLateLookForTheCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "gw.log")
	all, text := numbered("line", 100)
	write(t, path, text)
	pace := testPace()
	pace.orphan, pace.scan = 100*time.Millisecond, time.Second
	f := followAt(t, Config{Globs: []string{path}}, pace)
	f.await(all...)
	copyTruncate(t, path, filepath.Join(dir, "elsewhere"))
	await(t, func() bool { return f.metric("gatewatch_tail_truncations_total") == 1 })
	time.Sleep(3 * pace.orphan)
	rename(t, filepath.Join(dir, "elsewhere"), path+".1")
	write(t, path, "after\n")
	f.settles(all, "after")
}
