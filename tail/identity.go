package tail

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/cespare/xxhash/v2"
)

// headSize is how many of a file's first bytes are its fingerprint.
const headSize = 1024

// inode is where a file's content lives. It survives a rename and is given to another file after a deletion.
type inode struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

func inodeOf(info fs.FileInfo) inode {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}
	}
	return inode{uint64(st.Dev), st.Ino}
}

// touched returns when the file's content, name or owner changed last.
func touched(info fs.FileInfo) time.Time {
	at := info.ModTime()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if changed := time.Unix(statusChange(st)); changed.After(at) {
			return changed
		}
	}
	return at
}

// identify gives the file its identity: a hash of the host, the inode with the time of its creation, how often the
// file was truncated, and its first line. Files that begin alike differ in the inode, files that follow each other on
// one inode in the time of creation or in the count of truncations. It is made anew to the same value when the marks
// are lost, so that lines read again are recognised by their document ids.
func (f *File) identify() {
	first := f.head
	if end := bytes.IndexByte(first, '\n'); end >= 0 {
		first = first[:end]
	}
	var b []byte
	b = append(b, f.host...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint64(b, f.at.Dev)
	b = binary.BigEndian.AppendUint64(b, f.at.Ino)
	b = binary.BigEndian.AppendUint64(b, f.born)
	b = binary.BigEndian.AppendUint32(b, f.gen)
	b = append(b, first...)
	f.id = xxhash.Sum64(b) | 1 // 0 means none
}

// fingerprint returns the hash of the first n bytes of the file, or false when it is shorter.
func fingerprint(file *os.File, n int) (uint64, bool) {
	head := make([]byte, n)
	if got, _ := file.ReadAt(head, 0); got < n {
		return 0, false
	}
	return xxhash.Sum64(head), true
}
