package outbox

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/fakeslack"
)

// outage is a way to Slack that is cut for three hours and then leads to a Slack that is down for three more.
type outage struct {
	slack *fakeslack.Server
	begin time.Time
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	switch since := time.Since(o.begin); {
	case since < 3*time.Hour:
		return nil, errors.New("no route to host")
	case since < 6*time.Hour:
		o.slack.Answer("", fakeslack.Answer{Status: http.StatusServiceUnavailable})
	}
	return o.slack.RoundTrip(r)
}

// TestOutageOfHours has an incident come and go, and another go on and grow, while Slack is away for six hours: each is
// told once, in order, and that it is late.
func TestOutageOfHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakeslack.New()
		_, box := slackBox(t, fakeslack.Channel, &outage{fake, time.Now()}, &muted{})
		defer start(t, box)()
		tell := func(group string, alerts ...receivers.Alert) {
			box.add(notice(group, alerts...))
			select {
			case box.wake <- struct{}{}:
			default:
			}
		}
		brief := critical("Brief")
		tell("brief", brief)
		time.Sleep(5 * time.Minute)
		long := critical("Long")
		tell("long", long)
		time.Sleep(5 * time.Minute)
		brief.Ended = time.Now()
		tell("brief", brief)
		time.Sleep(2 * time.Hour)
		tell("long", long, critical("Longer"))
		time.Sleep(4 * time.Hour)
		if calls := len(fake.Calls("")); calls > 250 {
			t.Errorf("%d calls while Slack was down, want about one a minute at most", calls)
		}
		time.Sleep(10 * time.Minute)
		heads := fake.Heads()
		if len(heads) < 2 || !strings.Contains(heads[0].History[0], "Resolved: Brief") || !strings.Contains(heads[0].History[0], "Late by 6 h") {
			t.Fatalf("messages = %+v, want first that of the brief incident, late", heads)
		}
		if text := heads[1].History[0]; !strings.Contains(text, "Long") || !strings.Contains(text, "Longer") || !strings.Contains(text, "Late by 5 h") {
			t.Errorf("second message = %q, want both alerts, late", text)
		}
		if all := fake.Messages(); len(all) != 2 {
			t.Errorf("%d messages, want 2: nothing twice", len(all))
		}
	})
}

// TestOrderOfAnIncident has every second call fail while an incident changes: each reply comes once, in order.
func TestOrderOfAnIncident(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakeslack.New()
		// Known by its id, so that a message whose answer was lost is looked for.
		_, box := slackBox(t, fakeslack.ChannelID, fake, &muted{})
		stop := start(t, box)
		var alerts []receivers.Alert
		for i, name := range []string{"A", "B", "C", "D", "E"} {
			for range 3 {
				fake.Answer("chat.postMessage", fakeslack.Answer{Status: 502, Taken: i%2 == 0}, fakeslack.Answer{Pass: true})
			}
			alerts = append(alerts, critical(name))
			box.add(notice("g", slices.Clone(alerts)...))
			box.wake <- struct{}{}
			time.Sleep(20 * time.Second)
		}
		stop()
		heads := fake.Heads()
		if len(heads) != 1 {
			t.Fatalf("%d messages, want 1: %+v", len(heads), heads)
		}
		var replies []string
		for _, r := range fake.Replies(heads[0].TS) {
			replies = append(replies, strings.Split(strings.Split(r.Text, "*")[1], "*")[0])
		}
		if got := strings.Join(replies, " "); got != "B C D E" {
			t.Errorf("replies = %s, want B C D E", got)
		}
	})
}
