package tail

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// changing is a file whose content is another one with each read.
type changing struct{ contents []string }

func (c *changing) ReadAt(p []byte, off int64) (int, error) {
	now := c.contents[0]
	if len(c.contents) > 1 {
		c.contents = c.contents[1:]
	}
	return strings.NewReader(now).ReadAt(p, off)
}

func (*changing) Close() error { return nil }

// The first bytes by which a copy is recognised are of the content that was read, also when the file is truncated
// right after the read.
func TestHeadIsOfTheContentRead(t *testing.T) {
	t.Parallel()
	before, after := "before the truncation\n", "after it, another content\n"
	g, err := New(Config{Globs: []string{"/nowhere"}}, nil, nil, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	f := &File{content: &changing{[]string{before, after}}}
	if lines, _, err := f.read(g); len(lines) != 1 || err != nil {
		t.Fatalf("read() = %d lines, %v, want 1", len(lines), err)
	}
	if got := string(f.head); got != before {
		t.Errorf("head = %q, want %q", got, before)
	}
	if _, state, _ := f.read(g); state != replaced {
		t.Errorf("second read: state %v, want replaced", state)
	}
}

func TestHeadGrowsWithTheFile(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcdef\n", 100)
	f := &File{}
	for _, r := range [][2]int{{0, 10}, {0, 40}, {20, 500}, {400, 1020}, {1000, 1700}, {1500, 1700}} {
		f.extendHead([]byte(text[r[0]:r[1]]), int64(r[0]))
		if want := text[:min(r[1], headSize)]; string(f.head) != want {
			t.Fatalf("after reading %v the head has %d bytes, want %d", r, len(f.head), len(want))
		}
	}
}

// A copy that is there already when the file is seen for the first time is not another file.
func TestCopyBeforeTheFirstRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "the first line\n1\n")
	write(t, path+".1", "the first line\n1\n")
	g, err := New(Config{Globs: []string{path}}, nil, slog.New(slog.DiscardHandler), NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	lines := 0
	handle := func(_ context.Context, b Batch) error { lines += len(b.Lines); return nil }
	look := func() {
		t.Helper()
		if err := g.scan(t.Context(), handle); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for _, f := range g.files {
				f.due = time.Time{}
			}
			if _, err := g.poll(t.Context(), handle); err != nil {
				t.Fatal(err)
			}
		}
	}
	look()
	write(t, path+".1", "2\n")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	look()
	look()
	if lines != 3 {
		t.Errorf("%d lines, want 3: the first two of the file, the last of its copy", lines)
	}
}

// A copy that is there before anything was read of what followed a truncation is not another file.
func TestCopyBeforeTheFirstReadAfterTruncation(t *testing.T) {
	t.Parallel()
	t.Run("noticed", func(t *testing.T) { t.Parallel(); copyBeforeTheFirstRead(t, true) })
	t.Run("not noticed yet", func(t *testing.T) { t.Parallel(); copyBeforeTheFirstRead(t, false) })
}

func copyBeforeTheFirstRead(t *testing.T, noticed bool) {
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "the first content\n1\n")
	g, err := New(Config{Globs: []string{path}}, nil, slog.New(slog.DiscardHandler), NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	lines := map[string]int{}
	handle := func(_ context.Context, b Batch) error {
		for _, l := range b.Lines {
			lines[string(l.Text)]++
		}
		return nil
	}
	scan := func() {
		t.Helper()
		if err := g.scan(t.Context(), handle); err != nil {
			t.Fatal(err)
		}
	}
	poll := func() {
		t.Helper()
		for _, f := range g.files {
			f.due = time.Time{}
		}
		if _, err := g.poll(t.Context(), handle); err != nil {
			t.Fatal(err)
		}
	}
	scan()
	poll()
	copyTruncate(t, path, path+".1")
	write(t, path, "the second\n2\n")
	if noticed {
		poll() // has read nothing of the second content yet
	}
	write(t, path+".0", "the second\n2\n")
	scan()
	poll()
	poll()
	write(t, path+".0", "3\n")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "the third\n")
	for range 3 {
		poll()
		scan()
	}
	poll()
	want := map[string]int{"the first content": 1, "1": 1, "the second": 1, "2": 1, "3": 1, "the third": 1}
	if !maps.Equal(lines, want) {
		t.Errorf("lines = %v, want each once", lines)
	}
}
