package tail

import (
	"bytes"
	"os"
	"time"
)

// adopt lets an orphan go on in the copy that holds its content.
func (g *Group) adopt(f *File, c *found, file *os.File) {
	g.metrics.adopted.Inc()
	g.log.Info("reading the rest of a truncated file from its copy", "copy", c.path, "from", f.offset)
	f.content, f.at, f.born, f.Path, f.needsMark, f.orphaned = file, c.at, born(file), c.path, true, false
	f.openedAt = time.Now()
	f.lastRead = time.Now()
}

type copyVerdict int

const (
	isNew     copyVerdict = iota // nothing like it is followed
	isCopy                       // it holds what was read from another file
	undecided                    // it begins like a followed file and may still be growing into a copy of it
)

// copyOf compares the opened file with those being followed, by their first bytes and by the bytes before their
// position.
func (g *Group) copyOf(c *found, file *os.File) (*File, copyVerdict) {
	head := make([]byte, headSize)
	n, _ := file.ReadAt(head, 0)
	head = head[:n]
	if n == 0 && !c.followed {
		return nil, undecided // a copy starts empty; nothing to lose yet
	}
	for _, orphans := range []bool{true, false} {
		for _, f := range g.files {
			same := min(len(head), len(f.head))
			if f.orphaned != orphans || same == 0 || !bytes.Equal(head[:same], f.head[:same]) {
				continue
			}
			if f.offset > 0 && c.size >= f.offset {
				window := make([]byte, len(f.window))
				n, _ := file.ReadAt(window, f.offset-int64(len(window)))
				if n == len(window) && bytes.Equal(window, f.window) {
					return f, isCopy
				}
				continue
			}
			// It is still growing into a copy, or nothing of the other one was read yet: a later look can tell.
			if age := time.Since(c.touched); age > -g.pace.settled && age < g.pace.settled {
				return nil, undecided
			}
		}
	}
	return nil, isNew
}

// lostContent returns the mark of content that was truncated away while nobody followed it and that the opened file
// holds, or nil.
func (g *Group) lostContent(c *found, file *os.File) *mark {
	for _, m := range g.ledger.marks {
		if m.Ino != 0 || c.size < m.Offset || m.HeadLen == 0 {
			continue
		}
		if print, ok := fingerprint(file, m.HeadLen); ok && print == m.Head {
			return m
		}
	}
	return nil
}
