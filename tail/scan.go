package tail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cespare/xxhash/v2"
)

// scan looks at the folders: opens what is new, notes renames and deletions, forgets what is long gone.
func (g *Group) scan(ctx context.Context, handle Handler) error {
	all := g.list()
	here := make(map[inode]*found, len(all))
	for i := range all {
		here[all[i].at] = &all[i]
	}
	now := time.Now()
	g.waiting, g.crowded, g.rotating = false, false, false
	open := make(map[inode]bool, len(g.files))
	for _, f := range g.files {
		at := f.at
		if f.packed != nil {
			at = f.packedAt
			open[at] = true
		}
		if !f.orphaned && !f.whole {
			open[f.at] = true
			f.moved(here[at], now)
			g.wake(f, here[at], now)
		}
	}
	for _, c := range g.knownFirst(all) {
		if open[c.at] {
			continue
		}
		if g.ledger.first && !c.followed {
			g.ledger.elder[c.at] = true
		}
		meet := g.meet
		if c.packed {
			meet = g.meetArchive
		}
		if err := meet(c); err != nil && !errors.Is(err, fs.ErrNotExist) {
			g.note(c.path, err)
		}
	}
	g.forgetGone(here)
	g.ledger.first = false
	return g.forget(ctx, here, now, handle)
}

// knownFirst puts the files with a mark before the others: they tell which contents were truncated away, and then one of
// the others is found to be the copy.
func (g *Group) knownFirst(all []found) []*found {
	known, others := make([]*found, 0, len(all)), []*found(nil)
	for i := range all {
		if g.ledger.at(all[i].at) != nil {
			known = append(known, &all[i])
		} else {
			others = append(others, &all[i])
		}
	}
	return append(known, others...)
}

// moved notes where the file is now; c is nil when it is nowhere.
func (f *File) moved(c *found, now time.Time) {
	if c == nil {
		if f.goneAt.IsZero() {
			f.goneAt = now
		}
		return
	}
	f.goneAt = time.Time{}
	f.Path, f.known = c.path, max(f.known, c.size)
	switch {
	case c.followed:
		f.rotatedAt = time.Time{}
	case f.rotatedAt.IsZero():
		f.rotatedAt = now
	}
}

// meet decides what a file that is not open is to us, and opens it when it has something to read.
func (g *Group) meet(c *found) error {
	known := g.ledger.at(c.at)
	if known != nil && !c.followed && c.size == known.Offset {
		return nil // rotated and read to its end
	}
	if !g.makeRoom() {
		return nil
	}
	file, err := g.openFound(c)
	if err != nil {
		return err
	}
	f, err := g.recognise(c, known, file)
	if f == nil {
		file.Close()
		return err
	}
	if !c.followed {
		f.rotatedAt = time.Now()
	}
	f.moved(c, time.Now())
	return nil
}

// openFound opens a file that was found, unless its name has been given to another one since.
func (g *Group) openFound(c *found) (*os.File, error) {
	file, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && inodeOf(info) != c.at {
		err = errMoved
		g.rotating = true
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// errMoved counts as if the file were not there: the next scan finds out where it is.
var errMoved = fmt.Errorf("renamed while looking: %w", fs.ErrNotExist)

// recognise returns the File that reads the opened file, or nil when it is not to be read (now).
func (g *Group) recognise(c *found, known *mark, file *os.File) (*File, error) {
	for known != nil && known.Born != 0 && known.Born != born(file) {
		known.inode = inode{} // the inode was given to another file
		known = g.ledger.at(c.at)
	}
	var gen uint32
	if known != nil {
		if known.in(file, c.size) {
			return g.resume(c, known, file)
		}
		gen = g.truncatedWhileAway(c, known)
		if c.followed {
			return g.begin(c, file, gen)
		}
	}
	switch f, verdict := g.copyOf(c, file); {
	case verdict == isCopy && f.orphaned:
		g.adopt(f, c, file)
		return f, nil
	case verdict == isPart:
		return g.beginAfter(c, file, gen)
	case verdict != isNew:
		return nil, nil
	}
	if m := g.lostContent(c, file); m != nil {
		delete(g.ledger.marks, m.ID)
		g.metrics.adopted.Inc()
		m.inode = c.at
		return g.resume(c, m, file)
	}
	if !c.followed && g.partOfLost(c, file) {
		if !g.settled(c) {
			return nil, nil // it may become a copy of all
		}
		return g.beginAfter(c, file, gen)
	}
	return g.begin(c, file, gen)
}

// open adds a file to those that are read. Its first bytes are there at once, for its copies to be recognised.
func (g *Group) open(f *File) *File {
	if f.packed == nil {
		if err := f.readHead(); err != nil {
			g.note(f.Path, err)
		}
	}
	f.lastRead = time.Now()
	f.caughtUp, f.openedAt = f.lastRead, f.lastRead
	g.files = append(g.files, f)
	return f
}

func (g *Group) newFile(c *found, file *os.File) *File {
	f := &File{
		Path: c.path, host: g.cfg.Host, origin: c.path, at: c.at, born: born(file), content: file, known: c.size,
		stat: stat{c.size, c.changed},
	}
	if c.link != "" {
		f.origin, f.real = c.link, c.path
	} else if real, err := filepath.EvalSymlinks(c.path); err == nil && real != c.path && c.followed {
		f.real = real
	}
	return f
}

// begin reads content that was never seen; gen counts the truncations of its file before. A rotated file from before our
// time counts as read to its end.
func (g *Group) begin(c *found, file *os.File, gen uint32) (*File, error) {
	skip := g.ledger.first && g.cfg.FromEnd
	if !c.followed {
		skip = gen == 0 && g.ledger.past(c, born(file))
	}
	if skip && c.size > 0 {
		return g.beginAfter(c, file, gen)
	}
	f := g.newFile(c, file)
	f.gen = gen
	return g.open(f), nil
}

// beginAfter takes what a file holds as read, so that it is known from then on, whatever it is renamed to and whatever
// its times say.
func (g *Group) beginAfter(c *found, file *os.File, gen uint32) (*File, error) {
	f := g.newFile(c, file)
	f.gen = gen
	if err := f.readHead(); err != nil {
		return nil, err
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, c.size-1); err != nil {
		return nil, err
	}
	f.advanceTo(c.size)
	f.skipping = last[0] != '\n'
	f.needsMark = true
	return g.open(f), nil
}

// advanceTo moves the position of a file just opened to offset.
func (f *File) advanceTo(offset int64) {
	w := make([]byte, min(windowSize, offset))
	n, err := f.content.ReadAt(w, offset-int64(len(w)))
	if err != nil && !errors.Is(err, io.EOF) || n < len(w) {
		w = nil // nothing to compare with; the next read fills it
	}
	f.offset, f.window = offset, w
	f.size = offset
	if f.id == 0 {
		f.identify()
	}
}

// resume goes on where the mark stands.
func (g *Group) resume(c *found, m *mark, file *os.File) (*File, error) {
	delete(g.ledger.marks, m.ID)
	f := g.newFile(c, file)
	if f.real == "" && !c.followed {
		f.real = m.Real
	}
	f.packedAt, f.packedSize = m.Copy, m.CopySize
	f.Note = m.Note
	f.origin, f.id, f.gen = m.Origin, m.ID, m.Gen
	if err := f.readHead(); err != nil {
		g.ledger.marks[m.ID] = m
		return nil, err
	}
	f.advanceTo(m.Offset)
	f.skipping = m.Skip
	return g.open(f), nil
}

// truncatedWhileAway notes that the file at the mark's inode has other content by now, and returns the count of its
// truncations. The mark stays in the ledger for a copy to claim.
func (g *Group) truncatedWhileAway(c *found, m *mark) uint32 {
	g.metrics.truncations.Inc()
	g.log.Info("file was truncated or replaced while nobody followed it", "path", c.path, "read_to", m.Offset)
	m.inode = inode{}
	return m.Gen + 1
}

// in tells whether the opened file of that size holds what was read to the mark.
func (m *mark) in(file *os.File, size int64) bool {
	if print, ok := fingerprint(file, m.HeadLen); !ok || print != m.Head || size < max(m.Offset, m.Read) {
		return false
	}
	window := make([]byte, min(m.WindowLen, windowSize))
	n, _ := file.ReadAt(window, m.Read-int64(len(window)))
	return n == len(window) && (n == 0 || xxhash.Sum64(window) == m.Window)
}

// forget drops the marks of files that have not been found for a while.
func (g *Group) forget(ctx context.Context, here map[inode]*found, now time.Time, handle Handler) error {
	var keys []string
	for id, m := range g.ledger.marks {
		switch {
		case here[m.inode] != nil || here[m.Copy] != nil:
			m.missing = time.Time{}
		case m.missing.IsZero():
			m.missing = now
		case g.waiting && now.Sub(m.missing) < 6*g.pace.forget: // a compressed file that waits its turn may hold it
		case now.Sub(m.missing) >= g.pace.forget:
			g.lost(m.Path, m.Size-m.Offset)
			delete(g.ledger.marks, id)
			keys = append(keys, (&File{id: id}).key())
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return handle(ctx, Batch{Forget: keys})
}
