package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A busy writer that rotates more often than the group looks loses nothing, whatever way it rotates.
func TestLiveRotation(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"rename", "copytruncate", "rename+gzip", "dated"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "gw.log")
			w := &rotatingWriter{t: t, path: path, how: how}
			w.open()
			glob := path
			if how == "dated" {
				glob = filepath.Join(filepath.Dir(path), "*.log")
			}
			p := usualPace()
			p.settled = time.Second
			f := followAt(t, Config{Globs: []string{glob}}, p)
			for began := time.Now(); time.Since(began) < 2*time.Second; time.Sleep(5 * time.Millisecond) {
				w.lines(100)
				if w.n%4000 == 0 { // about every 200 ms
					w.rotate()
				}
			}
			f.await(w.want...)
		})
	}
}

// rotatingWriter writes numbered lines, and rotates as logrotate does.
type rotatingWriter struct {
	t         *testing.T
	path, how string
	file      *os.File
	n, kept   int
	want      []string
}

func (w *rotatingWriter) open() {
	f, err := os.OpenFile(w.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	w.file = f
	w.t.Cleanup(func() { f.Close() })
}

func (w *rotatingWriter) lines(n int) {
	var text []byte
	for range n {
		w.n++
		line := fmt.Sprintf("%s this is line %d", time.Now().Format(time.RFC3339Nano), w.n)
		w.want = append(w.want, line)
		text = append(append(text, line...), '\n')
	}
	if _, err := w.file.Write(text); err != nil {
		w.t.Fatal(err)
	}
}

func (w *rotatingWriter) rotate() {
	w.kept++
	if w.how == "dated" {
		w.path = filepath.Join(filepath.Dir(w.path), fmt.Sprintf("gw.2026-11-%02d.log", w.kept))
		w.open()
		return
	}
	ext := ""
	if w.how == "rename+gzip" {
		ext = ".gz"
	}
	for k := w.kept - 1; k >= 1; k-- {
		rename(w.t, fmt.Sprintf("%s.%d%s", w.path, k, ext), fmt.Sprintf("%s.%d%s", w.path, k+1, ext))
	}
	switch w.how {
	case "copytruncate":
		copyTruncate(w.t, w.path, w.path+".1")
		return
	case "rename":
		rename(w.t, w.path, w.path+".1")
	case "rename+gzip":
		rename(w.t, w.path, w.path+".1")
		compress(w.t, w.path+".1", ext)
	}
	w.open()
}
