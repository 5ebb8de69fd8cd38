package tail

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// mark is a file's position as it is committed with the lines before it.
type mark struct {
	Path   string `json:"path"`
	Origin string `json:"origin"`
	// Real is where Path leads when it is a symbolic link.
	Real string `json:"real,omitempty"`
	ID   uint64 `json:"id"`
	inode
	Born    uint64 `json:"born,omitempty"`
	Gen     uint32 `json:"gen,omitempty"`
	HeadLen int    `json:"head_len"`
	Head    uint64 `json:"head"`
	Offset  int64  `json:"offset"`
	Skip    bool   `json:"skip,omitempty"`
	Note    string `json:"note,omitempty"`
	Seen    int64  `json:"seen"` // Unix nanoseconds of the last read
	// Read is how far the file had been read, at or after Offset; Window is the hash of the WindowLen bytes before.
	Read      int64  `json:"read,omitempty"`
	Window    uint64 `json:"window,omitempty"`
	WindowLen int    `json:"window_len,omitempty"`
	// Size is how large the file was known to be.
	Size int64 `json:"size,omitempty"`
	// Copy is the compressed file that holds the same text, CopySize its size. Whole says that it is read to its end.
	Copy     inode `json:"copy,omitzero"`
	CopySize int64 `json:"copy_size,omitempty"`
	Whole    bool  `json:"whole,omitempty"`

	// missing is since when no file has been found for the mark; zero while there is one.
	missing time.Time
}

// Mark returns the key and value to commit with everything before offset, which is at most Next.
func (f *File) Mark(offset int64) (key string, value []byte) {
	m := f.mark()
	m.Offset = offset
	m.Skip = f.skipping && offset == f.offset
	m.Whole = m.Whole && offset == f.offset
	value, err := json.Marshal(m)
	if err != nil {
		panic(err) // a struct of numbers and strings
	}
	return f.key(), value
}

func (f *File) key() string { return fmt.Sprintf("tail/%016x", f.id) }

func (f *File) mark() mark {
	m := mark{
		Path: f.Path, Origin: f.origin, Real: f.real, ID: f.id, inode: f.at, Born: f.born, Gen: f.gen,
		HeadLen: len(f.head), Head: xxhash.Sum64(f.head), Offset: f.offset, Skip: f.skipping, Seen: f.lastRead.UnixNano(),
		Read: f.offset, Window: xxhash.Sum64(f.window), WindowLen: len(f.window), Size: max(f.known, f.offset),
	}
	if f.resumed != nil && !f.arrived { // nothing of it was read
		m = *f.resumed
	}
	m.Note = f.Note
	m.Copy, m.CopySize, m.Whole = f.packedAt, f.packedSize, f.whole
	return m
}

// file returns a File that stands where the mark does and has nothing to read from.
func (m *mark) file(host string) *File {
	return &File{
		Path: m.Path, Note: m.Note, host: host, origin: m.Origin, real: m.Real, id: m.ID, at: m.inode, born: m.Born, gen: m.Gen, offset: m.Offset,
		size: m.Offset, known: m.Size, skipping: m.Skip, resumed: m, lastRead: time.Unix(0, m.Seen),
	}
}

// clockSlack is how far the time stamps of files may be behind the clock.
const clockSlack = 20 * time.Millisecond

// lookSlack is how long before the last line that was read a file may have come without having been looked at: it was
// compressed at once and had to settle, or waited its turn.
const lookSlack = time.Minute

// ledger holds the marks of files that are not open: read to their end and rotated, or not looked at yet.
type ledger struct {
	marks map[uint64]*mark
	// since is when the group looked at its folders last. Rotated files from before it that are not in the ledger are
	// passed over.
	since time.Time
	// first says that the group never ran before; looked that this is committed to be over.
	first, looked bool
	// elder holds the files that were there when the group looked for the very first time.
	elder map[inode]bool
}

// past tells whether a rotated file that nothing is known of is from before our time: written and created before it.
// One of the two is not enough: whoever copies or restores a file can set the one, and compressing one renews the other.
func (l *ledger) past(c *found, born uint64) bool {
	elder := l.elder[c.at]
	delete(l.elder, c.at) // decided now, and the inode may be another file's one day
	return elder || c.changed.Before(l.since) && time.Unix(0, int64(born)).Before(l.since)
}

// readLedger takes the marks that belong to the files of globs.
func readLedger(marks map[string][]byte, globs []string, log *slog.Logger) *ledger {
	l := &ledger{marks: map[uint64]*mark{}, elder: map[inode]bool{}, first: true, since: time.Now().Add(-clockSlack)}
	var last int64
	if at, err := strconv.ParseInt(string(marks[lookedKey(globs)]), 10, 64); err == nil {
		l.first, l.looked, last = false, true, at
	}
	for key, value := range marks {
		if strings.HasPrefix(key, lookedPrefix) {
			continue
		}
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
		l.since = time.Unix(0, last).Add(-lookSlack)
	}
	if l.since.After(time.Now()) {
		l.since = time.Time{} // the clock went back: better old lines than lost ones
	}
	for _, m := range l.marks {
		if newest := l.at(m.inode); newest != nil && newest.Gen > m.Gen {
			m.inode = inode{} // truncated away; a copy may hold the rest
		}
	}
	return l
}

const lookedPrefix = "looked/"

// lookedKey is the key under which it is kept when a group of these globs looked first.
func lookedKey(globs []string) string {
	return fmt.Sprintf("%s%016x", lookedPrefix, xxhash.Sum64String(strings.Join(globs, "\n")))
}

func ours(path string, globs []string) bool {
	for _, glob := range globs {
		for _, g := range append(siblingsOf(glob), glob) {
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
		if m.inode == i && i.Ino != 0 && (newest == nil || m.Gen > newest.Gen || m.Gen == newest.Gen && m.Seen > newest.Seen) {
			newest = m
		}
	}
	return newest
}

// archived returns the mark whose text the compressed file at i holds, or nil.
func (l *ledger) archived(i inode) *mark {
	for _, m := range l.marks {
		if m.Copy == i {
			return m
		}
	}
	return nil
}
