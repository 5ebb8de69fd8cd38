// Package tail follows log files through renames, truncations and restarts. Every complete line is handed over once,
// with the byte offset it stands at; whoever takes the lines keeps the marks that tail continues from.
package tail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Config says which files are followed together.
type Config struct {
	// Globs of the files. Rotated siblings (a name with something appended) are found by themselves.
	Globs []string
	// FromEnd starts files that exist before the first run at their end, not at their beginning.
	FromEnd bool
	// MaxLine is the longest line in bytes; what is beyond is cut off. 0 means DefaultMaxLine.
	MaxLine int
	// MaxOpen is how many files are open at once; beyond it quiet ones are closed until they grow. 0 means
	// DefaultMaxOpen.
	MaxOpen int
	// Host goes into the identity of files, so that equal files of two hosts are told apart.
	Host string
}

// DefaultMaxLine is the longest line when the configuration does not say.
const DefaultMaxLine = 1 << 20

// DefaultMaxOpen is how many files of a group are open at once when the configuration does not say.
const DefaultMaxOpen = 1000

const (
	readSize     = 256 << 10              // bytes asked of a file at once
	scanShare    = 50                     // a scan is followed by a pause of so many times its length
	publishEvery = 100 * time.Millisecond // how old the state shown to others is at most while reading
)

// pace is how soon things are looked at and how long they are waited for.
type pace struct {
	poll    time.Duration // how soon a written line is seen
	scan    time.Duration // how soon a new file is seen
	idle    time.Duration // quiet time after which a waiting record is complete
	sleep   time.Duration // quiet time after which a file is only looked at by scans
	settled time.Duration // how long a copy or a compressed file must be unchanged to count as complete
	rotated time.Duration // writers go on for a while after a rename
	gone    time.Duration // the same after an unlink
	orphan  time.Duration // how soon a copy of truncated content appears
	forget  time.Duration // how long a file that is nowhere to be seen is remembered
	turn    time.Duration // how long a file with unread lines stays open when others wait for a descriptor
}

func usualPace() pace {
	return pace{
		poll: 250 * time.Millisecond, scan: time.Second, idle: time.Second, sleep: time.Minute, settled: 3 * time.Second,
		rotated: 30 * time.Second, gone: 5 * time.Second, orphan: 15 * time.Second, forget: 10 * time.Minute, turn: 2 * time.Second,
	}
}

// Batch is what was read from one file at once.
type Batch struct {
	// File is where the lines come from.
	File *File
	// Lines are complete lines in order. They point into a buffer that is valid until the handler returns.
	Lines []Line
	// Idle says that nothing was written for a while: a record that waits for more lines is complete.
	Idle bool
	// End says that the file was rotated or deleted and has been read to its end; nothing of it follows.
	End bool
	// Forget holds the keys of marks that are not needed any more.
	Forget []string
	// Keep holds marks that are not a file's, to be committed as they are.
	Keep map[string][]byte
}

// Line is one line of a file without its line break.
type Line struct {
	// Offset of the line's first byte in the file.
	Offset int64
	// Text of the line, without \n or \r\n.
	Text []byte
	// Cut says that the line was longer than the limit and its rest is missing.
	Cut bool
}

// Handler takes a batch. It commits what it makes of the lines together with a Mark of the file, and returns when
// that is done. An error ends the Run.
type Handler func(context.Context, Batch) error

// Group follows the files of one Config. Only its Run method does anything; one goroutine owns all files.
type Group struct {
	cfg     Config
	pace    pace
	log     *slog.Logger
	metrics *Metrics
	files   []*File
	ledger  *ledger
	buf     []byte
	lines   []Line
	// noted holds the paths whose trouble was logged, and what it was.
	noted    map[string]string
	looked   atomic.Bool
	archives map[inode]*archive
	sights   map[inode]sight // of files that may still be growing into copies
	passed   map[inode]bool  // compressed files that are not read, and were told of
	waiting  bool            // there are files that could not be decided about or opened yet
	crowded  bool            // among them some for which there was no room
	rotating bool            // files were renamed during the scan
	board    board
	lastScan time.Time
	nextScan time.Duration // after lastScan
}

// New makes a group that continues from marks, as the handler committed them. A bad glob is an error.
func New(cfg Config, marks map[string][]byte, log *slog.Logger, metrics *Metrics) (*Group, error) {
	for _, glob := range cfg.Globs {
		if _, err := filepath.Match(glob, ""); err != nil {
			return nil, fmt.Errorf("glob %q: %w", glob, err)
		}
	}
	if cfg.MaxLine <= 0 {
		cfg.MaxLine = DefaultMaxLine
	}
	if cfg.MaxOpen <= 0 {
		cfg.MaxOpen = DefaultMaxOpen
	}
	g := &Group{
		cfg: cfg, pace: usualPace(), log: log, metrics: metrics, noted: map[string]string{}, archives: map[inode]*archive{},
		sights: map[inode]sight{}, passed: map[inode]bool{}, buf: make([]byte, windowSize+readSize),
	}
	g.ledger = readLedger(marks, cfg.Globs, log)
	return g, nil
}

// Looked tells whether Run has looked at the folders and committed what it read first: from then on, files that rotate
// while nobody runs are known. It is safe for concurrent use.
func (g *Group) Looked() bool { return g.looked.Load() }

// Run follows the files until ctx ends or handle returns an error. It blocks.
func (g *Group) Run(ctx context.Context, handle Handler) error {
	defer g.close()
	tick := time.NewTicker(g.pace.poll)
	defer tick.Stop()
	for {
		if now := time.Now(); now.Sub(g.lastScan) >= g.nextScan || now.Before(g.lastScan) {
			g.lastScan = now
			if err := g.scan(ctx, handle); err != nil {
				return err
			}
			g.nextScan = max(g.pace.scan, scanShare*time.Since(now))
			if g.waiting {
				g.nextScan = min(g.nextScan, g.pace.settled)
			}
			if g.crowded || g.rotating {
				g.nextScan = g.pace.poll
			}
		}
		busy, err := g.poll(ctx, handle)
		if err != nil {
			return err
		}
		g.board.publish(g.files, busy)
		if err := g.lookedOnce(ctx, handle); err != nil {
			return err
		}
		if busy {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// lookedOnce commits that the group has looked, when it never had: files that come and rotate from now on are not from
// before our time, though there may be no file yet whose mark would tell.
func (g *Group) lookedOnce(ctx context.Context, handle Handler) error {
	if g.looked.Load() {
		return nil
	}
	if key := lookedKey(g.cfg.Globs); !g.ledger.looked {
		at := strconv.FormatInt(time.Now().UnixNano(), 10)
		if err := handle(ctx, Batch{Keep: map[string][]byte{key: []byte(at)}}); err != nil {
			return err
		}
	}
	g.looked.Store(true)
	return nil
}

// poll reads each file once, in turn, so that a busy file does not starve the others. It tells whether there is more.
func (g *Group) poll(ctx context.Context, handle Handler) (busy bool, err error) {
	now := time.Now()
	for _, f := range slices.Clone(g.files) {
		if f.asleep || now.Before(f.due) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		more, err := g.step(ctx, f, handle)
		if err != nil {
			return false, err
		}
		busy = busy || more
	}
	g.files = slices.DeleteFunc(g.files, func(f *File) bool { return f.done })
	return busy, nil
}

// step reads once from f and hands over what came.
func (g *Group) step(ctx context.Context, f *File, handle Handler) (more bool, err error) {
	lines, state, err := f.read(g)
	if err != nil {
		g.note(f.Path, err)
	}
	now := time.Now()
	switch {
	case f.whole && f.content == nil: // known to be read
		return false, g.finish(ctx, f, handle)
	case state == replaced:
		g.truncated(f)
		return true, nil
	case state == stranger:
		g.release(f)
		return true, nil
	case state == ended:
		return true, g.finishArchive(ctx, f, handle)
	case len(lines) > 0 || f.needsMark:
		f.lastRead, f.idle, f.needsMark, f.due = now, false, false, time.Time{}
		g.metrics.lines.Add(float64(len(lines)))
		return true, handle(ctx, Batch{File: f, Lines: lines})
	case state == advanced:
		return true, nil
	case f.expired(now, g):
		return false, g.finish(ctx, f, handle)
	case !f.idle && now.Sub(f.lastRead) >= g.pace.idle:
		f.idle = true
		return false, handle(ctx, Batch{File: f, Idle: true})
	}
	f.due = now.Add(g.pace.poll / 2)
	f.asleep = f.canSleep() && (f.shut || now.Sub(f.lastRead) >= g.pace.sleep)
	return false, nil
}

// finish hands over the end of a file that was rotated, deleted or truncated, and lets it go.
func (g *Group) finish(ctx context.Context, f *File, handle Handler) error {
	b := Batch{File: f, Lines: f.remainder(g.cfg.MaxLine), End: true}
	if f.orphaned {
		g.lost(f.Path, f.known-f.offset)
		b.Forget = []string{f.key()}
	} else {
		g.ledger.put(f)
	}
	f.close()
	if f.id == 0 { // nothing of it was ever handed over
		return nil
	}
	return handle(ctx, b)
}

// finishArchive lets go of a compressed copy whose text has ended. What stands before a damage was handed over.
func (g *Group) finishArchive(ctx context.Context, f *File, handle Handler) error {
	g.lastScan = time.Time{} // the next one may be waiting
	a := g.archives[f.packedAt]
	if a != nil {
		a.done = true
	}
	if errors.Is(f.packed.err, io.EOF) {
		lines := f.remainder(g.cfg.MaxLine)
		f.whole = true
		g.ledger.put(f)
		f.close()
		return handle(ctx, Batch{File: f, Lines: lines, End: true})
	}
	g.metrics.broken.Inc()
	g.note(f.Path, fmt.Errorf("damaged at %d, what is before was read: %w", f.packed.end, f.packed.err))
	g.lost(f.Path, f.known-f.offset)
	f.known = f.offset
	g.ledger.put(f)
	f.close()
	if f.id == 0 {
		return nil
	}
	return handle(ctx, Batch{File: f, End: true})
}

// truncated starts f anew. Its content so far becomes an orphan, which waits for a copy that holds the unread rest.
func (g *Group) truncated(f *File) {
	g.metrics.truncations.Inc()
	g.log.Info("file was truncated, reading it from the beginning", "path", f.Path, "read_to", f.offset)
	g.files = append(g.files, f.restart())
	g.lastScan = time.Time{} // look for the copy now
}

// note logs a file's trouble once, until it changes.
func (g *Group) note(path string, err error) {
	text := err.Error()
	if g.noted[path] == text {
		return
	}
	if len(g.noted) >= maxNoted {
		clear(g.noted)
	}
	g.noted[path] = text
	g.metrics.errors.Inc()
	g.log.Warn("cannot read log file, will try again", "path", path, "err", err)
}

const maxNoted = 1000

// lost counts bytes that were in a file, as far as that is known, and that nobody can read any more.
func (g *Group) lost(path string, bytes int64) {
	if bytes <= 0 {
		return
	}
	g.metrics.lost.Add(float64(bytes))
	g.log.Error("log lines were destroyed before they could be read", "path", path, "bytes", bytes)
}

func (g *Group) close() {
	for _, f := range g.files {
		f.close()
	}
	g.files = nil
}
