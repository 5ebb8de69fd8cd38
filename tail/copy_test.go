package tail

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A copy that is made slowly, by a clock that is not ours, is not another file.
func TestCopyIsMadeSlowly(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, clock time.Duration) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "gw.log")
		all, text := numbered("line", 100)
		write(t, path, text)
		f := follow(t, Config{Globs: []string{path}})
		f.await(all...)
		for _, part := range []string{text[:len(text)/3], text[len(text)/3 : len(text)/2]} {
			write(t, path+".1", part)
			setTimes(t, path+".1", time.Now().Add(clock))
			time.Sleep(f.pace.settled + 3*f.pace.scan)
		}
		write(t, path+".1", text[len(text)/2:])
		write(t, path, "between two looks\n")
		write(t, path+".1", "between two looks\n")
		setTimes(t, path+".1", time.Now().Add(clock))
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		write(t, path, "after\n")
		f.settles(all, "between two looks", "after")
	}
	t.Run("our clock", func(t *testing.T) { f(t, 0) })
	t.Run("an hour ahead", func(t *testing.T) { f(t, time.Hour) })
	t.Run("an hour behind", func(t *testing.T) { f(t, -time.Hour) })
}

// What is written after a copy was made and before the file is truncated is in neither of them. When it was read in time,
// the copy holds less than was read.
func TestCopyMissesTheEnd(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, away bool) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "gw.log")
		all, text := numbered("line", 100)
		write(t, path, text+"the end\n")
		f := follow(t, Config{Globs: []string{path}})
		f.await(append(all, "the end")...)
		if away {
			f.stop()
		}
		write(t, path+".1", text)
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		write(t, path, "after\n")
		if away {
			f.start()
		}
		f.settles(all, "the end", "after")
		time.Sleep(2 * f.pace.orphan)
		rename(t, path+".1", path+".2")
		f.settles(all, "the end", "after")
		f.stop()
		f.start()
		write(t, path, "later\n")
		f.settles(all, "the end", "after", "later")
	}
	t.Run("while following", func(t *testing.T) { f(t, false) })
	t.Run("while away", func(t *testing.T) { f(t, true) })
}
