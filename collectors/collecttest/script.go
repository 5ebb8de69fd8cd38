package collecttest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Script puts a program for a shell into a file of dir, in place of what was there, and returns its path. It can be run at
// once.
func Script(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := writeProgram(path+".new", text); err != nil {
		t.Fatal(err)
	}
	// A program that still runs cannot be written over.
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeProgram keeps other tests from starting programs meanwhile: each would hold the file open for writing until it is
// what it shall be, and a file that is open for writing cannot be run.
func writeProgram(path, text string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(text), 0o700)
}
