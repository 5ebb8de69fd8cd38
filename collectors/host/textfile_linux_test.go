package host

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"
)

// TestTextfilesOfOtherKinds goes on beside what is called like a file and is none, above all a pipe that nobody writes to.
func TestTextfilesOfOtherKinds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	collecttest.Write(t, dir, "z.prom", "good 1\n")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.prom"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.prom"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"nowhere.prom": "/does/not/exist", "endless.prom": "/dev/zero", "self.prom": "self.prom"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	c := collectTextfiles(Config{TextfileDir: dir})
	c.Timeout = time.Minute
	collecttest.WantLines(t, collecttest.Collect(t, c), "good 1", "node_textfile_scrape_error 1")
}
