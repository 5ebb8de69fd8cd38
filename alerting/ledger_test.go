package alerting

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/receivers"
	"gatewatch/alerting/routing"
)

// listener is a receiver that remembers what it was told: how many alerts fire, and how many are over.
type listener struct {
	mu   sync.Mutex
	told []string
}

func (l *listener) Name() string { return "slack" }

func (l *listener) Send(_ context.Context, n receivers.Notice, _ time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	over := 0
	for _, a := range n.Alerts {
		if !a.Ended.IsZero() {
			over++
		}
	}
	l.told = append(l.told, fmt.Sprintf("%d+%d", len(n.Alerts)-over, over))
	return nil
}

func (l *listener) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.told, " ")
}

// TestEndInLongMaintenance has a window open for twelve hours while an alert fires that was told: its end is told, however
// long ago the beginning was.
func TestEndInLongMaintenance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, dir, heard := slog.New(slog.DiscardHandler), t.TempDir(), &listener{}
		ledger, err := openLedger(filepath.Join(dir, "nflog"), log)
		if err != nil {
			t.Fatal(err)
		}
		box, err := openOutbox(dir, always(heard), ledger, &muted{}, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		sil, err := openSilences(filepath.Join(dir, "silences"), log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		d, err := newDispatcher(dir, nil, sil, ledger, log)
		if err != nil {
			t.Fatal(err)
		}
		put := func(windows ...routing.Window) {
			c := routing.Config{Maintenance: windows}
			plan, err := c.Plan([]string{"slack"}, routing.Timing{Interval: model.Duration(10 * time.Second), Repeat: model.Duration(4 * time.Hour)})
			if err == nil {
				err = d.exchange(plan, []*outbox{box})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		put()
		ctx, cancel := context.WithCancel(t.Context())
		var work sync.WaitGroup
		work.Go(func() { d.run(ctx) })
		work.Go(func() { box.run(ctx) })
		begin, labels := time.Now(), map[string]string{"alertname": "A"}
		d.put(ctx, labels, nil, begin, time.Time{})
		time.Sleep(time.Minute)
		put(routing.Window{Comment: "c", From: begin.UTC().Format(time.RFC3339), To: begin.Add(20 * time.Hour).UTC().Format(time.RFC3339)})
		time.Sleep(12 * time.Hour)
		d.put(ctx, labels, nil, begin, time.Now())
		time.Sleep(time.Minute)
		if got := heard.all(); got != "1+0 0+1" {
			t.Errorf("told %s, want the beginning and the end", got)
		}
		cancel()
		work.Wait()
	})
}

// TestLedgerOfTimesToCome has the clock set back after something was told: what is told from then on counts.
func TestLedgerOfTimesToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, file := slog.New(slog.DiscardHandler), filepath.Join(t.TempDir(), "nflog")
		l, err := openLedger(file, log)
		if err != nil {
			t.Fatal(err)
		}
		entry := l.entry(ledgerReceiver("a"), "g")
		if entry != nil {
			t.Fatalf("entry() = %v, want nil", entry)
		}
		l.note("a", "g", []uint64{1})
		ahead := l.entry(ledgerReceiver("a"), "g")
		ahead.Timestamp.Seconds += 3600
		if err := l.put(ahead, time.Now().Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		l.told(receivers.Told{Receiver: "a", GroupKey: "g", Resolved: []uint64{1}})
		l.told(receivers.Told{Receiver: "a", GroupKey: "g", Firing: []uint64{2}})
		if firing, over := l.state("a", "g"); fmt.Sprint(firing, over) != "[2] []" {
			t.Errorf("state() = %v, %v, want that 2 fires", firing, over)
		}
		if l, err = openLedger(file, log); err != nil {
			t.Fatal(err)
		}
		if firing := l.firing("a", "g"); fmt.Sprint(firing) != "[2]" {
			t.Errorf("firing() after a restart = %v, want 2", firing)
		}
	})
}
