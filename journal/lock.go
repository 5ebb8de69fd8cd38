package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lockDir makes sure that no other agent uses dir, until unlockDir or the end of the process. The file
// holds the id of the process, for the message that the other one gives.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock journal: %w", err)
	}
	if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
		}
	}
	// On a full disk the number is missing, but the lock holds.
	if err == nil || isFull(err) {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("journal %s is in use by another agent (%s)", dir, owner(path))
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// unlockDir gives the folder free. It says so to the kernel: a process that is just being started still shares the
// file for an instant, and would keep the lock.
func unlockDir(f *os.File) error {
	return firstError(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
}

// owner says which process holds the lock.
func owner(path string) string {
	pid, err := os.ReadFile(path)
	if s := strings.TrimSpace(string(pid)); err == nil && s != "" {
		return "process " + s
	}
	return "process unknown"
}
