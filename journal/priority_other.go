//go:build !linux

package journal

import "time"

// lowerPriority does nothing: elsewhere priorities are of processes.
func lowerPriority() {}

// threadTime returns 0: elsewhere the time of a thread is not known.
func threadTime() time.Duration { return 0 }
