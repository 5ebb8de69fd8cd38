package alerting_test

import (
	"os"
	"path/filepath"
	"testing"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/secret"
)

// TestReloadWithoutButtons has a reload fail to keep presses of buttons: receivers stay as they were, and the next one
// tries again.
func TestReloadWithoutButtons(t *testing.T) {
	t.Parallel()
	f, h := newFakeSlack(t), newHook(t)
	r := newRig(t)
	cfg := only(t, h.to(config(f), ""), brokenRule)
	r.start(cfg)
	blocked := filepath.Join(r.dir, "actions")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	with := config(f)
	with.Packs, with.Rules = nil, cfg.Rules
	with.Slack = []receivers.SlackConfig{with.Slack[0]}
	with.Slack[0].AppToken = secret.Secret("xapp-1-test")
	for range 2 {
		if err := r.engine.Reload(t.Context(), with); err == nil {
			t.Error("Reload() = nil, want that buttons cannot be kept")
		}
	}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.tick()
	h.wait(t, "firing a=firing\n")
	f.wait(t, 1)
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	r.reload(with)
	if got := len(r.engine.Receivers()); got != 1 {
		t.Errorf("%d receivers, want one", got)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "actions", "slack")); err != nil {
		t.Error(err)
	}
}
