package globs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Closed returns the folders that Find takes for empty because they may not be read: files that the absolute pattern names
// may be in them, or below them.
func Closed(pattern string) (closed []string) {
	folders := []string{"/"}
	for part := range strings.SplitSeq(strings.Trim(filepath.Clean(pattern), "/"), "/") {
		var next []string
		for _, folder := range folders {
			names, err := namesIn(folder, part)
			if errors.Is(err, fs.ErrPermission) {
				closed = append(closed, folder)
			}
			for _, name := range names {
				next = append(next, filepath.Join(folder, name))
			}
		}
		folders = next
	}
	return closed
}

// namesIn returns the names in the folder that one part of a pattern names.
func namesIn(folder, part string) (found []string, err error) {
	if !strings.ContainsAny(part, `*?[\`) {
		if _, err := os.Lstat(filepath.Join(folder, part)); err != nil {
			return nil, err
		}
		return []string{part}, nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, err
	}
	// A pipe may have come in its place meanwhile, and opening that would wait.
	f, err := os.OpenFile(folder, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	for _, name := range names {
		if ok, _ := filepath.Match(part, name); ok {
			found = append(found, name)
		}
	}
	return found, err
}
