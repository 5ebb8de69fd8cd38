package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Target is a file to scan.
type Target struct {
	Path string
	Size int64
	// Named tells that the file was named itself, not found in a folder.
	Named bool
}

// Targets returns the files that the arguments stand for, each once: files, folders with all that is below them, and
// patterns such as /var/log/*.gz. What cannot be found or read is in err, beside the files that can.
func Targets(args []string) (targets []Target, err error) {
	l := list{seen: map[string]bool{}}
	for _, arg := range args {
		if _, err := os.Stat(arg); err == nil {
			l.add(arg, true)
			continue
		}
		paths, err := filepath.Glob(arg)
		if err != nil {
			l.errs = append(l.errs, fmt.Errorf("%q is not a file name pattern", arg))
		} else if len(paths) == 0 {
			l.errs = append(l.errs, fmt.Errorf("%s: no such file", arg))
		}
		for _, path := range paths {
			l.add(path, true)
		}
	}
	return l.targets, errors.Join(l.errs...)
}

type list struct {
	targets []Target
	seen    map[string]bool
	errs    []error
}

// add adds a file, or what is below a folder.
func (l *list) add(path string, named bool) {
	err := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			l.errs = append(l.errs, err)
			return nil
		}
		if at != path && !entry.IsDir() && !entry.Type().IsRegular() {
			return nil // links and pipes only when named
		}
		info, err := os.Stat(at)
		if err != nil {
			l.errs = append(l.errs, err)
			return nil
		}
		if info.IsDir() && at == path && !entry.IsDir() { // a link to a folder
			l.add(at+string(filepath.Separator), false)
			return nil
		}
		wanted := entry.Type().IsRegular() || at == path && named
		if info.IsDir() || !wanted || l.seen[at] {
			return nil
		}
		l.seen[at] = true
		l.targets = append(l.targets, Target{Path: at, Size: info.Size(), Named: named && at == path})
		return nil
	})
	if err != nil {
		l.errs = append(l.errs, err)
	}
}
