package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// UnlessMissing returns err, but nil when the file that was read is not there: the kernel was built without the part,
// its module is not loaded, or the host has no such device. That is no failure.
func UnlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// ReadNumber returns the number that a file of the kernel holds.
func ReadNumber(path string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
}

// HiddenProcesses returns an error when the folder proc shows the agent its own processes only, as a /proc that is mounted with
// hidepid does: what is counted there is not what the host has.
func HiddenProcesses(proc string) error {
	if _, err := os.ReadFile(filepath.Join(proc, "1/stat")); err != nil {
		return fmt.Errorf("processes of other users are hidden (hidepid of %s): give the agent the group of its gid= or CAP_SYS_PTRACE, see Rights in docs/collectors.md: %w", proc, err)
	}
	return nil
}
