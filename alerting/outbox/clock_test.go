package outbox

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/receivers"
)

// TestOrderAfterClockSetBack restarts an outbox whose last message is of a time to come: what comes then is behind it.
func TestOrderAfterClockSetBack(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	told, err := ledger.Open(filepath.Join(dir, "nflog"), log)
	if err != nil {
		t.Fatal(err)
	}
	again := func() *Box {
		box, err := open(dir, always(nil), told, &muted{}, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		return box
	}
	tell := func(box *Box, name string, at time.Time) {
		box.add(receivers.Notice{Created: at, Told: receivers.Told{Receiver: "slack", GroupKey: name}, Alerts: []receivers.Alert{{Name: name}}})
	}
	tell(again(), "first", time.Now().Add(time.Hour))
	tell(again(), "second", time.Now())
	if all := again().unsent; len(all) != 2 || all[0].Alerts[0].Name != "first" {
		t.Errorf("unsent = %+v, want the first one first", all)
	}
}
