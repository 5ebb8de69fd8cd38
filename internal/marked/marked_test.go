package marked_test

import (
	"os"
	"path/filepath"
	"testing"

	"gatewatch/internal/marked"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	f := func(before, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "doc.md")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		err := marked.Replace(path, "table", "new\n")
		got, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if string(got) != want {
			t.Errorf("Replace(%q) = %q, want %q", before, got, want)
		}
		if changed := before != want; changed != (err == nil) {
			t.Errorf("Replace(%q): %v", before, err)
		}
	}
	f("a\n<!-- table: begin -->\nold\n<!-- table: end -->\nb\n", "a\n<!-- table: begin -->\nnew\n<!-- table: end -->\nb\n")
	f("a\n<!-- table: begin -->\n<!-- table: end -->", "a\n<!-- table: begin -->\nnew\n<!-- table: end -->")
	f("<!-- other: begin -->\nold\n<!-- other: end -->\n", "<!-- other: begin -->\nold\n<!-- other: end -->\n")
	f("<!-- table: begin -->\nold\n", "<!-- table: begin -->\nold\n")
}
