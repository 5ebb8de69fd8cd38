package quietlog

import (
	"log/slog"
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log := Warnings(slog.New(slog.NewTextHandler(&out, nil))).With("part", "tsdb").WithGroup("g")
	log.Info("compacted")
	log.Warn("slow", "n", 1)
	got := out.String()
	if strings.Contains(got, "compacted") || !strings.Contains(got, "slow") || !strings.Contains(got, "part=tsdb g.n=1") {
		t.Errorf("log = %q, want only the warning with its attributes", got)
	}
}
