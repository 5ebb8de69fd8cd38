package tail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

// windowSize is how many bytes before the read position are compared on every read. They tell whether the file is
// still the one that was read: a file that was truncated and grew past the position again has other bytes there.
const windowSize = 64

// maxBatchLines bounds a batch of very short lines.
const maxBatchLines = 2048

// File is one followed file. Its exported parts may be used by the handler while it runs.
type File struct {
	// Path is where the file is now.
	Path string

	host      string
	origin    string // where it was found first
	id        uint64 // 0 until the first line is there
	at        inode
	born      uint64 // when the file was created, 0 when that is not known
	gen       uint32 // counts truncations
	file      *os.File
	head      []byte // the first bytes, up to headSize
	window    []byte // the bytes before offset, up to windowSize
	offset    int64  // first byte of the first line that was not handed over
	size      int64  // as of the last read
	more      bool   // the last read left complete lines behind
	skipping  bool   // inside the rest of a line that was too long
	needsMark bool   // the position must be committed though no line was read
	idle      bool   // Idle was handed over since the last line
	done      bool

	lastRead  time.Time
	caughtUp  time.Time // when everything there was had been read last
	rotatedAt time.Time // zero while it is at a followed path
	goneAt    time.Time // zero while it is in its folder
}

type readState int

const (
	quiet    readState = iota // nothing new
	advanced                  // something was read, but no complete line yet
	replaced                  // the content before the position is not what was read
)

// ID is the identity of the file's content, unique in the fleet; it stays the same after a rename and is another one
// after a truncation.
func (f *File) ID() uint64 { return f.id }

// Origin is the path at which the file was found first.
func (f *File) Origin() string { return f.origin }

// Next is the offset after the last line that was handed over.
func (f *File) Next() int64 { return f.offset }

// orphan tells whether f is content that was truncated away, waiting for a copy to be found.
func (f *File) orphan() bool { return f.file == nil }

// read reads once and splits what came into complete lines.
func (f *File) read(g *Group) ([]Line, readState, error) {
	if f.orphan() {
		return nil, quiet, nil
	}
	w := len(f.window)
	n, err := f.file.ReadAt(g.buf, f.offset-int64(w))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, quiet, err
	}
	if n < w || !bytes.Equal(g.buf[:w], f.window) {
		return nil, replaced, nil
	}
	data := g.buf[w:n]
	end := f.offset + int64(len(data))
	if end == f.size && !f.more {
		f.caughtUp = time.Now()
		return nil, quiet, nil
	}
	if err := f.readHead(); err != nil {
		return nil, quiet, err
	}
	full := n == len(g.buf)
	lines, used := f.split(g, data)
	if used == 0 && full { // one line fills the buffer
		g.buf = make([]byte, min(2*len(g.buf), windowSize+g.cfg.MaxLine+readSize))
		return nil, advanced, nil
	}
	f.advance(g.buf[:w+used], used)
	f.size = end
	f.more = full || len(lines) == maxBatchLines
	if used > 0 && len(lines) == 0 {
		return nil, advanced, nil
	}
	return lines, quiet, nil
}

// split returns the complete lines in data and how many of its bytes are done with.
func (f *File) split(g *Group, data []byte) (lines []Line, used int) {
	lines = g.lines[:0]
	for len(lines) < maxBatchLines {
		rest := data[used:]
		end := bytes.IndexByte(rest, '\n')
		switch {
		case f.skipping && end < 0:
			used = len(data)
		case f.skipping:
			f.skipping = false
			used += end + 1
			continue
		case end < 0 && len(rest) > g.cfg.MaxLine:
			f.skipping = true
			lines = append(lines, Line{f.offset + int64(used), rest[:g.cfg.MaxLine], true})
			used = len(data)
		case end >= 0:
			lines = append(lines, NewLine(f.offset+int64(used), rest[:end], g.cfg.MaxLine))
			used += end + 1
			continue
		}
		break
	}
	g.lines = lines
	return lines, used
}

// NewLine returns the line at offset without its line break, cut off at maxLine bytes.
func NewLine(offset int64, text []byte, maxLine int) Line {
	if n := len(text); n > 0 && text[n-1] == '\n' {
		text = text[:n-1]
	}
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	if len(text) > maxLine {
		return Line{offset, text[:maxLine], true}
	}
	return Line{offset, text, false}
}

// advance moves the position by used bytes, which are the last ones of seen.
func (f *File) advance(seen []byte, used int) {
	if used == 0 {
		return
	}
	f.offset += int64(used)
	f.window = append(f.window[:0], seen[max(0, len(seen)-windowSize):]...)
	if f.id == 0 {
		f.identify()
	}
}

// readHead keeps the first bytes of the file, which a copy of it has too.
func (f *File) readHead() error {
	if len(f.head) == headSize {
		return nil
	}
	head := make([]byte, headSize)
	n, err := f.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.head = head[:n]
	return nil
}

// remainder returns the last line of a file that nobody writes to any more, when it has no line break.
func (f *File) remainder(maxLine int) []Line {
	if f.orphan() || f.skipping {
		return nil
	}
	rest := make([]byte, maxLine)
	n, _ := f.file.ReadAt(rest, f.offset)
	if n == 0 {
		return nil
	}
	line := NewLine(f.offset, rest[:n], maxLine)
	f.advance(rest[:n], n)
	return []Line{line}
}

// expired tells whether nothing more will come from f.
func (f *File) expired(now time.Time) bool {
	quietFor := now.Sub(f.lastRead)
	switch {
	case f.orphan() || !f.goneAt.IsZero():
		return quietFor >= goneGrace && now.Sub(f.goneAt) >= goneGrace
	case !f.rotatedAt.IsZero():
		return quietFor >= rotatedGrace && now.Sub(f.rotatedAt) >= rotatedGrace
	}
	return false
}

// restart makes f read the file from its beginning under a new identity. It returns the content before, as an orphan.
func (f *File) restart() *File {
	before := *f
	before.file, before.goneAt, before.needsMark = nil, time.Now(), false
	*f = File{
		Path: f.Path, host: f.host, origin: f.origin, at: f.at, born: f.born, gen: f.gen + 1, file: f.file,
		lastRead: time.Now(), rotatedAt: f.rotatedAt, goneAt: f.goneAt,
	}
	return &before
}

func (f *File) close() {
	f.done = true
	if f.file != nil {
		f.file.Close() // only read from
		f.file = nil
	}
}
