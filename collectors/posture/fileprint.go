package posture

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// fileprint is what is remembered of a watched file. Nothing of its content is.
type fileprint struct {
	// Hash is the SHA-256 of the content, in hexadecimal digits; "" when it cannot be read.
	Hash string `json:"hash,omitempty"`
	// Logins is that of a file of accounts without those of the system that let nobody log in; "" of any other.
	Logins string `json:"logins,omitempty"`
	Size   int64  `json:"size"`
	// Mode has the permissions and the bits for set-uid and set-gid.
	Mode fs.FileMode `json:"mode"`
	UID  uint32      `json:"uid"`
	GID  uint32      `json:"gid"`
	// Modified can be set by whoever owns the file, Changed by nobody but the kernel. Changed is zero away from Linux.
	Modified time.Time `json:"modified"`
	Changed  time.Time `json:"changed"`
	Inode    uint64    `json:"inode"`
	// Link is where a symbolic link leads; the rest is about what is there, or about the link when that is no file.
	Link string `json:"link,omitempty"`
}

// The bounds of reading watched files.
const (
	// maxHashedFile is the largest file that is read. Of a larger one size, time, owner and mode are watched.
	maxHashedFile = 512 << 20
	// maxHashedBytes is read in one collection; what is beyond is left for the next. Files of smallFile are read
	// whatever else is: one that is large and changes all the time must not hide those that decide who may log in.
	maxHashedBytes = 256 << 20
	smallFile      = 256 << 10
	hashPiece      = 1 << 20
	// maxLink is how much of where a link leads is kept as it is.
	maxLink = 512
)

var (
	errNotRegular = errors.New("is no regular file")
	errUnsettled  = errors.New("changes while it is read")
)

// look returns the fileprint of the file at path without its hash. A link that leads to no file is one itself: a masked unit
// leads to /dev/null.
func look(root, path string) (fileprint, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return fileprint{}, err
	}
	var f fileprint
	if info.Mode()&fs.ModeSymlink != 0 {
		if f.Link, err = os.Readlink(path); err != nil {
			return fileprint{}, err
		}
		target, err := os.Stat(leads(root, path, f.Link))
		switch {
		case err == nil && target.Mode().IsRegular():
			info = target
		case err != nil && !leadsNowhere(err):
			return fileprint{}, err
		}
		f.Link = shortLink(f.Link)
	} else if !info.Mode().IsRegular() {
		return fileprint{}, errNotRegular
	}
	f.Size, f.Mode, f.Modified = info.Size(), info.Mode(), info.ModTime().UTC()
	f.UID, f.GID, f.Inode, f.Changed = ownership(info)
	return f, nil
}

// leads returns where to read what is at path: an absolute link of a host that is seen below root leads below root.
func leads(root, path, link string) string {
	if root == "/" || !filepath.IsAbs(link) {
		return path
	}
	return filepath.Join(root, link)
}

// leadsNowhere tells whether an error says that a link leads to nothing that may be looked at, and not that looking failed.
func leadsNowhere(err error) bool {
	for _, one := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.ELOOP, syscall.ENOTDIR, syscall.ENAMETOOLONG} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// shortLink returns where a link leads, or the hash of that when it is so long that somebody wants it to fill what is kept.
func shortLink(link string) string {
	if len(link) <= maxLink {
		return link
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(link)))
}

// onlyLink tells whether it is that of a link that leads to no file.
func (f fileprint) onlyLink() bool { return f.Mode&fs.ModeSymlink != 0 }

// sameOutside tells whether two fileprints differ in nothing that can be seen without reading.
func (f fileprint) sameOutside(other fileprint) bool {
	return f.Size == other.Size && f.Mode == other.Mode && f.UID == other.UID && f.GID == other.GID && f.Inode == other.Inode &&
		f.Link == other.Link && f.Modified.Equal(other.Modified) && f.Changed.Equal(other.Changed)
}

// hashed returns f with the hash of the file at path, of which it is the outside. A file that may not be read stays
// without one. isSystem is what systemLines returned for it.
func (f fileprint) hashed(root, path string, isSystem func(fields []string) bool, stopped func() error) (fileprint, error) {
	if f.Size > maxHashedFile || f.onlyLink() {
		return f, nil
	}
	at := leads(root, path, f.Link)
	// Whoever owns the folder may have put a pipe in its place meanwhile, and opening that would wait for a writer for ever.
	file, err := os.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return f, errors.Join(errUnsettled, err)
	}
	sum := sha256.New()
	for {
		n, err := io.CopyN(sum, file, hashPiece)
		if errors.Is(err, io.EOF) && n < hashPiece {
			break
		}
		if err != nil {
			return f, err
		}
		if err := stopped(); err != nil {
			return f, err
		}
	}
	var logins string
	if isSystem != nil {
		if _, err = file.Seek(0, io.SeekStart); err == nil {
			logins, err = hashLogins(file, isSystem)
		}
		if err != nil {
			return f, err
		}
	}
	after, err := look(root, path)
	if err != nil {
		return f, err
	}
	if !after.sameOutside(f) {
		return f, errUnsettled
	}
	f.Hash, f.Logins = hex.EncodeToString(sum.Sum(nil)), logins
	return f, nil
}

// difference says in one word what is other in now: content, system_accounts, owner or mode; "" when nothing is that
// matters.
func (f fileprint) difference(now fileprint) string {
	content := f.Hash != now.Hash
	if f.Hash == "" || now.Hash == "" { // one of them could not be read
		content = f.Size != now.Size || !f.Modified.Equal(now.Modified)
	}
	if f.onlyLink() && now.onlyLink() {
		content = false // made anew, it leads where it led
	}
	sameRights := f.UID == now.UID && f.GID == now.GID && f.Mode == now.Mode && f.Link == now.Link
	switch {
	case content && sameRights && f.Logins != "" && f.Logins == now.Logins:
		return systemAccounts
	case content || f.Link != now.Link:
		return "content"
	case f.UID != now.UID || f.GID != now.GID:
		return "owner"
	case f.Mode != now.Mode:
		return "mode"
	}
	return ""
}
