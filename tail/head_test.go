package tail

import (
	"strings"
	"testing"

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
