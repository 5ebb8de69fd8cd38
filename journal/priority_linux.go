package journal

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// lowerPriority lets the calling goroutine run when nobody else needs the processor. The thread it runs on is its own
// from now on, and ends with it.
func lowerPriority() {
	const lowest = 19
	runtime.LockOSThread()
	// Without it sealing works too, only less politely.
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), lowest)
}

// threadTime returns the CPU time that the calling goroutine's own thread has taken.
func threadTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
