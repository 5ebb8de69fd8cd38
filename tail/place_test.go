package tail

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path+".new"); err != nil {
		t.Fatal(err)
	}
	rename(t, path+".new", path)
}

// A link that moves on to the next day's file, while running and while away.
func TestSymlinkMoves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	day := func(d string) string { return filepath.Join(dir, "pay.2026-11-"+d+".log") }
	link := filepath.Join(dir, "current.log")
	write(t, day("21"), "21 a\n")
	symlink(t, day("21"), link)
	f := follow(t, Config{Globs: []string{link}})
	f.await("21 a")
	write(t, day("22"), "22 a\n")
	symlink(t, day("22"), link)
	write(t, day("21"), "21 late\n")
	f.await("21 a", "22 a", "21 late")
	f.stop()
	write(t, day("22"), "22 unread\n")
	write(t, day("23"), "23 a\n")
	symlink(t, day("23"), link)
	f.start()
	f.await("21 a", "22 a", "21 late", "22 unread", "23 a")
}

// A link that moves on several times while nobody looks, in a folder with other logs of the like.
func TestSymlinkMovesTwiceWhileAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	day := func(d string) string { return filepath.Join(real, "pay.2026-11-"+d+".log") }
	link := filepath.Join(dir, "current.log")
	write(t, day("20"), "from before our time\n")
	write(t, day("21"), "21\n")
	if bornAt(day("21")) == 0 {
		servicetest.Missing(t, "the time when a file was created", "this file system does not keep it; set TMPDIR to one that does (ext4, xfs, btrfs, tmpfs)")
	}
	symlink(t, day("21"), link)
	f := follow(t, Config{Globs: []string{link}})
	f.await("21")
	f.stop()
	write(t, filepath.Join(real, "refund.2026-11-22.log"), "another log\n")
	tick := 20 * time.Millisecond // of the clock that files are stamped with
	for _, d := range []string{"22", "23", "24"} {
		time.Sleep(tick)
		write(t, day(d), d+"\n")
		symlink(t, day(d), link)
	}
	time.Sleep(tick)
	write(t, day("25"), "not yet ours\n")
	f.start()
	f.await("21", "22", "23", "24")
	f.stop()
	write(t, day("23"), "23 late\n")
	f.start()
	f.settles([]string{"21", "22", "23", "24"}, "23 late")
}

// A link to a file in another folder, which is rotated and compressed there, as Kubernetes has it.
func TestRotatedBehindSymlink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real, link := filepath.Join(dir, "pods", "0.log"), filepath.Join(dir, "gw.log")
	if err := os.Mkdir(filepath.Dir(real), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, real, "1\n")
	symlink(t, real, link)
	f := follow(t, Config{Globs: []string{link}})
	f.await("1")
	f.stop()
	write(t, real, "2\n")
	rename(t, real, real+".20261122-100000")
	write(t, real, "3\n")
	rename(t, real, real+".20261122-110000")
	compress(t, real+".20261122-100000", ".gz")
	write(t, real, "4\n")
	f.start()
	f.await("1", "2", "3", "4")
}

// pay.log becomes pay.2026-11-22.log, as logback names it, while nobody looks; pay-2.log is another log.
func TestDatedNameWhileAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "pay.log")
	write(t, path, "1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1")
	f.stop()
	write(t, path, "2\n")
	rename(t, path, filepath.Join(dir, "pay.2026-11-21.log"))
	write(t, filepath.Join(dir, "pay.2026-11-22.log"), "3\n")
	compress(t, filepath.Join(dir, "pay.2026-11-22.log"), ".gz")
	write(t, filepath.Join(dir, "pay-2.log"), "of another log\n")
	write(t, path, "4\n")
	f.start()
	f.await("1", "2", "3", "4")
	f.settles([]string{"1", "2", "3", "4"})
}

func TestFolderAppearsLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, Config{Globs: []string{filepath.Join(dir, "*", "gw.log")}})
	sub := filepath.Join(dir, "shop")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	symlink(t, filepath.Join(dir, "later"), filepath.Join(sub, "gw.log")) // leads nowhere yet
	write(t, filepath.Join(dir, "later"), "1\n")
	f.await("1")
}
