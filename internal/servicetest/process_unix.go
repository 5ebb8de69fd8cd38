//go:build unix

package servicetest

import "syscall"

// freeze is the signal that stops a process until SIGCONT.
const freeze = syscall.SIGSTOP

// asUser returns the attributes of a process that runs as a user.
func asUser(uid, gid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
}

// credential returns the user in wanted, which may be nil.
func credential(wanted *syscall.SysProcAttr) *syscall.Credential {
	if wanted == nil {
		return nil
	}
	return wanted.Credential
}

// kill ends a process, or the group -pid, at once. One that is gone already is no mistake.
func kill(pid int) { syscall.Kill(pid, syscall.SIGKILL) }
