package servicetest

import (
	"os/exec"
	"runtime"
)

// Start starts cmd, which ends when the tests are killed where the system can do that. ended is closed when the process
// has ended; cmd.ProcessState then says how. The caller must not call cmd.Wait, and reads what cmd prints through
// cmd.Stdout, not through a pipe. Of cmd.SysProcAttr only the credential is kept, on Unix.
func Start(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	cmd.SysProcAttr = processAttributes(cmd.SysProcAttr)
	started, done := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(done)
		// The kernel's parent-death signal is tied to the thread, not to the process: the thread has to live as long.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return done, nil
}
