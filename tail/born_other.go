//go:build !linux

package tail

import (
	"os"
	"syscall"
)

// born returns 0: the time of creation is not known here.
func born(*os.File) uint64 { return 0 }

// statusChange returns 0: the time of the last change of the name is not known here.
func statusChange(*syscall.Stat_t) (sec, nsec int64) { return 0, 0 }
