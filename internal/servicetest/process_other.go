//go:build unix && !linux

package servicetest

import "syscall"

// processAttributes gives a server its own process group and the user of wanted. It outlives a test process that is killed.
func processAttributes(wanted *syscall.SysProcAttr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential(wanted)}
}

// children returns nothing: only Linux tells.
func children(int) []int { return nil }

// gone believes that what was ended is gone: only Linux tells.
func gone(int) bool { return true }
