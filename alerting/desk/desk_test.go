package desk

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/alerting/receivers"
)

// newDesk returns a desk of its own, for which alerts are grouped by these labels.
func newDesk(t *testing.T, groupedBy ...string) *Desk {
	t.Helper()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	sil, err := OpenSilences(filepath.Join(dir, "silences"), log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(filepath.Join(dir, "handled.json"), sil, func(*receivers.Notice) []string { return groupedBy }, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestAcknowledgedWhileReceiversLag has an incident end and another begin, of which a second receiver hears after somebody
// acknowledged it: the acknowledgement stays, with both, until the end.
func TestAcknowledgedWhileReceiversLag(t *testing.T) {
	t.Parallel()
	d, ctx, begin := newDesk(t), context.Background(), time.Now().Add(-time.Hour)
	labels := map[string]string{"alertname": "A"}
	notice := func(since, ended time.Time) *receivers.Notice {
		return &receivers.Notice{GroupLabels: labels, Alerts: []receivers.Alert{{Name: "A", Labels: labels, Since: since, Fired: since, Ended: ended}}}
	}
	hear := func(n *receivers.Notice) bool {
		d.Look(ctx, n)
		return n.Acknowledged()
	}
	act := func(n *receivers.Notice) {
		if _, fresh, err := d.Act(ctx, n, receivers.Deed{Kind: receivers.DeedAcknowledge, By: receivers.Person{ID: "U1"}, At: time.Now()}); err != nil || !fresh {
			t.Fatalf("Act() = %v, %v", fresh, err)
		}
	}
	first, over := begin, begin.Add(10*time.Minute)
	hear(notice(first, time.Time{}))
	act(notice(first, time.Time{}))
	if !hear(notice(first, over)) {
		t.Error("the end does not say who had it")
	}
	if !hear(notice(first, time.Time{})) {
		t.Error("a receiver that is late does not say who has it")
	}
	again := begin.Add(20 * time.Minute)
	if hear(notice(again, time.Time{})) {
		t.Error("the second incident is acknowledged before anybody did so")
	}
	act(notice(again, time.Time{}))
	if hear(notice(first, over)) {
		t.Error("the end of the first incident says who has the second one")
	}
	for range 2 {
		if !hear(notice(again, time.Time{})) {
			t.Error("the acknowledgement of the second incident is lost")
		}
	}
	hear(notice(again, begin.Add(30*time.Minute)))
	if hear(notice(begin.Add(40*time.Minute), time.Time{})) {
		t.Error("the third incident is acknowledged before anybody did so")
	}
}

// TestSilenceOfNoProvider silences an incident whose alerts have not all the labels that alerts are grouped by: only
// alerts without them are silenced, and people are told so.
func TestSilenceOfNoProvider(t *testing.T) {
	t.Parallel()
	d, ctx := newDesk(t, "alertname", "provider"), context.Background()
	labels := map[string]string{"alertname": "A", "severity": "warning"}
	n := &receivers.Notice{GroupLabels: map[string]string{"alertname": "A"}, Alerts: []receivers.Alert{{Name: "A", Labels: labels}}}
	deed := receivers.Deed{Kind: receivers.DeedSilence, By: receivers.Person{Name: "lin"}, Until: time.Now().Add(time.Hour)}
	stand, _, err := d.Act(ctx, n, deed)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := stand.Silence.What, `alertname=A provider=""`; got != want || !stand.Silence.Own {
		t.Errorf("silenced is %s (own: %v), want %s", got, stand.Silence.Own, want)
	}
	for _, c := range []struct {
		labels map[string]string
		want   bool
	}{
		{labels, true},
		{map[string]string{"alertname": "A", "severity": "critical"}, true},
		{map[string]string{"alertname": "A", "provider": "stripe"}, false},
		{map[string]string{"alertname": "B"}, false},
	} {
		if got := d.muting(ctx, c.labels) != nil; got != c.want {
			t.Errorf("alert with %v is silenced: %v, want %v", c.labels, got, c.want)
		}
	}
	if fresh, err := d.unsilence(ctx, n); err != nil || !fresh || d.muting(ctx, labels) != nil {
		t.Errorf("unsilence() = %v, %v, and it is still silenced: %v", fresh, err, d.muting(ctx, labels) != nil)
	}
}

// TestFalseAlarmOfSeveralRules calls an incident a false alarm whose alerts are of two rules: it counts for both, once.
func TestFalseAlarmOfSeveralRules(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	n := &receivers.Notice{GroupLabels: map[string]string{"provider": "p"}, Alerts: []receivers.Alert{{Name: "A"}, {Name: "A"}, {Name: "B"}}}
	deed := receivers.Deed{Kind: receivers.DeedFalseAlarm, By: receivers.Person{ID: "U1"}, At: time.Now()}
	for _, who := range []string{"U1", "U2"} {
		deed.By.ID = who
		if _, _, err := d.Act(context.Background(), n, deed); err != nil {
			t.Fatal(err)
		}
	}
	for _, rule := range []string{"A", "B"} {
		if got := testutil.ToFloat64(d.falseAlarms.WithLabelValues(rule)); got != 1 {
			t.Errorf("%v false alarms of %s, want 1", got, rule)
		}
	}
}
