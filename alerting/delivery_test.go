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

	"gatewatch/alerting/desk"
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

// deliveryRig is what delivers alerts to one receiver, by a clock of its own: a test of it runs in a bubble of synctest.
type deliveryRig struct {
	*dispatcher
	t     *testing.T
	dir   string
	room  *outbox.Room
	heard *listener
	stop  func()
}

// newDeliveryRig goes on with what is in dir. The receiver is told of alerts of the severity, and worse ones.
func newDeliveryRig(t *testing.T, dir, severity string, windows ...routing.Window) *deliveryRig {
	t.Helper()
	log, r := slog.New(slog.DiscardHandler), &deliveryRig{t: t, dir: dir, heard: &listener{}}
	told, err := ledger.Open(filepath.Join(dir, "nflog"), log)
	if err != nil {
		t.Fatal(err)
	}
	r.room = outbox.NewRoom(filepath.Join(dir, "outbox"), told, noFacts{}, log, prometheus.NewRegistry())
	open := func(prometheus.Registerer) (receivers.Receiver, error) { return r.heard, nil }
	if err := r.room.Exchange([]outbox.Station{{Name: "slack", Open: open, MinSeverity: severity}}); err != nil {
		t.Fatal(err)
	}
	sil, err := desk.OpenSilences(filepath.Join(dir, "silences"), log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if r.dispatcher, err = newDispatcher(dir, nil, sil, told, log); err != nil {
		t.Fatal(err)
	}
	r.plan(windows...)
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { r.run(ctx) })
	work.Go(func() { r.room.Run(ctx) })
	r.stop = func() { cancel(); work.Wait() }
	return r
}

// plan puts maintenance windows into effect.
func (r *deliveryRig) plan(windows ...routing.Window) {
	r.t.Helper()
	c := routing.Config{Maintenance: windows}
	plan, err := c.Plan([]string{"slack"}, routing.Timing{Interval: model.Duration(time.Minute), Repeat: model.Duration(4 * time.Hour)})
	if err == nil {
		err = r.exchange(plan, r.room.All())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// window is one of maintenance.
func window(from time.Time, long time.Duration) routing.Window {
	return routing.Window{Comment: "c", From: from.UTC().Format(time.RFC3339), To: from.Add(long).UTC().Format(time.RFC3339)}
}

// TestEndInLongMaintenance has a window open for twelve hours while an alert fires that was told: its end is told, however
// long ago the beginning was.
func TestEndInLongMaintenance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newDeliveryRig(t, t.TempDir(), "")
		begin, labels := time.Now(), map[string]string{"alertname": "A"}
		r.put(t.Context(), labels, nil, begin, time.Time{})
		time.Sleep(time.Minute)
		r.plan(window(begin, 20*time.Hour))
		time.Sleep(12 * time.Hour)
		r.put(t.Context(), labels, nil, begin, time.Now())
		time.Sleep(2 * time.Minute)
		if got := r.heard.all(); got != "1+0 0+1" {
			t.Errorf("told %s, want the beginning and the end", got)
		}
		r.stop()
	})
}

// TestTooManyIncidents has more incidents than there may be: the alert that says so is told nevertheless.
func TestTooManyIncidents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, own := newDeliveryRig(t, t.TempDir(), "critical"), prometheus.NewRegistry()
		r.count(own)
		put := func(name string, ends time.Time) {
			r.put(t.Context(), map[string]string{"alertname": name, "severity": "info"}, nil, time.Now(), ends)
		}
		for i := range maxGroups {
			put(fmt.Sprint("A", i), time.Time{})
		}
		time.Sleep(time.Minute)
		put("one more", time.Time{})
		time.Sleep(time.Second)
		families, err := own.Gather()
		if err != nil || len(families) != 1 || families[0].Metric[0].GetCounter().GetValue() != 1 {
			t.Errorf("counted %v, %v; want one alert without a group", families, err)
		}
		r.put(t.Context(), map[string]string{"alertname": untoldAlert, "severity": "critical"}, nil, time.Now(), time.Time{})
		time.Sleep(time.Minute)
		if got := r.heard.all(); got != "1+0" {
			t.Errorf("told %q, want that there are too many", got)
		}
		r.stop()
	})
}

// TestNoNewsAreNoGoodNews hears nothing of an alert for two days, as when the clock is set on: it is not over.
func TestNoNewsAreNoGoodNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newDeliveryRig(t, t.TempDir(), "")
		r.put(t.Context(), map[string]string{"alertname": "A"}, nil, time.Now(), time.Time{})
		time.Sleep(48 * time.Hour)
		if got := r.heard.all(); !strings.HasPrefix(got, "1+0") || strings.Contains(got, "+1") {
			t.Errorf("told %s, want no end", got)
		}
		r.stop()
	})
}
