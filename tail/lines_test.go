package tail

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// piecewise is a file of which a read returns at most n bytes, and that has grown by grow bytes with each read.
type piecewise struct {
	text    []byte
	n, grow int
	size    int
}

func (p *piecewise) ReadAt(b []byte, off int64) (int, error) {
	p.size = min(len(p.text), p.size+p.grow)
	if off > int64(p.size) {
		return 0, fmt.Errorf("read at %d of %d", off, p.size)
	}
	return copy(b[:min(len(b), p.n)], p.text[off:p.size]), nil
}

func (p *piecewise) Close() error { return nil }

// naive is what the lines of text are, said plainly.
func naive(text string, maxLine int) (lines []string) {
	offset := 0
	for line := range strings.Lines(text) {
		whole, complete := strings.CutSuffix(line, "\n")
		shown := strings.TrimSuffix(whole, "\r")
		switch {
		case len(shown) > maxLine:
			lines = append(lines, fmt.Sprintf("%d %q cut", offset, whole[:maxLine]))
		case complete:
			lines = append(lines, fmt.Sprintf("%d %q", offset, shown))
		}
		offset += len(line)
	}
	return lines
}

// FuzzLines reads a file that grows in random steps, and compares with a naive split.
func FuzzLines(f *testing.F) {
	f.Add("one\ntwo\r\n\n\r\nthree", uint8(10), uint8(3), uint8(7))
	f.Add(strings.Repeat("long ", 50)+"\nshort\n", uint8(5), uint8(255), uint8(20))
	f.Add("\r\r\n"+strings.Repeat("x", 10)+"\r\n"+strings.Repeat("y", 11)+"\r\n", uint8(1), uint8(1), uint8(10))
	f.Fuzz(func(t *testing.T, text string, grow, step, maxLine uint8) {
		g := &Group{cfg: Config{MaxLine: int(maxLine) + 1}, buf: make([]byte, windowSize+int(step)+1)}
		in := &piecewise{text: []byte(text), n: windowSize + int(step) + int(maxLine) + 3, grow: int(grow) + 1}
		file := &File{content: in, id: 1}
		var got []string
		for range 8*len(text) + 16 {
			lines, state, err := file.read(g)
			if err != nil || state == replaced {
				t.Fatalf("read = %v, %v", state, err)
			}
			for _, l := range lines {
				mark := ""
				if l.Cut {
					mark = " cut"
				}
				got = append(got, fmt.Sprintf("%d %q%s", l.Offset, bytes.Clone(l.Text), mark))
			}
		}
		if want := naive(text, g.cfg.MaxLine); !slices.Equal(got, want) {
			t.Errorf("lines of %q, at most %d long, read in steps of %d = %q, want %q", text, g.cfg.MaxLine, in.n, got, want)
		}
	})
}
