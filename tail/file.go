package tail

import (
	"bytes"
	"errors"
	"io"
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
	// Note is kept with the file's marks for the handler, which may set it before it asks for a Mark.
	Note string

	host      string
	origin    string // where it was found first
	real      string // where Path leads when it is a symbolic link, else empty
	id        uint64 // 0 until the first line is there
	at        inode
	born      uint64  // when the file was created, 0 when that is not known
	gen       uint32  // counts truncations
	content   content // nil while it is not open
	head      []byte  // the first bytes, up to headSize
	window    []byte  // the bytes before offset, up to windowSize
	offset    int64   // first byte of the first line that was not handed over
	size      int64   // as of the last read
	known     int64   // the largest size it was seen with
	more      bool    // the last read left complete lines behind
	skipping  bool    // inside the rest of a line that was too long
	needsMark bool    // the position must be committed though no line was read
	idle      bool    // Idle was handed over since the last line
	atEnd     bool    // the last read found nothing new
	orphaned  bool    // its content was truncated away; a copy may hold the rest
	shut      bool    // closed because too many files are open; opened again when it grows
	done      bool

	// Of a file that is read from its compressed copy.
	packed     *unpacked // also in content
	packedAt   inode     // where the copy is, also after it was read
	packedSize int64
	resumed    *mark // where reading of the copy began
	arrived    bool  // the text before the position is passed
	whole      bool  // the copy holds nothing unread

	openedAt  time.Time
	lastRead  time.Time
	caughtUp  time.Time // when everything there was had been read last
	rotatedAt time.Time // zero while it is at a followed path
	goneAt    time.Time // zero while it is in its folder
	due       time.Time // when it is looked at next
	asleep    bool      // not looked at until a scan sees it change
	stat      stat      // as of the last scan
}

// content is what a file is read from: itself, or the text of its compressed copy.
type content interface {
	io.ReaderAt
	io.Closer
}

// stat is what tells that a file changed.
type stat struct {
	size    int64
	changed time.Time
}

type readState int

const (
	quiet    readState = iota // nothing new
	advanced                  // something was read, but no complete line yet
	replaced                  // the content before the position is not what was read
	ended                     // a compressed copy has no more text
	stranger                  // a compressed copy does not hold what was read
)

// ID is the identity of the file's content, unique in the fleet; it stays the same after a rename and is another one
// after a truncation.
func (f *File) ID() uint64 { return f.id }

// Origin is the path at which the file was found first.
func (f *File) Origin() string { return f.origin }

// Next is the offset after the last line that was handed over.
func (f *File) Next() int64 { return f.offset }

// read reads once and splits what came into complete lines.
func (f *File) read(g *Group) ([]Line, readState, error) {
	switch {
	case f.content == nil:
		return nil, quiet, nil
	case f.packed != nil && !f.arrived:
		return nil, f.arrive(), nil
	}
	w := len(f.window)
	n, err := f.content.ReadAt(g.buf, f.offset-int64(w))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, quiet, err
	}
	if n < w || !bytes.Equal(g.buf[:w], f.window) {
		return nil, replaced, nil
	}
	data := g.buf[w:n]
	end := f.offset + int64(len(data))
	if end == f.size && !f.more {
		if f.packed != nil && f.packed.err != nil {
			return nil, ended, nil
		}
		f.caughtUp, f.atEnd = time.Now(), true
		return nil, quiet, nil
	}
	f.atEnd = false
	f.extendHead(g.buf[:n], f.offset-int64(w))
	full := n == len(g.buf)
	lines, used := f.split(g, data)
	if used == 0 && full { // one line fills the buffer
		g.buf = make([]byte, min(2*len(g.buf), windowSize+g.cfg.MaxLine+readSize))
		return nil, advanced, nil
	}
	f.advance(g.buf[:w+used], used)
	f.size, f.known = end, max(f.known, end)
	f.more = full || len(lines) == maxBatchLines
	if used > 0 && len(lines) == 0 {
		return nil, advanced, nil
	}
	return lines, quiet, nil
}

// extendHead keeps the first bytes of the file from what was read at offset. They are not read on their own: between two
// reads the file may be truncated, and then the head would be another content's.
func (f *File) extendHead(read []byte, offset int64) {
	if offset == 0 {
		f.head = nil // what was there before the read may be another content's
	}
	have := int64(len(f.head))
	if have == headSize || have < offset {
		return
	}
	if more := read[min(int64(len(read)), have-offset):]; len(more) > 0 {
		f.head = append(f.head[:have:have], more[:min(int64(len(more)), headSize-have)]...)
	}
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
	if len(f.head) == headSize || f.packed != nil {
		return nil
	}
	head := make([]byte, headSize)
	n, err := f.content.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.head = head[:n]
	return nil
}

// beginning returns the first bytes of the file. Until they have been read for good, they are what stands there now.
func (f *File) beginning() []byte {
	if f.offset > 0 {
		return f.head
	}
	return f.standing()
}

// standing returns the first bytes that stand now in the file that f is read from, or what is known of a compressed one.
func (f *File) standing() []byte {
	if f.content == nil || f.packed != nil {
		return f.head
	}
	head := make([]byte, headSize)
	n, _ := f.content.ReadAt(head, 0)
	return head[:n]
}

// remainder returns the last line of a file that nobody writes to any more, when it has no line break.
func (f *File) remainder(maxLine int) []Line {
	if f.content == nil || f.skipping || f.packed != nil && !f.arrived {
		return nil
	}
	rest := make([]byte, maxLine)
	n, _ := f.content.ReadAt(rest, f.offset)
	if n == 0 {
		return nil
	}
	line := NewLine(f.offset, rest[:n], maxLine)
	f.advance(rest[:n], n)
	return []Line{line}
}

// expired tells whether nothing more will come from f.
func (f *File) expired(now time.Time, g *Group) bool {
	quietFor := now.Sub(f.lastRead)
	goneFor := g.lastScan.Sub(f.goneAt) // one look may miss what is renamed meanwhile, and looks may be far apart
	switch {
	case f.packed != nil:
		return false // it has an end of its own
	case f.orphaned:
		gone := min(quietFor, goneFor)
		return gone >= g.pace.orphan && (!g.waiting || gone >= g.pace.forget) // a copy may be among those that wait
	case !f.goneAt.IsZero():
		return quietFor >= g.pace.gone && goneFor >= g.pace.gone
	case !f.rotatedAt.IsZero():
		return quietFor >= g.pace.rotated && now.Sub(f.rotatedAt) >= g.pace.rotated
	}
	return false
}

// restart makes f read the file from its beginning under a new identity. It returns the content before, as an orphan.
func (f *File) restart() *File {
	before := *f
	before.content, before.orphaned, before.goneAt, before.needsMark = nil, true, time.Now(), false
	before.due, before.asleep = time.Time{}, false
	if f.atEnd {
		before.known = f.size // what a scan saw since then may be the new content
	}
	*f = File{
		Path: f.Path, host: f.host, origin: f.origin, real: f.real, at: f.at, born: f.born, gen: f.gen + 1, content: f.content,
		openedAt: f.openedAt, lastRead: time.Now(), rotatedAt: f.rotatedAt, goneAt: f.goneAt,
	}
	return &before
}

func (f *File) close() {
	f.done = true
	f.closeContent()
}

func (f *File) closeContent() {
	if f.content != nil {
		f.content.Close() // only read from
		f.content, f.packed = nil, nil
	}
}
