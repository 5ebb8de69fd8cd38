package tail

import (
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what all groups of an agent do.
type Metrics struct {
	lines, truncations, errors, adopted, broken, passedOver, lost, closed prometheus.Counter
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
		adopted:     counter("gatewatch_tail_copies_total", "Copies of truncated or compressed files whose unread rest was taken."),
		broken:      counter("gatewatch_tail_broken_archives_total", "Compressed log files that could not be read to their end."),
		passedOver:  counter("gatewatch_tail_unread_archives_total", "Compressed log files that came while following, of a kind that is not read."),
		lost:        counter("gatewatch_tail_lost_bytes_total", "Bytes of log files that were destroyed before they could be read, as far as is known."),
		closed:      counter("gatewatch_tail_files_closed_total", "Files closed for a while because too many were open."),
	}
}

// Status is what is known of one followed file.
type Status struct {
	Path string
	// Offset is how far the file has been read, of Size bytes.
	Offset, Size int64
	// LastRead is when a line was read last, or when the file was opened.
	LastRead time.Time
	// Behind is how long the oldest unread byte has been waiting at most; 0 when everything is read.
	Behind time.Duration
	// Open says that it is open now.
	Open bool

	at       inode
	caughtUp time.Time
}

// board shows the state of a group to other goroutines.
type board struct {
	mu    sync.Mutex
	files []Status
	last  time.Time
}

// publish shows the files; while reading is busy only now and then.
func (b *board) publish(files []*File, busy bool) {
	if busy && time.Since(b.last) < publishEvery {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = time.Now()
	b.files = b.files[:0]
	for _, f := range files {
		if !f.orphaned && !f.whole {
			b.files = append(b.files, Status{
				Path: f.Path, Offset: f.offset, Size: max(f.size, f.offset), LastRead: f.lastRead,
				Open: f.content != nil, at: f.at, caughtUp: f.caughtUp,
			})
		}
	}
}

// Status returns the files being followed, with their sizes as of now. It is safe for concurrent use.
func (g *Group) Status() []Status {
	g.board.mu.Lock()
	files := append([]Status(nil), g.board.files...)
	g.board.mu.Unlock()
	now := time.Now()
	for i := range files {
		s := &files[i]
		// The group may be waiting for the journal: what is written meanwhile counts as unread.
		if info, err := os.Stat(s.Path); err == nil && inodeOf(info) == s.at {
			s.Size = max(s.Size, info.Size())
		}
		if s.Size > s.Offset {
			s.Behind = now.Sub(s.caughtUp)
		}
	}
	return files
}
