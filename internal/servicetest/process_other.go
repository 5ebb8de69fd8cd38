//go:build !linux

package servicetest

import "syscall"

// processAttributes gives a server its own process group. It outlives a test process that is killed.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// children returns nothing: only Linux tells.
func children(int) []int { return nil }
