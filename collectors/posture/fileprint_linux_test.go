package posture

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"gatewatch/collectors/collecttest"
)

// TestFileprintPipe has a pipe come between the look at a file and its reading.
func TestFileprintPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen, err := look("/", collecttest.Write(t, dir, "authorized_keys", "key"))
	if err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seen.hashed("/", pipe, nil, t.Context().Err); !errors.Is(err, errUnsettled) {
		t.Errorf("hashed of a pipe: %v, want %v", err, errUnsettled)
	}
}
