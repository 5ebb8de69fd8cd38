package tail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// siblings is what is appended to a glob to find the rotated files beside those it matches.
const siblings = "?*"

// found is a file in a followed folder.
type found struct {
	path    string
	at      inode
	size    int64
	changed time.Time
	// followed says that the path itself matches a glob; otherwise it is a rotated sibling of one that does.
	followed bool
}

// scan looks at the folders: opens what is new, notes renames and deletions, forgets what is long gone.
func (g *Group) scan(ctx context.Context, handle Handler) error {
	all := g.list()
	here := make(map[inode]*found, len(all))
	for i := range all {
		here[all[i].at] = &all[i]
	}
	now := time.Now()
	open := make(map[inode]bool, len(g.files))
	for _, f := range g.files {
		if !f.orphan() {
			open[f.at] = true
			f.moved(here[f.at], now)
		}
	}
	for i := range all {
		if c := &all[i]; !open[c.at] {
			if err := g.meet(c); err != nil && !errors.Is(err, fs.ErrNotExist) {
				g.note(c.path, err)
			}
		}
	}
	g.ledger.first = false
	return g.forget(ctx, here, now, handle)
}

// list returns the regular files that match the globs, and their siblings, each once.
func (g *Group) list() []found {
	var all []found
	seen := map[inode]bool{}
	for _, suffix := range []string{"", siblings} {
		for _, glob := range g.cfg.Globs {
			paths, _ := filepath.Glob(glob + suffix) // checked by New
			for _, path := range paths {
				info, err := os.Stat(path)
				if err != nil {
					if suffix == "" && !errors.Is(err, fs.ErrNotExist) {
						g.note(path, err)
					}
					continue
				}
				at := inodeOf(info)
				if seen[at] || !g.readable(path, info, suffix == "") {
					continue
				}
				seen[at] = true
				all = append(all, found{path, at, info.Size(), info.ModTime(), suffix == ""})
			}
		}
	}
	return all
}

var errNotRegular = errors.New("is not a regular file, only those can be followed")

func (g *Group) readable(path string, info fs.FileInfo, followed bool) bool {
	if !info.Mode().IsRegular() {
		if followed {
			g.note(path, errNotRegular)
		}
		return false
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip":
		return false
	}
	return true
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
	f.Path = c.path
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
	if known == nil && !c.followed && c.changed.Before(g.ledger.since) {
		return nil // rotated before our time
	}
	file, err := os.Open(c.path)
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

// recognise returns the File that reads the opened file, or nil when it is not to be read (now).
func (g *Group) recognise(c *found, known *mark, file *os.File) (*File, error) {
	if known != nil && known.Born != 0 && known.Born != born(file) {
		known.inode, known = inode{}, nil // the inode was given to another file
	}
	if known != nil {
		if print, ok := fingerprint(file, known.HeadLen); ok && print == known.Head && c.size >= known.Offset {
			return g.resume(c, known, file)
		}
		if c.followed {
			return g.truncatedWhileAway(c, known, file), nil
		}
		if c.changed.Before(g.ledger.since) {
			return nil, nil
		}
	}
	switch f, verdict := g.copyOf(c, file); {
	case verdict == isCopy && f.orphan():
		g.adopt(f, c, file)
		return f, nil
	case verdict != isNew:
		return nil, nil
	}
	if m := g.lostContent(c, file); m != nil {
		delete(g.ledger.marks, m.ID)
		g.metrics.adopted.Inc()
		m.inode = c.at
		return g.resume(c, m, file)
	}
	return g.begin(c, file)
}

// open adds a file to those that are read.
func (g *Group) open(f *File) *File {
	f.lastRead = time.Now()
	f.caughtUp = f.lastRead
	g.files = append(g.files, f)
	return f
}

func (g *Group) newFile(c *found, file *os.File) *File {
	return &File{Path: c.path, host: g.cfg.Host, origin: c.path, at: c.at, born: born(file), file: file}
}

// begin reads a file that was never seen.
func (g *Group) begin(c *found, file *os.File) (*File, error) {
	f := g.newFile(c, file)
	if g.ledger.first && g.cfg.FromEnd && c.size > 0 {
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
	}
	return g.open(f), nil
}

// advanceTo moves the position of a file just opened to offset.
func (f *File) advanceTo(offset int64) {
	w := make([]byte, min(windowSize, offset))
	n, err := f.file.ReadAt(w, offset-int64(len(w)))
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
	f.origin, f.id, f.gen = m.Origin, m.ID, m.Gen
	if err := f.readHead(); err != nil {
		g.ledger.marks[m.ID] = m
		return nil, err
	}
	f.advanceTo(m.Offset)
	f.skipping = m.Skip
	return g.open(f), nil
}

// truncatedWhileAway reads a file anew whose content is not what was read before we stopped. The mark stays in the
// ledger for a copy to claim.
func (g *Group) truncatedWhileAway(c *found, m *mark, file *os.File) *File {
	g.metrics.truncations.Inc()
	g.log.Info("file was truncated or replaced while nobody followed it", "path", c.path, "read_to", m.Offset)
	m.inode = inode{}
	f := g.newFile(c, file)
	f.gen = m.Gen + 1
	return g.open(f)
}

// adopt lets an orphan go on in the copy that holds its content.
func (g *Group) adopt(f *File, c *found, file *os.File) {
	g.metrics.adopted.Inc()
	g.log.Info("reading the rest of a truncated file from its copy", "copy", c.path, "from", f.offset)
	f.file, f.at, f.born, f.Path, f.needsMark = file, c.at, born(file), c.path, true
	f.lastRead = time.Now()
}

type copyVerdict int

const (
	isNew     copyVerdict = iota // nothing like it is followed
	isCopy                       // it holds what was read from another file
	undecided                    // it begins like a followed file and may still be growing into a copy of it
)

// settled is how long a file that begins like another one must be unchanged to count as complete.
const settled = 3 * time.Second

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
			if f.orphan() != orphans || same == 0 || !bytes.Equal(head[:same], f.head[:same]) {
				continue
			}
			if c.size >= f.offset {
				window := make([]byte, len(f.window))
				n, _ := file.ReadAt(window, f.offset-int64(len(window)))
				if f.offset > 0 && n == len(window) && bytes.Equal(window, f.window) {
					return f, isCopy
				}
				continue
			}
			if time.Since(c.changed) < settled {
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

// forget drops the marks of files that have not been found for a while.
func (g *Group) forget(ctx context.Context, here map[inode]*found, now time.Time, handle Handler) error {
	var keys []string
	for id, m := range g.ledger.marks {
		switch {
		case here[m.inode] != nil:
			m.missing = time.Time{}
		case m.missing.IsZero():
			m.missing = now
		case now.Sub(m.missing) >= forgetAfter:
			delete(g.ledger.marks, id)
			keys = append(keys, (&File{id: id}).key())
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return handle(ctx, Batch{Forget: keys})
}
