// Package crashcopy copies a folder while a program writes to it, as a crash at one moment would leave it.
package crashcopy

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a folder may keep changing under the copy.
const patience = time.Minute

// Dir copies dir to a folder of the test and returns its path. The copy is what dir held at one moment: it is made
// again while files come, go or change under it. A folder that never rests for that long fails the test.
func Dir(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "left")
	if err := copyAtRest(dir, to); err != nil {
		t.Fatalf("copying %s as a crash would leave it: %v", dir, err)
	}
	return to
}

func copyAtRest(dir, to string) error {
	var last error
	// Attempts and not only time bound the loop: in a test with a clock of its own no time passes here.
	for tries, began := 0, time.Now(); tries < 10_000 && time.Since(began) < patience; tries++ {
		before, err := state(dir)
		if err == nil {
			err = os.CopyFS(to, os.DirFS(dir))
		}
		rested := false
		if err == nil {
			rested, err = sameText(to, dir)
		}
		if err == nil && rested {
			var after map[string]fs.FileInfo
			if after, err = state(dir); err == nil && maps.EqualFunc(before, after, untouched) {
				return nil
			}
		}
		last = err
		if err := os.RemoveAll(to); err != nil {
			return err
		}
	}
	if last == nil {
		return errors.New("its files never rest")
	}
	return last
}

// state returns all entries below dir by their path.
func state(dir string) (map[string]fs.FileInfo, error) {
	entries := map[string]fs.FileInfo{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		entries[path], err = entry.Info()
		return err
	})
	return entries, err
}

// sameText tells whether dir still holds what was copied to another folder. Times of files cannot tell alone: they move in
// steps in which a file may be replaced twice, the second time in the place of the first.
func sameText(copied, dir string) (same bool, err error) {
	same = true
	err = filepath.WalkDir(copied, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		inner, err := filepath.Rel(copied, path)
		if err != nil {
			return err
		}
		then, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		now, err := os.ReadFile(filepath.Join(dir, inner))
		same = same && bytes.Equal(then, now)
		return err
	})
	return same, err
}

// untouched tells whether nobody wrote to a file or put another one in its place between the two looks.
func untouched(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
