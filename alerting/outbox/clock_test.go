package outbox

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

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

// TestLeftAfterClockSetOn starts with messages that look two days old, while the receiver is away: what arrives within an hour
// is told, and what does not is given up.
func TestLeftAfterClockSetOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
		told, err := ledger.Open(filepath.Join(dir, "nflog"), log)
		if err != nil {
			t.Fatal(err)
		}
		r := &awayFor{until: time.Now().Add(30 * time.Minute)}
		box, err := open(dir, always(r), told, &muted{}, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		add := func(name string) {
			created := time.Now().Add(-48 * time.Hour)
			box.add(receivers.Notice{Created: created, Told: receivers.Told{GroupKey: name}, Alerts: []receivers.Alert{{Name: name}}})
		}
		add("first")
		ctx, cancel := context.WithCancel(t.Context())
		var work sync.WaitGroup
		work.Go(func() { box.run(ctx) })
		time.Sleep(45 * time.Minute)
		if got := r.all(); got != "first" {
			t.Errorf("told %q, want the first", got)
		}
		r.away(time.Now().Add(100 * time.Hour))
		add("second")
		box.wake <- struct{}{}
		time.Sleep(2 * time.Hour)
		if n, failed := box.Status().Unsent, testutil.ToFloat64(box.metrics.failed); n != 0 || failed != 1 || r.all() != "first" {
			t.Errorf("%d unsent, %v failed, told %q; want that the second was given up", n, failed, r.all())
		}
		cancel()
		work.Wait()
	})
}

// awayFor is a receiver that cannot be reached for a while.
type awayFor struct {
	hearer
	until time.Time
}

func (a *awayFor) away(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = until
}

func (a *awayFor) Send(ctx context.Context, n receivers.Notice, late time.Duration) error {
	a.mu.Lock()
	away := time.Now().Before(a.until)
	a.mu.Unlock()
	if away {
		return errors.New("no network")
	}
	return a.hearer.Send(ctx, n, late)
}
