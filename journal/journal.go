// Package journal keeps every record on disk between the followed files and everyone who wants the records: append-only
// segments of compressed, checksummed blocks. The positions in the files are committed with the records in one write,
// so that a crash neither loses nor repeats a record. Each consumer has its own cursor. docs/journal.md describes the
// format and what is promised.
package journal

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	dir      string
	cfg      Config
	log      *slog.Logger
	disk     disk
	lock     *os.File
	metrics  *metrics
	encoders sync.Pool
	packers  sync.Pool

	stop  chan struct{}
	full  chan struct{} // says that a segment is full
	tasks sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	segments  []*segment // the oldest first; the last is the one being written
	w         *writer    // nil before the first block
	next      uint64     // number of the next segment
	sequence  uint64     // records since the journal began
	marks     map[string][]byte
	marksSize int
	out       []byte // the block being written
	sealing   int64  // bytes that sealing may take on the disk now
	recent    ring
	consumers map[string]*Consumer
	damage    map[Position]bool // damaged parts that were reported already
}

// Open opens the journal in dir, which is made when it is missing and which nobody else may use until Close. What a
// crash left half written at the end is cut off; the sources' marks are as of the last whole block. reg may be nil.
func Open(dir string, cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Journal, error) {
	j, err := open(dir, cfg, log, reg, realDisk{})
	if err != nil {
		return nil, err
	}
	j.tasks.Go(j.sealFull)
	return j, nil
}

func open(dir string, cfg Config, log *slog.Logger, reg prometheus.Registerer, d disk) (_ *Journal, err error) {
	if err := os.MkdirAll(filepath.Join(dir, cursorDir), 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &Journal{
		dir: dir, cfg: cfg, log: log, disk: d,
		encoders:  sync.Pool{New: func() any { return newEncoder() }},
		packers:   sync.Pool{New: func() any { return newPacker() }},
		stop:      make(chan struct{}),
		full:      make(chan struct{}, 1),
		marks:     map[string][]byte{},
		consumers: map[string]*Consumer{},
		damage:    map[Position]bool{},
	}
	if j.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	j.metrics = newMetrics(j)
	if err = j.recover(); err == nil {
		err = j.metrics.register(reg)
	}
	if err != nil {
		if j.w != nil {
			j.w.f.Close()
		}
		unlockDir(j.lock)
		return nil, fmt.Errorf("open journal %s: %w", dir, err)
	}
	j.tasks.Go(j.maintain)
	return j, nil
}

// Marks returns a copy of the sources' marks as of the last Append.
func (j *Journal) Marks() map[string][]byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return cloneMarks(j.marks)
}

// Close ends all waiting consumers, saves their cursors, forces everything to the disk and gives the folder free.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	close(j.stop)
	j.mu.Unlock()

	j.tasks.Wait()
	err := j.saveCursors()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.consumers {
		c.wake()
	}
	if j.w != nil {
		err = firstError(err, j.w.sync())
		err = firstError(err, j.w.f.Close())
		j.w = nil
	}
	j.metrics.unregister()
	if err = firstError(err, unlockDir(j.lock)); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
