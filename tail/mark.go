package tail

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/cespare/xxhash/v2"
)

// mark is a file's position as it is committed with the lines before it.
type mark struct {
	Path   string `json:"path"`
	Origin string `json:"origin"`
	ID     uint64 `json:"id"`
	inode
	Born    uint64 `json:"born,omitempty"`
	Gen     uint32 `json:"gen,omitempty"`
	HeadLen int    `json:"head_len"`
	Head    uint64 `json:"head"`
	Offset  int64  `json:"offset"`
	Skip    bool   `json:"skip,omitempty"`
	Seen    int64  `json:"seen"` // Unix nanoseconds of the last read

	// missing is since when no file has been found for the mark; zero while there is one.
	missing time.Time
}

// Mark returns the key and value to commit with everything before offset, which is at most Next.
func (f *File) Mark(offset int64) (key string, value []byte) {
	m := f.mark()
	m.Offset = offset
	m.Skip = f.skipping && offset == f.offset
	value, err := json.Marshal(m)
	if err != nil {
		panic(err) // a struct of numbers and strings
	}
	return f.key(), value
}

func (f *File) key() string { return fmt.Sprintf("tail/%016x", f.id) }

func (f *File) mark() mark {
	return mark{
		Path: f.Path, Origin: f.origin, ID: f.id, inode: f.at, Born: f.born, Gen: f.gen,
		HeadLen: len(f.head), Head: xxhash.Sum64(f.head), Offset: f.offset, Skip: f.skipping, Seen: f.lastRead.UnixNano(),
	}
}

// clockSlack is how far the time stamps of files may be behind the clock.
const clockSlack = 20 * time.Millisecond

// ledger holds the marks of files that are not open: read to their end and rotated, or not looked at yet.
type ledger struct {
	marks map[uint64]*mark
	// since is when the group looked at its folders last. Rotated files that are older and not in the ledger are
	// none of ours.
	since time.Time
	// first says that the group never ran before.
	first bool
}

// readLedger takes the marks that belong to the files of globs.
func readLedger(marks map[string][]byte, globs []string, log *slog.Logger) *ledger {
	l := &ledger{marks: map[uint64]*mark{}, first: true, since: time.Now().Add(-clockSlack)}
	var last int64
	for key, value := range marks {
		m := &mark{}
		if err := json.Unmarshal(value, m); err != nil {
			log.Error("cannot read the position of a file, it is read from the beginning", "mark", key, "err", err)
			continue
		}
		if !ours(m.Origin, globs) {
			continue
		}
		l.first = false
		l.marks[m.ID] = m
		last = max(last, m.Seen)
	}
	if !l.first {
		l.since = time.Unix(0, last).Add(-clockSlack)
	}
	return l
}

func ours(path string, globs []string) bool {
	for _, glob := range globs {
		for _, g := range []string{glob, glob + siblings} {
			if ok, _ := filepath.Match(g, path); ok {
				return true
			}
		}
	}
	return false
}

// put keeps the mark of a file that is closed now.
func (l *ledger) put(f *File) {
	if f.id != 0 {
		m := f.mark()
		l.marks[f.id] = &m
	}
}

// at returns the newest mark for the inode, or nil.
func (l *ledger) at(i inode) *mark {
	var newest *mark
	for _, m := range l.marks {
		if m.Dev == i.Dev && m.Ino == i.Ino && (newest == nil || m.Gen > newest.Gen) {
			newest = m
		}
	}
	return newest
}
