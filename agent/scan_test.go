package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestScanExitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"clean.log": "nothing\n", "card.log": "card 4242424242424242\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	clean, card, missing := filepath.Join(dir, "clean.log"), filepath.Join(dir, "card.log"), filepath.Join(dir, "missing.log")
	packed := filepath.Join(t.TempDir(), "old.zip")
	if err := os.WriteFile(packed, []byte("PK\x03\x04\x14\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(want int, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := execute(t.Context(), append([]string{"scan"}, args...), &output{&stdout, &stderr}); got != want {
			t.Errorf("scan %v exits with %d, want %d; stderr: %s", args, got, want, &stderr)
		}
		if bytes.Contains(stdout.Bytes(), []byte("4242424242424242")) {
			t.Errorf("scan %v prints the number: %s", args, &stdout)
		}
	}
	f(0, clean)
	f(1, clean, card)
	f(1, dir)
	f(2, missing)
	f(2, card, missing)
	f(2)
	f(2, "-nonsense")
	f(2, packed)
	f(2, "-config", missing, card)
}
