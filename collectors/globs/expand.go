package globs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// namesPiece is how many names of a folder are read at once.
const namesPiece = 1024

// Expanded is what a pattern names.
type Expanded struct {
	// Paths are those that are there, of each folder in the order of their names.
	Paths []string
	// Left is how many are left out, because a folder has more than were asked for.
	Left int
	// Closed are the folders that may not be read, or cannot be because what they lie on is broken: what the pattern names may be in them, or below them.
	Closed []string
}

// Expand returns what the absolute pattern names, of each folder the first most. It holds no more of a folder than that,
// however much is in it. The only error is that of ctx.
func Expand(ctx context.Context, pattern string, most int) (Expanded, error) {
	found := Expanded{Paths: []string{"/"}}
	for part := range strings.SplitSeq(strings.Trim(filepath.Clean(pattern), "/"), "/") {
		var next []string
		for _, folder := range found.Paths {
			if err := ctx.Err(); err != nil {
				return Expanded{}, err
			}
			names, left, err := namesIn(ctx, folder, part, most)
			if unreadable(err) {
				found.Closed = append(found.Closed, folder)
			}
			found.Left += left
			for _, name := range names {
				next = append(next, filepath.Join(folder, name))
			}
		}
		found.Paths = next
	}
	return found, ctx.Err()
}

// unreadable tells whether an error hides what is in a folder: it is not allowed to look, or the disk or the server that holds
// it does not answer.
func unreadable(err error) bool {
	return slices.ContainsFunc([]error{fs.ErrPermission, syscall.EIO, syscall.ESTALE, syscall.ENOTCONN, syscall.ETIMEDOUT},
		func(one error) bool { return errors.Is(err, one) })
}

// namesIn returns the names in the folder that one part of a pattern names, the first most of them and how many there are
// beside.
func namesIn(ctx context.Context, folder, part string, most int) (found []string, left int, err error) {
	if !strings.ContainsAny(part, `*?[\`) {
		if _, err := os.Lstat(filepath.Join(folder, part)); err != nil {
			return nil, 0, err
		}
		return []string{part}, 0, nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, 0, err
	}
	// A pipe may have come in its place meanwhile, and opening that would wait.
	f, err := os.OpenFile(folder, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for err == nil && ctx.Err() == nil {
		var names []string
		names, err = f.Readdirnames(namesPiece)
		for _, name := range names {
			if ok, _ := filepath.Match(part, name); ok {
				found = append(found, name)
			}
		}
		if len(found) > 2*most {
			found, left = firstOf(found, left, most)
		}
	}
	found, left = firstOf(found, left, most)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return found, left, err
}

// firstOf returns the first most of names in their order, and adds to left how many it leaves out.
func firstOf(names []string, left, most int) ([]string, int) {
	slices.Sort(names)
	if len(names) <= most {
		return names, left
	}
	return names[:most:most], left + len(names) - most
}
