package crashcopy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"gatewatch/internal/crashcopy"
)

// TestDirOfOneMoment copies a folder in which two files are replaced by turns: the second never runs ahead of the first.
func TestDirOfOneMoment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	replace := func(name string, n int) {
		temporary := filepath.Join(dir, fmt.Sprint(name, ".", n))
		if err := os.WriteFile(temporary, fmt.Append(nil, n), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(temporary, filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	replace("first", 0)
	replace("second", 0)
	var writer sync.WaitGroup
	stop := make(chan struct{})
	defer writer.Wait()
	defer close(stop)
	writer.Go(func() {
		for n := 1; ; n++ {
			replace("first", n)
			replace("second", n)
			// A program rests between bursts of writing; otherwise there is no moment to copy.
			if n%20 == 0 {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		}
	})
	for range 20 {
		left := crashcopy.Dir(t, dir)
		first, second := number(t, left, "first"), number(t, left, "second")
		if d := first - second; d != 0 && d != 1 {
			t.Errorf("first = %d and second = %d, which never were there at one moment", first, second)
		}
	}
}

func number(t *testing.T, dir, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
