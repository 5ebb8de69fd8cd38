package tail

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// born returns the time at which the file was created in nanoseconds, or 0 where the file system does not keep it.
func born(f *os.File) uint64 {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return uint64(st.Btime.Sec)*1e9 + uint64(st.Btime.Nsec)
}

// statusChange returns when the file's content, name or owner changed last, in seconds and nanoseconds.
func statusChange(st *syscall.Stat_t) (sec, nsec int64) { return st.Ctim.Unix() }
