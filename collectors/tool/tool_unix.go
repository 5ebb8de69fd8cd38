//go:build unix

package tool

import (
	"os/exec"
	"syscall"
)

// toolNice is how far a tool steps back behind the gateway.
const toolNice = 10

// ownGroup lets all that cmd starts be stopped together.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// giveWay lowers the priority of a process. That it may have ended is no matter.
func giveWay(pid int) { _ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, toolNice) }
