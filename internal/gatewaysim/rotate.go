package gatewaysim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// keepRotated is how many rotated files stay: x.log.1 is the newest, x.log.3 the oldest.
const keepRotated = 3

// logFile is a log that rotates by rename. Records are gathered in memory and written together, each one whole and in
// one file.
type logFile struct {
	path    string
	maxSize int64
	maxAge  time.Duration

	file    *os.File
	size    int64
	opened  time.Time
	pending bytes.Buffer
}

// open begins a new file, or goes on with the one that is there.
func (l *logFile) open(now time.Time) error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size, l.opened = f, st.Size(), now
	return nil
}

// flush writes what is pending, after a rotation when that is due.
func (l *logFile) flush(now time.Time) error {
	if l.pending.Len() == 0 {
		return nil
	}
	if l.size > 0 && (l.size+int64(l.pending.Len()) > l.maxSize || now.Sub(l.opened) >= l.maxAge) {
		if err := l.rotate(now); err != nil {
			return fmt.Errorf("rotate %s: %w", l.path, err)
		}
	}
	n, err := l.file.Write(l.pending.Bytes())
	l.size += int64(n)
	l.pending.Reset()
	return err
}

// rotate renames the file and its older siblings, drops the oldest, and begins a new file.
func (l *logFile) rotate(now time.Time) error {
	if err := l.file.Close(); err != nil {
		return err
	}
	for i := keepRotated; i > 1; i-- {
		if err := os.Rename(l.rotated(i-1), l.rotated(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(l.path, l.rotated(1)); err != nil {
		return err
	}
	return l.open(now)
}

func (l *logFile) rotated(i int) string { return fmt.Sprintf("%s.%d", l.path, i) }

func (l *logFile) close(now time.Time) error {
	return errors.Join(l.flush(now), l.file.Close())
}
