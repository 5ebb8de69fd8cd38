package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"time"
)

// More files than may be open are all read, and go on when they grow.
func TestMoreFilesThanMayBeOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%02d.log", i)) }
	var want []string
	add := func(i int, text string) {
		write(t, name(i), text+"\n")
		want = append(want, text)
	}
	for i := range 40 {
		add(i, fmt.Sprint("first of ", i))
	}
	f := follow(t, Config{Globs: []string{filepath.Join(dir, "*.log")}, MaxOpen: 5})
	f.await(want...)
	await(t, func() bool { return len(f.group.Status()) == 40 && openFiles(f) <= 5 })
	for i := range 40 {
		add(i, fmt.Sprint("second of ", i))
	}
	rename(t, name(3), name(3)+".1")
	write(t, name(3), "new 3\n")
	f.await(append(want, "new 3")...)
	f.stop()
	add(7, "while away")
	f.start()
	f.await(append(want, "new 3")...)
	if n := openFiles(f); n > 5 {
		t.Errorf("%d files open, want at most 5", n)
	}
}

func openFiles(f *follower) int {
	n := 0
	for _, s := range f.group.Status() {
		if s.Open {
			n++
		}
	}
	return n
}

// Two files that are always behind share one descriptor.
func TestBusyFilesTakeTurns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var want []string
	for _, name := range []string{"a.log", "b.log"} {
		lines, text := numbered(name, 50_000)
		write(t, filepath.Join(dir, name), text)
		want = append(want, lines...)
	}
	f := follow(t, Config{Globs: []string{filepath.Join(dir, "*.log")}, MaxOpen: 1})
	f.await(want...)
}

// A file that sleeps is read when it grows, and when it was truncated and has its old size again.
func TestSleepingFileWakes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "line 1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("line 1")
	time.Sleep(f.pace.sleep + 2*f.pace.scan) // falls asleep
	write(t, path, "line 2\n")
	f.await("line 1", "line 2")
	time.Sleep(f.pace.sleep + 2*f.pace.scan)
	if err := os.WriteFile(path, []byte("line A\nline B\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.await("line 1", "line 2", "line A", "line B")
}

func TestLagOfFiles(t *testing.T) {
	t.Parallel()
	var files []Status
	for i := range 30 {
		files = append(files, Status{Path: fmt.Sprint("f", i), Offset: 100, Size: 100 + int64(i)})
	}
	most := mostBehind(files)
	if len(most) != maxFileLags || most[0].Path != "f29" {
		t.Errorf("mostBehind = %v, want the %d from f29 down", most, maxFileLags)
	}
	if most := mostBehind(files[29:]); len(most) != 0 {
		t.Errorf("mostBehind of a file that is read = %v, want none", most)
	}
}

// TestOddNames has a file's name in GBK, which is no label as it stands.
func TestOddNames(t *testing.T) {
	t.Parallel()
	ch := make(chan prometheus.Metric, 100)
	collectGroup(ch, label("0:/var/log/\xd6*.log"), []Status{
		{Path: "/var/log/\xd6\xd0.log", Size: 10}, {Path: "/var/log/\xb9\xfa.log", Size: 5},
	})
	if got := len(ch); got != 6 {
		t.Errorf("%d metrics, want 4 of the group and 2 of one file: the names look the same", got)
	}
}
