package servicetest

import (
	"os"
	"syscall"
)

// freeze stands for the signal that Windows does not have.
const freeze = syscall.SIGTERM

// asUser returns nothing: tests run as who starts them.
func asUser(uint32, uint32) *syscall.SysProcAttr { return nil }

func processAttributes(*syscall.SysProcAttr) *syscall.SysProcAttr { return nil }

// kill ends a process at once; of a group only the one that it is named after.
func kill(pid int) {
	if pid < 0 {
		pid = -pid
	}
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}

// children returns nothing: only Linux tells.
func children(int) []int { return nil }

// gone believes that what was ended is gone: only Linux tells.
func gone(int) bool { return true }
