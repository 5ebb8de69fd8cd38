package outbox

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/fakeslack"
)

// TestBriefIncidentWhileLimited has an incident begin and end while Slack takes nothing for a minute and a half: Slack is
// left alone for that long, and one message then tells of the incident and that it is late.
func TestBriefIncidentWhileLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake, log := fakeslack.New(), slog.New(slog.DiscardHandler)
		cfg := receivers.SlackConfig{Token: fakeslack.Token, Channel: fakeslack.Channel, APIURL: "http://slack.test"}
		slack, err := receivers.NewSlack(cfg, receivers.SlackOptions{Threads: t.TempDir(), Log: log, Transport: fake})
		if err != nil {
			t.Fatal(err)
		}
		told, err := ledger.Open(filepath.Join(t.TempDir(), "nflog"), log)
		if err != nil {
			t.Fatal(err)
		}
		box, err := open(t.TempDir(), always(slack), told, &muted{}, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var work sync.WaitGroup
		work.Go(func() { box.run(ctx) })
		synctest.Wait()
		fake.Answer("chat.postMessage", fakeslack.Answer{Status: http.StatusTooManyRequests, RetryAfter: "90"})
		begun := time.Now()
		tell := func(ended time.Time) {
			box.add(receivers.Notice{Created: time.Now(), Told: receivers.Told{GroupKey: "g"}, Alerts: []receivers.Alert{{
				Name: "A", Severity: "critical", Labels: map[string]string{"alertname": "A"}, Since: begun, Ended: ended,
			}}})
			box.wake <- struct{}{}
		}
		tell(time.Time{})
		time.Sleep(20 * time.Second)
		tell(time.Now())
		time.Sleep(69 * time.Second)
		if n := len(fake.Calls("chat.postMessage")); n != 1 {
			t.Errorf("%d calls within the time that Slack asked for, want 1", n)
		}
		time.Sleep(10 * time.Second)
		heads := fake.Heads()
		if len(heads) != 1 || !strings.Contains(heads[0].All(), "Resolved") || !strings.Contains(heads[0].All(), "Late by 1 min 30 s") || len(fake.Replies(heads[0].TS)) > 0 {
			t.Errorf("messages = %+v, want one that says that it is over and late", heads)
		}
		cancel()
		work.Wait()
	})
}
