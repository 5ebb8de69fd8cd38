package tool

import (
	"fmt"
	"io"
	"os"
	"time"
)

// ReadOutput reads a file that has to be written again and again: one from before oldest says nothing of now.
func ReadOutput(path string, oldest time.Time) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	if info.ModTime().Before(oldest) {
		return nil, fmt.Errorf("%s was last written at %s: what writes it does not run", path, info.ModTime().UTC().Format(time.RFC3339))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxOutput+1))
	if err == nil && len(data) > MaxOutput {
		err = fmt.Errorf("%s is larger than %d MiB", path, MaxOutput>>20)
	}
	return data, err
}
