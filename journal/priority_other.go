//go:build !linux

package journal

// lowerPriority does nothing: elsewhere priorities are of processes.
func lowerPriority() {}
