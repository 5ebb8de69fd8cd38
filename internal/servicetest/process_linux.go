package servicetest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processAttributes gives a server its own process group and the user of wanted, and ends it with the test process however
// that ends.
func processAttributes(wanted *syscall.SysProcAttr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM, Credential: credential(wanted)}
}

// children returns the processes that pid started and that are still there; none where the kernel does not tell.
func children(pid int) (pids []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for word := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(word); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}
