package posture

import (
	"io/fs"
	"syscall"
	"time"
)

// ownership returns who owns a file, its number on its file system, and when the kernel last saw it change.
func ownership(info fs.FileInfo) (uid, gid uint32, inode uint64, changed time.Time) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0, time.Time{}
	}
	return st.Uid, st.Gid, st.Ino, time.Unix(st.Ctim.Unix()).UTC()
}
