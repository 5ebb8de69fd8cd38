package tail

import (
	"bytes"
	"io"
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
	isCopy                       // it holds what was read from another file, and maybe more
	isPart                       // it holds less than was read from another file
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
			// A truncation that is not noticed yet has put another content where f is read.
			if f.orphaned != orphans || !alike(head, f.head) && (c.followed || !alike(head, f.standing())) {
				continue
			}
			if verdict := g.compare(f, c, file); verdict != isNew {
				return f, verdict
			}
		}
	}
	return nil, isNew
}

// alike tells whether one of the beginnings begins with the other.
func alike(a, b []byte) bool {
	same := min(len(a), len(b))
	return same > 0 && bytes.Equal(a[:same], b[:same])
}

// compare tells what the opened file is to f, which begins as it does.
func (g *Group) compare(f *File, c *found, file *os.File) copyVerdict {
	if !c.followed && f.content != nil && f.packed == nil && sameBefore(file, f.content, c.size, c.size) {
		return isCopy // of all or a part so far; what it holds is read from the original while that is there
	}
	if f.offset > 0 && c.size >= f.offset {
		if sameBefore(file, bytes.NewReader(f.window), f.offset, int64(len(f.window))) {
			return isCopy
		}
		return isNew
	}
	switch {
	case !g.settled(c):
		return undecided
	case f.orphaned && f.offset > 0 && !c.followed:
		return isPart
	}
	return isNew
}

// sameBefore compares the bytes of file before the offset with those of the other one before its offset at.
func sameBefore(file *os.File, other io.ReaderAt, offset, at int64) bool {
	size := min(windowSize, offset, at)
	a, b := make([]byte, size), make([]byte, size)
	n, _ := file.ReadAt(a, offset-size)
	m, _ := other.ReadAt(b, at-size)
	return n == len(a) && m == len(b) && bytes.Equal(a, b)
}

// sight is since when a file has been there, and has looked as it does.
type sight struct {
	stat
	first, since time.Time
}

// settled tells whether the file's content has not changed for a while, whatever it was renamed to. The age of its times
// does not tell: the clock of a file server may be another than ours, and ours may jump.
func (g *Group) settled(c *found) bool {
	s, ok := g.sights[c.at]
	if is := (stat{c.size, c.changed}); !ok || s.stat != is {
		now := time.Now()
		if !ok {
			s.first = now
		}
		s.since, s.stat = now, is
		g.sights[c.at] = s
	}
	return time.Since(s.since) >= g.pace.settled
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

// partOfLost tells whether the opened file holds less than was read of content that was truncated away while nobody
// followed it: the writer went on while the copy was made. As with archives, the whole first kilobyte decides.
func (g *Group) partOfLost(c *found, file *os.File) bool {
	for _, m := range g.ledger.marks {
		if m.Ino != 0 || c.size >= m.Offset || m.HeadLen < headSize {
			continue
		}
		if print, ok := fingerprint(file, m.HeadLen); ok && print == m.Head {
			return true
		}
	}
	return false
}
