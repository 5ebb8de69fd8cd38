package outbox

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/internal/fakeslack"
)

// TestBriefIncidentWhileLimited has an incident begin and end while Slack takes nothing for a minute and a half: Slack is
// left alone for that long, and one message then tells of the incident and that it is late.
func TestBriefIncidentWhileLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakeslack.New()
		_, box := slackBox(t, fakeslack.Channel, fake, &muted{})
		stop := start(t, box)
		synctest.Wait()
		fake.Answer("chat.postMessage", fakeslack.Answer{Status: http.StatusTooManyRequests, RetryAfter: "90"})
		alert := critical("A")
		tell := func() {
			box.add(notice("g", alert))
			box.wake <- struct{}{}
		}
		tell()
		time.Sleep(20 * time.Second)
		alert.Ended = time.Now()
		tell()
		time.Sleep(69 * time.Second)
		if n := len(fake.Calls("chat.postMessage")); n != 1 {
			t.Errorf("%d calls within the time that Slack asked for, want 1", n)
		}
		time.Sleep(10 * time.Second)
		heads := fake.Heads()
		if len(heads) != 1 || !strings.Contains(heads[0].All(), "Resolved") || !strings.Contains(heads[0].All(), "Late by 1 min 30 s") || len(fake.Replies(heads[0].TS)) > 0 {
			t.Errorf("messages = %+v, want one that says that it is over and late", heads)
		}
		stop()
	})
}
