package tail

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that may not be read is noted once, and read from its beginning when it may.
func TestPermissionComesLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "gw.log")
	write(t, path, "1\n")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	f := newFollower(t, Config{Globs: []string{path}}, testPace())
	f.before = func() {
		if os.Geteuid() == 0 { // root may read everything; only this thread becomes nobody
			runtime.LockOSThread()
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
			}
		}
	}
	f.start()
	await(t, func() bool { return f.metric("gatewatch_tail_errors_total") == 1 })
	write(t, path, "2\n")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	f.await("1", "2")
}
