package tail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a truncation destroyed of the bytes that were seen and has no copy is counted; what was read is not.
func TestTruncatedWithUnreadBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "1\nhalf a line")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1")
	await(t, func() bool { s := f.group.Status(); return len(s) == 1 && s[0].Size == 13 })
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "2\n")
	f.await("1", "2")
	await(t, func() bool { return f.metric("gatewatch_tail_lost_bytes_total") == 11 })
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "three\n")
	f.await("1", "2", "three")
	await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.ends == 2 })
	if n := f.metric("gatewatch_tail_lost_bytes_total"); n != 11 {
		t.Errorf("%v bytes lost, want 11: all else was read", n)
	}
}

// A file that was deleted while nobody looked, with bytes known to be unread.
func TestDeletedWhileAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "1\n"+strings.Repeat("x", 100))
	f := newFollower(t, Config{Globs: []string{path}}, testPace())
	f.start()
	f.await("1")
	f.stop()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.start()
	await(t, func() bool { return f.metric("gatewatch_tail_lost_bytes_total") == 100 })
	await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.fileMarks() == 0 })
}
