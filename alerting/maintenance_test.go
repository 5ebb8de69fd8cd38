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

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/outbox"
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

// noFacts knows nothing of alerts but what they say.
type noFacts struct{ *Engine }

func (noFacts) Fill(context.Context, *receivers.Notice, time.Time) {}
func (noFacts) Stand(context.Context, *receivers.Notice)           {}
func (noFacts) Firing(string) (receivers.Alert, bool)              { return receivers.Alert{}, false }

// TestEndInLongMaintenance has a window open for twelve hours while an alert fires that was told: its end is told, however
// long ago the beginning was.
func TestEndInLongMaintenance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, dir, heard := slog.New(slog.DiscardHandler), t.TempDir(), &listener{}
		told, err := ledger.Open(filepath.Join(dir, "nflog"), log)
		if err != nil {
			t.Fatal(err)
		}
		room := outbox.NewRoom(dir, told, noFacts{}, log, prometheus.NewRegistry())
		open := func(prometheus.Registerer) (receivers.Receiver, error) { return heard, nil }
		if err := room.Exchange([]outbox.Station{{Name: "slack", Open: open}}); err != nil {
			t.Fatal(err)
		}
		sil, err := openSilences(filepath.Join(dir, "silences"), log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		d, err := newDispatcher(dir, nil, sil, told, log)
		if err != nil {
			t.Fatal(err)
		}
		put := func(windows ...routing.Window) {
			c := routing.Config{Maintenance: windows}
			plan, err := c.Plan([]string{"slack"}, routing.Timing{Interval: model.Duration(10 * time.Second), Repeat: model.Duration(4 * time.Hour)})
			if err == nil {
				err = d.exchange(plan, room.All())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		put()
		ctx, cancel := context.WithCancel(t.Context())
		var work sync.WaitGroup
		work.Go(func() { d.run(ctx) })
		work.Go(func() { room.Run(ctx) })
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
