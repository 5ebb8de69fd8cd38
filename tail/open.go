package tail

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// canSleep tells whether f stands at its end at a followed path, so that a scan sees all that can happen to it.
func (f *File) canSleep() bool {
	there := f.content != nil && f.packed == nil && f.atEnd || f.shut
	return there && f.idle && f.goneAt.IsZero() && f.rotatedAt.IsZero()
}

// wake looks at what a scan found of f: a file that sleeps or was closed is read again when it changed.
func (g *Group) wake(f *File, c *found, now time.Time) {
	var s stat
	if c != nil {
		s = stat{c.size, c.changed}
	}
	same := s == f.stat && c != nil
	f.stat = s
	if f.asleep {
		f.asleep = same && f.rotatedAt.IsZero()
		if f.asleep {
			f.caughtUp = now
		}
	}
	if !f.shut || c == nil {
		return
	}
	partial := f.size > f.offset && !f.rotatedAt.IsZero() // the rest of a line that nobody completes
	if same && c.size == f.size && !partial {
		f.caughtUp = now
		return
	}
	if err := g.reopen(f, c); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.note(c.path, err)
	}
}

// reopen opens a file that was closed for a while.
func (g *Group) reopen(f *File, c *found) error {
	if !g.makeRoom() {
		f.stat = stat{} // try again with the next scan
		return nil
	}
	file, err := os.Open(c.path)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil || inodeOf(info) != f.at || born(file) != f.born {
		f.stat = stat{}
		return errors.Join(err, file.Close()) // renamed just now; the next scan knows more
	}
	f.content, f.shut, f.asleep, f.openedAt, f.due = file, false, false, time.Now(), time.Time{}
	return nil
}

// makeRoom closes a file when as many are open as may be: the one that has been quiet for longest, or else the one
// that has had its turn. It tells whether another one may be opened.
func (g *Group) makeRoom() bool {
	open := 0
	var quiet, busy *File
	for _, f := range g.files {
		if f.content == nil {
			continue
		}
		open++
		switch {
		case f.packed != nil || f.id == 0 && f.size > 0 || !f.goneAt.IsZero() || !f.rotatedAt.IsZero():
			// Only the open descriptor is sure to reach its rest.
		case f.atEnd && (quiet == nil || f.lastRead.Before(quiet.lastRead)):
			quiet = f
		case !f.atEnd && time.Since(f.openedAt) >= g.pace.turn && (busy == nil || f.openedAt.Before(busy.openedAt)):
			busy = f
		}
	}
	if open < g.cfg.MaxOpen {
		return true
	}
	victim := quiet
	if victim == nil {
		victim = busy
	}
	if victim == nil {
		g.waiting, g.crowded = true, true
		return false
	}
	g.metrics.closed.Inc()
	victim.closeContent()
	victim.shut, victim.asleep = true, false
	if !victim.atEnd {
		victim.stat = stat{} // has more to read
	}
	return true
}

// forgetGone drops what is known of copies and compressed files that are gone.
func (g *Group) forgetGone(here map[inode]*found) {
	for at := range g.archives {
		if here[at] == nil {
			delete(g.archives, at)
		}
	}
	for at := range g.sights {
		if here[at] == nil {
			delete(g.sights, at)
		}
	}
}
