package outbox

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/fakeslack"
)

// present is what an alert says now.
type present struct {
	muted
	alert receivers.Alert
}

func (p *present) Fill(_ context.Context, n *receivers.Notice, _ time.Time) {
	lost := 77.0
	n.Alerts[0].Lost = &lost
}

func (p *present) Firing(key string) (receivers.Alert, bool) {
	return p.alert, key == receivers.Key(p.alert.Labels)
}

// TestFiguresAreBroughtUpToDate refreshes the message of an incident that goes on, and none when it is over.
func TestFiguresAreBroughtUpToDate(t *testing.T) {
	t.Parallel()
	alert := critical("A")
	alert.Annotations = map[string]string{"summary": "before"}
	now := receivers.Alert{Labels: alert.Labels, Annotations: map[string]string{"summary": "now", "success": "42%"}}
	fake := fakeslack.New()
	slack, box := slackBox(t, fakeslack.Channel, fake, &present{alert: now})
	n := notice("g", alert)
	n.ID = "1"
	if err := slack.Send(t.Context(), n, 0); err != nil {
		t.Fatal(err)
	}
	box.refresh(t.Context())
	heads := fake.Heads()
	if len(heads) != 1 || !strings.Contains(heads[0].All(), "🔴 now") || !strings.Contains(heads[0].All(), "42%") || !strings.Contains(heads[0].All(), "about 77") {
		t.Fatalf("message = %+v, want what the alert says now", heads)
	}
	n.ID, n.Alerts[0].Ended = "2", time.Now()
	if err := slack.Send(t.Context(), n, 0); err != nil {
		t.Fatal(err)
	}
	calls := len(fake.Calls(""))
	box.refresh(t.Context())
	if got := len(fake.Calls("")); got != calls {
		t.Errorf("%d calls for an incident that is over", got-calls)
	}
}

// muted is the facts of an incident that is silenced and has ended.
type muted struct{ gone bool }

func (m *muted) Fill(_ context.Context, n *receivers.Notice, _ time.Time) {
	n.Handling = &receivers.Handling{}
	if !n.Resolved() {
		n.Handling.Silence = &receivers.Silence{By: "lin.wei", Until: time.Now().Add(time.Hour)}
	}
}

func (m *muted) Firing(string) (receivers.Alert, bool) { return receivers.Alert{}, !m.gone }

func (m *muted) Stand(context.Context, *receivers.Notice) {}

func (m *muted) About(*alert.Alert) receivers.Alert { return receivers.Alert{} }

// TestEndOfWhatIsSilenced has an incident end while it is silenced: its message turns green without a word.
func TestEndOfWhatIsSilenced(t *testing.T) {
	t.Parallel()
	facts := &muted{}
	fake := fakeslack.New()
	slack, box := slackBox(t, fakeslack.Channel, fake, facts)
	n := notice("g", critical("A"))
	n.ID = "1"
	if err := slack.Send(t.Context(), n, 0); err != nil {
		t.Fatal(err)
	}
	box.refresh(t.Context())
	if head := fake.Heads()[0]; !strings.Contains(head.All(), "🔴") || !strings.Contains(head.All(), "Silenced until") {
		t.Errorf("message = %s, want that it is silenced", head.All())
	}
	facts.gone = true
	box.refresh(t.Context())
	head := fake.Heads()[0]
	if !strings.Contains(head.All(), "🟢 Resolved") || len(fake.Replies(head.TS)) > 0 || len(slack.Open()) > 0 {
		t.Errorf("message = %s, replies %v: want a quiet end", head.All(), fake.Replies(head.TS))
	}
}
