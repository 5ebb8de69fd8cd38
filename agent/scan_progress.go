package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress draws a bar on a terminal.
type progress struct {
	w           io.Writer // nil when there is no terminal
	total, done int64
	path        string
	next        time.Time
}

const (
	barWidth = 30
	barEvery = 200 * time.Millisecond
)

func newProgress(w io.Writer) *progress {
	p := &progress{}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w = w
		}
	}
	return p
}

func (p *progress) begin(path string) { p.path = path }

// add notes that n more bytes were read.
func (p *progress) add(n int) {
	p.done += int64(n)
	if p.w == nil || time.Now().Before(p.next) {
		return
	}
	p.next = time.Now().Add(barEvery)
	part := min(1, float64(p.done)/float64(max(p.total, 1)))
	bar := make([]byte, barWidth)
	for i := range bar {
		if bar[i] = ' '; float64(i) < part*barWidth {
			bar[i] = '#'
		}
	}
	fmt.Fprintf(p.w, "\r\x1b[K[%s] %3.0f %%  %s", bar, 100*part, p.path)
}

// clear takes the bar away, for lines that are printed next.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
