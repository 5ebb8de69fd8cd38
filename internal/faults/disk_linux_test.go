package faults

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk mounts a disk that is larger than a journal of the smallest size and returns a folder on it. That needs root.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160m"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("a small disk needs root and the right to mount: %v", err)
		}
		t.Skipf("a small disk needs root and the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return filepath.Join(dir, "data")
}
