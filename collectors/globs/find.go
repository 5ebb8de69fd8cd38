// Package globs finds the files that patterns of the configuration name.
package globs

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/internal/invalid"
)

// Found is a file that a pattern named.
type Found struct {
	Path string
	// Named is whether the configuration names just this file, so that it has to be there.
	Named bool
}

// Find returns the files that patterns name, each once and in order; of more than most, the first, and how many are
// left out.
func Find(patterns []string, most int) (files []Found, left int) {
	at := map[string]int{}
	for _, pattern := range patterns {
		named := !strings.ContainsAny(pattern, "*?[")
		paths := []string{filepath.Clean(pattern)}
		if !named {
			paths, _ = filepath.Glob(pattern) // the only error is a bad pattern, which the configuration refuses
			slices.Sort(paths)
		}
		for _, path := range paths {
			if i, ok := at[path]; ok {
				files[i].Named = files[i].Named || named
				continue
			}
			if len(files) == most {
				left++
				continue
			}
			at[path] = len(files)
			files = append(files, Found{path, named})
		}
	}
	return files, left
}

// Check notes patterns of files that find nothing whatever is there.
func Check(m *invalid.Mistakes, section string, patterns []string) {
	for i, pattern := range patterns {
		at := fmt.Sprintf("%s[%d]", section, i)
		if !filepath.IsAbs(pattern) {
			m.Add(at, "must be an absolute path, is %q", pattern)
		} else if _, err := filepath.Match(pattern, "/"); err != nil {
			m.Add(at, "%q is no pattern: a bracket is not closed", pattern)
		}
	}
}

// Version is a file as it was at a time.
type Version struct {
	Path    string
	Size    int64
	Changed time.Time
}

// Newest returns the regular file among those that patterns name that was changed last. skip
// says which are none of those that are meant; nil for none.
func Newest(patterns []string, skip func(Version) bool) (newest Version, found bool) {
	files, _ := Find(patterns, math.MaxInt)
	for _, f := range files {
		info, err := os.Stat(f.Path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		one := Version{f.Path, info.Size(), info.ModTime()}
		if (skip == nil || !skip(one)) && (!found || one.Changed.After(newest.Changed)) {
			newest, found = one, true
		}
	}
	return newest, found
}
