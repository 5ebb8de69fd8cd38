package gatewaylog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Rotation is how a log is kept from growing for ever.
type Rotation string

// The rotations that logrotate and logging libraries know.
const (
	None         Rotation = "none"
	Rename       Rotation = "rename"       // gw.log becomes gw.log.1, a new gw.log is opened
	CopyTruncate Rotation = "copytruncate" // gw.log is copied to gw.log.1 and cut to nothing
	RenameGzip   Rotation = "rename+gz"    // as Rename, then gw.log.1 becomes gw.log.1.gz
	DateNamed    Rotation = "date-named"   // each day has its own file: gw.2026-11-22.log
)

// Rotations returns all of them.
func Rotations() []Rotation { return []Rotation{None, Rename, CopyTruncate, RenameGzip, DateNamed} }

// Writer writes lines at a rate and rotates.
type Writer struct {
	// Path of the log. With DateNamed the date goes before its extension.
	Path string
	// Format of the lines: JSON or Nginx.
	Format   string
	Rotation Rotation
	// Every is how often the log is rotated, Keep how many rotated files stay.
	Every time.Duration
	Keep  int
	// Rate is lines a second. A writer that falls behind catches up.
	Rate int
	// First is the number of the first line.
	First int

	lines     *Lines
	file      *os.File
	rotations int
}

// Written says what a writer did.
type Written struct{ Lines, Rotations int }

const (
	writeTick  = 10 * time.Millisecond
	writeLines = 50 // in one call: a gateway writes small batches
)

// Glob matches the files that the writer writes to, as an agent is told to follow them.
func (w *Writer) Glob() string {
	if w.Rotation == DateNamed {
		return w.dated("*")
	}
	return w.Path
}

// Run writes sealed lines for as long as lasting, or until ctx ends, and leaves no line unfinished.
func (w *Writer) Run(ctx context.Context, lasting time.Duration) (Written, error) {
	w.lines = NewLines(42)
	w.lines.Seal = true
	if err := w.open(); err != nil {
		return Written{}, err
	}
	written, err := w.write(ctx, lasting)
	if closed := w.file.Close(); err == nil {
		err = closed
	}
	return Written{written, w.rotations}, err
}

func (w *Writer) write(ctx context.Context, lasting time.Duration) (written int, err error) {
	tick := time.NewTicker(writeTick)
	defer tick.Stop()
	start := time.Now()
	rotated := start
	for {
		now := time.Now()
		want := int(now.Sub(start).Seconds() * float64(w.Rate))
		if now.Sub(start) >= lasting || ctx.Err() != nil {
			return written, nil
		}
		if written, err = w.writeUpTo(written, want); err != nil {
			return written, err
		}
		if w.Rotation != None && now.Sub(rotated) >= w.Every {
			rotated = now
			w.rotations++
			if err := w.rotate(); err != nil {
				return written, fmt.Errorf("rotation %d: %w", w.rotations, err)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (w *Writer) writeUpTo(written, want int) (int, error) {
	var b []byte
	for written < want {
		b = b[:0]
		at := time.Now().UTC()
		for range min(writeLines, want-written) {
			b = w.lines.Append(b, w.Format, w.First+written, at)
			written++
		}
		if _, err := w.file.Write(b); err != nil {
			return written, err
		}
	}
	return written, nil
}

func (w *Writer) open() (err error) {
	path := w.Path
	if w.Rotation == DateNamed {
		path = w.dated(time.Date(2026, 11, 22+w.rotations, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	w.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	return err
}

func (w *Writer) dated(date string) string {
	ext := filepath.Ext(w.Path)
	return strings.TrimSuffix(w.Path, ext) + "." + date + ext
}
