package servicetest

import "syscall"

// processAttributes gives a server its own process group, and ends it with the test process however that ends.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
