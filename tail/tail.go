// Package tail follows log files through renames, truncations and restarts. Every complete line is handed over once,
// with the byte offset it stands at; whoever takes the lines keeps the marks that tail continues from.
package tail

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
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
	// Host goes into the identity of files, so that equal files of two hosts are told apart.
	Host string
}

// DefaultMaxLine is the longest line when the configuration does not say.
const DefaultMaxLine = 1 << 20

const (
	readSize     = 256 << 10              // bytes asked of a file at once
	pollEvery    = 250 * time.Millisecond // how soon a written line is seen
	scanEvery    = time.Second            // how soon a new file is seen
	idleAfter    = time.Second            // quiet time after which a waiting record is complete
	rotatedGrace = 30 * time.Second       // writers go on for a while after a rename
	goneGrace    = 5 * time.Second        // the same after an unlink
	forgetAfter  = 10 * time.Minute       // a file that is nowhere to be seen is forgotten
)

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
	log     *slog.Logger
	metrics *Metrics
	files   []*File
	ledger  *ledger
	buf     []byte
	lines   []Line
	// noted holds the paths whose trouble was logged, and what it was.
	noted    map[string]string
	board    board
	lastScan time.Time
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
	g := &Group{
		cfg: cfg, log: log, metrics: metrics, noted: map[string]string{},
		buf: make([]byte, windowSize+readSize),
	}
	g.ledger = readLedger(marks, cfg.Globs, log)
	return g, nil
}

// Run follows the files until ctx ends or handle returns an error. It blocks.
func (g *Group) Run(ctx context.Context, handle Handler) error {
	defer g.close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if now := time.Now(); now.Sub(g.lastScan) >= scanEvery || now.Before(g.lastScan) {
			g.lastScan = now
			if err := g.scan(ctx, handle); err != nil {
				return err
			}
		}
		busy, err := g.poll(ctx, handle)
		if err != nil {
			return err
		}
		g.board.publish(g.files)
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

// poll reads each file once, in turn, so that a busy file does not starve the others. It tells whether there is more.
func (g *Group) poll(ctx context.Context, handle Handler) (busy bool, err error) {
	for _, f := range slices.Clone(g.files) {
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
	case state == replaced:
		g.truncated(f)
		return true, nil
	case len(lines) > 0 || f.needsMark:
		f.lastRead, f.idle, f.needsMark = now, false, false
		g.metrics.lines.Add(float64(len(lines)))
		return true, handle(ctx, Batch{File: f, Lines: lines})
	case state == advanced:
		return true, nil
	case f.expired(now):
		return false, g.finish(ctx, f, handle)
	case !f.idle && now.Sub(f.lastRead) >= idleAfter:
		f.idle = true
		return false, handle(ctx, Batch{File: f, Idle: true})
	}
	return false, nil
}

// finish hands over the end of a file that was rotated, deleted or truncated, and lets it go.
func (g *Group) finish(ctx context.Context, f *File, handle Handler) error {
	b := Batch{File: f, Lines: f.remainder(g.cfg.MaxLine), End: true}
	if f.orphan() {
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

func (g *Group) close() {
	for _, f := range g.files {
		f.close()
	}
	g.files = nil
}
