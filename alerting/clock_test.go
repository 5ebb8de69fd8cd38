package alerting

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/receivers"
)

// TestOrderAfterClockSetBack restarts an outbox whose last message is of a time to come: what comes then is behind it.
func TestOrderAfterClockSetBack(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	ledger, err := openLedger(filepath.Join(dir, "nflog"), log)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *outbox {
		box, err := openOutbox(dir, always(&listener{}), ledger, &muted{}, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		return box
	}
	tell := func(box *outbox, name string, at time.Time) {
		box.add(receivers.Notice{Created: at, Told: receivers.Told{Receiver: "slack", GroupKey: name}, Alerts: []receivers.Alert{{Name: name}}})
	}
	tell(open(), "first", time.Now().Add(time.Hour))
	tell(open(), "second", time.Now())
	if all := open().unsent; len(all) != 2 || all[0].Alerts[0].Name != "first" {
		t.Errorf("unsent = %+v, want the first one first", all)
	}
}

// TestDamagedHandled reads files that are JSON, and not what was written.
func TestDamagedHandled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"null", `{"x": null}`, "{"} {
		file := filepath.Join(t.TempDir(), "handled.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := openDesk(file, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if d.save(); d.handled == nil || len(d.handled) != 0 {
			t.Errorf("openDesk of %s: %v, want nothing handled", text, d.handled)
		}
	}
}
