package globs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/globs"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b/x.conf", "b/y.conf", "b/z.txt", "a/x.conf", "a/new\nline.conf", "a/\xff.conf", "c"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere", filepath.Join(dir, "b/dangling.conf")); err != nil {
		t.Fatal(err)
	}
	f := func(pattern string, most int, left int, want ...string) {
		t.Helper()
		found, err := globs.Expand(t.Context(), filepath.Join(dir, pattern), most)
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range found.Paths {
			found.Paths[i], _ = strings.CutPrefix(path, dir+"/")
		}
		if !slices.Equal(found.Paths, want) || found.Left != left {
			t.Errorf("Expand(%q, %d) = %q and %d left, want %q and %d", pattern, most, found.Paths, found.Left, want, left)
		}
	}
	f("*/*.conf", 100, 0, "a/new\nline.conf", "a/x.conf", "a/\xff.conf", "b/dangling.conf", "b/x.conf", "b/y.conf")
	f("*/*.conf", 2, 3, "a/new\nline.conf", "a/x.conf", "b/dangling.conf", "b/x.conf")
	f("b/x.conf", 100, 0, "b/x.conf")
	f("b/[xy].conf", 100, 0, "b/x.conf", "b/y.conf")
	f("b/none", 100, 0)
	f("none/*", 100, 0)
	f("c/*", 100, 0)
}

// TestExpandMany takes the first of a folder with more names than are held at once.
func TestExpandMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const many = 1100
	for i := range many {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := globs.Expand(t.Context(), dir+"/*", 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Paths) != 5 || found.Paths[4] != filepath.Join(dir, "0004") || found.Left != many-5 {
		t.Errorf("Expand of %d files = %q and %d left, want the first 5", many, found.Paths, found.Left)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := globs.Expand(ctx, dir+"/*", 5); !errors.Is(err, context.Canceled) {
		t.Errorf("Expand that is stopped: %v, want %v", err, context.Canceled)
	}
}
