package desk

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestDamagedHandled reads files that are JSON, and not what was written.
func TestDamagedHandled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"null", `{"x": null}`, "{"} {
		file := filepath.Join(t.TempDir(), "handled.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(file, nil, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if d.save(); d.handled == nil || len(d.handled) != 0 {
			t.Errorf("openDesk of %s: %v, want nothing handled", text, d.handled)
		}
	}
}
