package journal

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"gatewatch/internal/atomicfile"
)

// disk is what the journal changes on the file system. Tests put a faulty one in its place.
type disk interface {
	// open opens a segment file to write. With create it makes the file, which must not be there yet.
	open(path string, create bool) (file, error)
	remove(path string) error
	rename(from, to string) error
	syncDir(path string) error
}

// file is a segment that is being written.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// realDisk is the file system of the host.
type realDisk struct{}

func (realDisk) open(path string, create bool) (file, error) {
	flag := os.O_RDWR
	if create {
		flag |= os.O_CREATE | os.O_EXCL
	}
	return os.OpenFile(path, flag, 0o600)
}

func (realDisk) remove(path string) error     { return os.Remove(path) }
func (realDisk) rename(from, to string) error { return os.Rename(from, to) }
func (realDisk) syncDir(path string) error    { return atomicfile.SyncDir(path) }

// isFull tells whether err says that there is no room.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, io.ErrShortWrite)
}
