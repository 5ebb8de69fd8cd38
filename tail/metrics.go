package tail

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what all groups of an agent do.
type Metrics struct {
	lines, truncations, errors, adopted prometheus.Counter
}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	return &Metrics{
		lines:       counter("gatewatch_tail_lines_total", "Complete lines read from followed files."),
		truncations: counter("gatewatch_tail_truncations_total", "Followed files that were truncated."),
		errors:      counter("gatewatch_tail_errors_total", "Different troubles with opening or reading followed files."),
		adopted:     counter("gatewatch_tail_copies_total", "Copies of truncated files whose unread rest was taken."),
	}
}

// Status is what is known of one followed file.
type Status struct {
	Path string
	// Offset is how far the file has been read, of Size bytes.
	Offset, Size int64
	// LastRead is when a line was read last.
	LastRead time.Time
}

// board shows the state of a group to other goroutines.
type board struct {
	mu    sync.Mutex
	files []Status
}

func (b *board) publish(files []*File) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files = b.files[:0]
	for _, f := range files {
		if !f.orphan() {
			b.files = append(b.files, Status{f.Path, f.offset, max(f.size, f.offset), f.lastRead})
		}
	}
}

// Status returns the files being followed. It is safe for concurrent use.
func (g *Group) Status() []Status {
	g.board.mu.Lock()
	defer g.board.mu.Unlock()
	return append([]Status(nil), g.board.files...)
}
