package journal

import (
	"runtime"

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
