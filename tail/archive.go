package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/cespare/xxhash/v2"
)

// maxBack is how much text is held at most to compare what stands before the end of what was read.
const maxBack = 4 << 20

// archive is a compressed file and what was found out about it. It is looked at again when it changes.
type archive struct {
	stat
	head   []byte          // the first bytes of its text
	length uint32          // of its text modulo 2^32
	sized  bool            // length is known
	done   bool            // there is nothing (more) to read for us
	not    map[uint64]bool // identities whose content it turned out not to hold
}

// meetArchive decides what a compressed file is to us: the rest of a file that was rotated and compressed, of which
// the text before the position is skipped; a file that came and was compressed between two looks; or nothing.
func (g *Group) meetArchive(c *found) error {
	if !g.settled(c) {
		g.wait(c)
		return nil
	}
	a := g.archives[c.at]
	if is := (stat{c.size, c.changed}); a == nil || a.stat != is {
		a = &archive{stat: is, not: map[uint64]bool{}}
		g.archives[c.at] = a
		if m := g.ledger.archived(c.at); m != nil && m.Whole && m.CopySize == c.size {
			a.done = true
			return nil
		}
		if err := g.inspect(a, c); errors.Is(err, fs.ErrNotExist) {
			delete(g.archives, c.at) // renamed; the next scan finds it
			return err
		} else if err != nil {
			a.done = true
			return err
		}
	}
	if a.done {
		return nil
	}
	if g.unpacking() {
		g.wait(c) // one at a time: each takes the memory of a decompressor
		return nil
	}
	return g.judge(a, c)
}

// wait notes that an archive cannot be decided about yet. What may be in it is kept track of, but not for ever: an archive
// that never stops changing, or a copy of a file that is never rotated, must not keep the end of others from being noticed.
func (g *Group) wait(c *found) {
	if time.Since(g.sights[c.at].first) < g.pace.forget {
		g.waiting = true
	}
}

// inspect reads the first bytes of the archive's text.
func (g *Group) inspect(a *archive, c *found) error {
	u, err := g.openArchive(a, c)
	if err != nil {
		return err
	}
	defer u.Close()
	a.length, a.sized = textSize(u.file, c.size)
	head := make([]byte, headSize)
	n, _ := u.ReadAt(head, 0)
	a.head = head[:n]
	if n == 0 && u.err != io.EOF {
		g.metrics.broken.Inc()
		return fmt.Errorf("decompress: %w", u.err)
	}
	a.done = n == 0
	return nil
}

func (g *Group) openArchive(a *archive, c *found) (*unpacked, error) {
	file, err := g.openFound(c)
	if err != nil {
		return nil, err
	}
	u, err := newUnpacked(file)
	if err != nil {
		g.metrics.broken.Inc()
		return nil, err
	}
	return u, nil
}

func (g *Group) unpacking() bool {
	for _, f := range g.files {
		if f.packed != nil {
			return true
		}
	}
	return false
}

// judge finds out whose text the archive holds, by its first bytes.
func (g *Group) judge(a *archive, c *found) error {
	for _, f := range g.files {
		begins := f.beginning()
		same := len(begins) > 0 && bytes.HasPrefix(a.head, begins[:min(len(begins), len(a.head))])
		switch {
		case !same || a.not[f.id]:
		case f.orphaned && len(begins) <= len(a.head):
			return g.adoptArchive(f, a, c)
		case !f.orphaned && len(begins) >= len(a.head):
			g.wait(c) // a copy of what is being read from the original; its position decides later
			return nil
		}
	}
	if m := g.ledger.holder(a); m != nil {
		if a.sized && a.length == uint32(m.Read) && m.Read == m.Offset {
			a.done = true
			g.bind(m, c)
			return nil
		}
		return g.resumeArchive(m, a, c)
	}
	return g.beginArchive(a, c)
}

// holder returns the mark of the content that begins as the archive's text, or nil. The longest beginning wins.
func (l *ledger) holder(a *archive) *mark {
	var best *mark
	for _, m := range l.marks {
		if a.not[m.ID] || m.HeadLen == 0 || m.HeadLen > len(a.head) || xxhash.Sum64(a.head[:m.HeadLen]) != m.Head {
			continue
		}
		if best == nil || m.HeadLen > best.HeadLen || m.HeadLen == best.HeadLen && m.Read > best.Read {
			best = m
		}
	}
	return best
}

// bind remembers that the archive holds what was read already, so that it is known after a restart too.
func (g *Group) bind(m *mark, c *found) {
	delete(g.ledger.marks, m.ID)
	f := m.file(g.cfg.Host)
	f.packedAt, f.packedSize, f.whole = c.at, c.size, true
	g.files = append(g.files, f)
}

// resumeArchive goes on in the archive where the mark stands.
func (g *Group) resumeArchive(m *mark, a *archive, c *found) error {
	u, err := g.openArchive(a, c)
	if err != nil {
		return err
	}
	g.log.Info("reading the rest of a rotated file from its compressed copy", "copy", c.path, "from", m.Offset)
	g.metrics.adopted.Inc()
	delete(g.ledger.marks, m.ID)
	f := m.file(g.cfg.Host)
	f.Path, f.head, f.resumed = c.path, bytes.Clone(a.head), m
	f.unpackFrom(u, c)
	g.open(f)
	return nil
}

// adoptArchive lets an orphan go on in the archive that holds its content.
func (g *Group) adoptArchive(f *File, a *archive, c *found) error {
	u, err := g.openArchive(a, c)
	if err != nil {
		return err
	}
	g.log.Info("reading the rest of a truncated file from its compressed copy", "copy", c.path, "from", f.offset)
	g.metrics.adopted.Inc()
	m := f.mark()
	m.inode = inode{} // another content's by now
	f.resumed, f.orphaned = &m, false
	f.unpackFrom(u, c)
	f.lastRead = time.Now()
	return nil
}

// beginArchive reads an archive whose content was never seen, or remembers it as read when it is from before our time.
func (g *Group) beginArchive(a *archive, c *found) error {
	u, err := g.openArchive(a, c)
	if err != nil {
		return err
	}
	f := g.newFile(c, u.file)
	f.head, f.known = bytes.Clone(a.head), 0
	if g.ledger.past(c, f.born) {
		a.done = true
		f.offset = int64(a.length)
		f.identify()
		m := f.mark()
		g.bind(&m, c)
		return u.Close()
	}
	f.unpackFrom(u, c)
	f.arrived = true
	g.open(f)
	return nil
}

func (f *File) unpackFrom(u *unpacked, c *found) {
	f.packed, f.content, f.packedAt, f.packedSize, f.arrived = u, u, c.at, c.size, false
}

// arrive skips the text before the position and compares the bytes before it, as far as the mark knows them.
func (f *File) arrive() readState {
	window, read := int64(f.resumed.WindowLen), max(f.offset, f.resumed.Read)
	if read-f.offset > maxBack {
		window, read = 0, f.offset
	}
	start := max(0, min(f.offset, read-window)-windowSize)
	if !f.packed.skip(start) {
		if f.packed.err != nil {
			return ended // an earlier state of what was read
		}
		return advanced
	}
	text := make([]byte, read-start)
	if n, _ := f.packed.ReadAt(text, start); n < len(text) {
		return ended
	}
	if window > 0 && xxhash.Sum64(text[len(text)-int(window):]) != f.resumed.Window {
		return stranger
	}
	text = text[:f.offset-start]
	f.window = bytes.Clone(text[max(0, len(text)-windowSize):])
	f.size, f.arrived = f.offset, true
	return advanced
}

// release lets go of an archive that begins as the content does and is another.
func (g *Group) release(f *File) {
	a := g.archives[f.packedAt]
	if a != nil {
		a.not[f.id] = true
	}
	f.close()
	g.lastScan = time.Time{}
	m := f.resumed
	m.missing = time.Time{}
	g.ledger.marks[m.ID] = m
}
