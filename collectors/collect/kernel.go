package collect

import (
	"errors"
	"io/fs"
	"os"
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
