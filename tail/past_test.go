package tail

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func setTimes(t *testing.T, path string, at time.Time) {
	t.Helper()
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// Files that came while nobody followed them are read whatever their times say.
func TestTimesThatLie(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	before := time.Now().Add(-time.Hour)
	write(t, path, "the first line\n1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("the first line", "1")
	f.stop()
	write(t, path, "2\n")
	copyTruncate(t, path, path+".3")
	write(t, path, "3\n")
	rename(t, path, path+".2")
	write(t, path, "4\n")
	rename(t, path, path+".1")
	compress(t, path+".1", ".gz")
	write(t, path, "5\n")
	for _, name := range []string{".3", ".2", ".1.gz"} {
		setTimes(t, path+name, before)
	}
	f.start()
	f.await("the first line", "1", "2", "3", "4", "5")
}

// Rotated files from before the first run are never read, whatever becomes of them later.
func TestPastStaysPast(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path+".2", "long ago 2\n")
	compress(t, path+".2", ".gz")
	write(t, path+".1", "long ago 1\n")
	write(t, path, "1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1")
	await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.fileMarks() == 3 })
	f.stop()
	later := time.Now().Add(time.Hour)
	for _, name := range []string{".1", ".2.gz"} {
		setTimes(t, path+name, later)
	}
	rename(t, path+".2.gz", path+".3.gz")
	rename(t, path+".1", path+".2")
	f.start()
	write(t, path, "2\n")
	f.await("1", "2")
	compress(t, path+".2", ".gz")
	write(t, path, "3\n")
	time.Sleep(2 * f.group.pace.settled)
	f.await("1", "2", "3")
}

// A file that comes after the group has looked, and is rotated before it was seen, is read though the group was killed.
func TestFirstFileIsRotatedUnseen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	f := follow(t, Config{Globs: []string{path}})
	await(t, f.group.Looked)
	f.stop()
	write(t, path, "1\n")
	rename(t, path, path+".1")
	write(t, path, "2\n")
	f.start()
	f.await("1", "2")
}
