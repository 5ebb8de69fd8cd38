package receivers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/fakeslack"
	"gatewatch/internal/testlog"
)

// slackTest is a Slack receiver in front of the fake, inside a bubble of testing/synctest.
type slackTest struct {
	*testing.T
	fake  *fakeslack.Server
	dir   string
	cfg   receivers.SlackConfig
	slack *receivers.Slack
	log   *testlog.Log

	process atomic.Int32 // the one that lives
}

// process is the way to Slack of one process: dead ones neither send nor hear.
type process struct {
	test *slackTest
	id   int32
}

var errDead = errors.New("the process is dead")

func (p *process) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.id != p.test.process.Load() {
		return nil, errDead
	}
	resp, err := p.test.fake.RoundTrip(r)
	if p.id != p.test.process.Load() {
		return nil, errDead
	}
	return resp, err
}

// inSlack runs f on the clock of a bubble.
func inSlack(t *testing.T, f func(t *slackTest)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slackTest{T: t, fake: fakeslack.New(), dir: t.TempDir(), log: &testlog.Log{}, cfg: receivers.SlackConfig{
			Token: fakeslack.Token, Channel: fakeslack.Channel, APIURL: "http://slack.test",
		}}
		s.restart()
		f(s)
	})
}

// restart makes a receiver from what is in the folder, as a new process does.
func (t *slackTest) restart() {
	t.Helper()
	s, err := receivers.NewSlack(t.cfg, receivers.SlackOptions{
		Threads: t.dir, Log: slog.New(slog.NewTextHandler(t.log, nil)), Transport: &process{test: t, id: t.process.Load()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.slack = s
}

// deliver sends n until it arrives, as the outbox does, and returns how often it had to.
func (t *slackTest) deliver(n receivers.Notice) (tries int) {
	t.Helper()
	for tries = 1; tries < 10; tries++ {
		err := t.slack.Send(t.Context(), n, 0)
		if err == nil {
			return tries
		}
		wait := time.Second
		if failure, ok := errors.AsType[*receivers.SendError](err); ok {
			wait = max(wait, failure.After)
			if failure.Refused || failure.Blocked {
				t.Fatalf("Send() = %v, want it to get through", err)
			}
		}
		time.Sleep(wait)
	}
	t.Fatal("not delivered")
	return 0
}

// heads fails unless the channel has as many messages of its own, and returns them.
func (t *slackTest) heads(want int) []fakeslack.Message {
	t.Helper()
	got := t.fake.Heads()
	if len(got) != want {
		t.Fatalf("the channel has %d messages, want %d: %+v", len(got), want, got)
	}
	return got
}

// replies fails unless the thread has as many messages, and returns them.
func (t *slackTest) replies(ts string, want int) []fakeslack.Message {
	t.Helper()
	got := t.fake.Replies(ts)
	if len(got) != want {
		t.Fatalf("the thread has %d messages, want %d: %+v", len(got), want, got)
	}
	return got
}

func (t *slackTest) has(text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in %q", w, text)
		}
	}
}

// ids number the notices of a test.
func one(id int, alerts ...receivers.Alert) receivers.Notice {
	n := receivers.Notice{ID: fmt.Sprintf("%04d", id), Created: time.Now(), Alerts: alerts, Told: receivers.Told{GroupKey: "g"}}
	n.Cut()
	return n
}

func alert(severity, part string, since time.Time) receivers.Alert {
	lost := 412.0
	return receivers.Alert{
		Name: "PaymentProviderDown", Severity: severity, Verdict: "provider", Since: since, Lost: &lost,
		Labels:      map[string]string{"provider": "wechatpay", "part": part, "severity": severity},
		Annotations: map[string]string{"summary": "wechatpay " + part + " is failing"},
	}
}

func over(a receivers.Alert) receivers.Alert {
	a.Ended = time.Now()
	return a
}

// TestIncidentIsOneMessage follows an incident from its start over a second alert to its end.
func TestIncidentIsOneMessage(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		time.Sleep(time.Minute)
		b := alert("critical", "web", time.Now())
		t.deliver(one(2, a, b))
		head := t.heads(1)[0]
		t.has(head.All(), "WeChat Pay app is failing", "WeChat Pay web is failing", "(1 min")
		t.has(t.replies(head.TS, 1)[0].Text, "🔴 *WeChat Pay web is failing")
		time.Sleep(time.Minute)
		a = over(a)
		t.deliver(one(3, a, b))
		t.has(t.replies(head.TS, 2)[1].Text, "🟢 *Resolved: WeChat Pay app is failing", "lasted 2 min", "about 412")
		time.Sleep(time.Hour)
		t.deliver(one(4, b))
		t.has(t.replies(head.TS, 3)[2].Text, "🔴 Still so: *WeChat Pay web is failing")
		t.deliver(one(5, over(b)))
		head = t.heads(1)[0]
		t.has(head.All(), "🟢 Resolved: WeChat Pay web is failing", "lasted 1 h 1 min", "about 412")
		t.has(t.replies(head.TS, 4)[3].Text, "🟢 *Resolved: WeChat Pay web is failing")
		if head.Edits != 4 {
			t.Errorf("the message was changed %d times, want 4", head.Edits)
		}
		time.Sleep(6 * time.Minute)
		t.deliver(one(6, alert("critical", "app", time.Now())))
		t.heads(2)
	})
}

// TestIncidentThatComesBack has an alert end and begin again: within minutes it is the same incident, said in the channel.
func TestIncidentThatComesBack(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.cfg.Mentions = map[string][]string{"critical": {"here"}}
		t.restart()
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		t.deliver(one(2, over(a)))
		time.Sleep(time.Minute)
		b := alert("critical", "app", time.Now())
		t.deliver(one(3, b))
		head := t.heads(1)[0]
		t.has(head.All(), "🔴 WeChat Pay app", "<!here>")
		reply := t.replies(head.TS, 2)[1]
		t.has(reply.Text, "🔴 *WeChat Pay app is failing", "<!here>")
		if !reply.Broadcast {
			t.Error("the reply does not stand in the channel")
		}
		t.deliver(one(4, over(b)))
		if reply := t.replies(head.TS, 3)[2]; reply.Broadcast || strings.Contains(reply.Text, "<!here>") {
			t.Errorf("the end is %+v, want no noise", reply)
		}
		t.deliver(one(5, alert("warning", "app", time.Now())))
		t.deliver(one(6, alert("critical", "app", time.Now())))
		t.heads(2)
	})
}

// TestAnythingFits sends incidents of all sizes, with texts that are too long or of nothing but markup: Slack refuses
// none of them.
func TestAnythingFits(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		r := rand.New(rand.NewPCG(1, 2))
		texts := []string{"", "a", "<&>", "```", "系统异常", "<!channel>", strings.Repeat("<", 3100), strings.Repeat("长", 3100), "\xff\n", "https://x.example/" + strings.Repeat("y", 3000)}
		text := func() string { return texts[r.IntN(len(texts))] + texts[r.IntN(len(texts))] }
		for i := range 24 {
			n := one(i)
			n.Told.GroupKey = fmt.Sprint(i / 3)
			for range 1 + r.IntN(40) {
				a := alert([]string{"critical", "warning", text()}[r.IntN(3)], text(), time.Now())
				a.Name, a.Labels["provider"] = text(), text()
				for _, name := range []string{"summary", "description", "success", "expected", "latency", "technical", "attempts", "runbook_url"} {
					a.Annotations[name] = text()
				}
				a.Annotations["reasons"] = "own_errors most_providers timeouts_everywhere no_connection probe_refused others_well their_errors declines"
				if r.IntN(3) == 0 {
					a = over(a)
				}
				n.Alerts = append(n.Alerts, a)
				n.Lines = append(n.Lines, receivers.Line{At: time.Now(), Text: text()})
			}
			n.Cut()
			t.deliver(n)
		}
		for _, m := range t.fake.Messages() {
			if len(m.Blocks) == 0 && m.ThreadTS == "" && !strings.HasPrefix(m.Text, "⬆") {
				t.Errorf("went as plain text, its blocks were refused: %.100q", m.Text)
			}
		}
	})
}

// TestThreadThatTakesNothing has the thread locked: the change is told in a message of its own.
func TestThreadThatTakesNothing(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		t.fake.Answer("chat.postMessage", fakeslack.Answer{Err: "restricted_action_thread_locked"})
		t.deliver(one(2, over(a)))
		t.has(t.heads(2)[1].All(), "🟢 Resolved")
		t.fake.Answer("chat.update", fakeslack.Answer{Err: "something_new"}, fakeslack.Answer{Err: "something_new"})
		b := alert("critical", "app", time.Now())
		t.deliver(one(3, b))
		t.has(t.heads(3)[2].All(), "🔴 WeChat Pay")
	})
}

func TestRisingSeverityIsANewMessage(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		a := alert("warning", "app", time.Now())
		t.deliver(one(1, a))
		t.deliver(one(2, a, alert("critical", "app", time.Now())))
		heads := t.heads(2)
		t.has(heads[0].All(), "⬆ Now more severe", "is failing")
		t.has(heads[1].All(), "🔴 WeChat Pay app is failing")
		t.replies(heads[0].TS, 0)
		t.deliver(one(3, a, over(alert("critical", "app", time.Now()))))
		t.heads(2)
		t.has(t.replies(heads[1].TS, 1)[0].Text, "Resolved")
	})
}

func TestMessageThatCannotBeChangedIsPostedAnew(t *testing.T) {
	for _, err := range []string{"message_not_found", "edit_window_closed", "cant_update_message"} {
		t.Run(err, func(t *testing.T) {
			inSlack(t, func(t *slackTest) {
				a := alert("critical", "app", time.Now())
				t.deliver(one(1, a))
				first := t.heads(1)[0]
				want := 2
				if err == "message_not_found" {
					t.fake.Delete(first.TS)
					want = 1
				} else {
					t.fake.Lock(first.TS, err)
				}
				if got := t.slack.Open(); len(got) != 1 || t.slack.Refresh(t.Context(), got[0]) != nil {
					t.Errorf("Refresh of %+v failed", got)
				}
				t.heads(want - 1)
				t.deliver(one(2, over(a)))
				last := t.heads(want)[want-1]
				t.has(last.All(), "🟢 Resolved: WeChat Pay app is failing")
				t.replies(last.TS, 0)
			})
		})
	}
}

// TestDeletedBetweenChangeAndReply has the message go away in the middle of telling.
func TestDeletedBetweenChangeAndReply(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		first := t.heads(1)[0]
		t.fake.After(func(method string) {
			if method == "chat.update" {
				t.fake.Delete(first.TS)
			}
		})
		t.deliver(one(2, over(a)))
		t.has(t.heads(1)[0].All(), "🟢 Resolved")
	})
}

func TestRefreshChangesTheMessageSilently(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.deliver(one(1, alert("critical", "app", time.Now())))
		time.Sleep(5 * time.Minute)
		open := t.slack.Open()
		if len(open) != 1 {
			t.Fatalf("Open() = %+v, want one", open)
		}
		lost := 999.0
		open[0].Alerts[0].Lost = &lost
		if err := t.slack.Refresh(t.Context(), open[0]); err != nil {
			t.Fatal(err)
		}
		head := t.heads(1)[0]
		t.has(head.All(), "about 999", "(5 min)")
		t.replies(head.TS, 0)
	})
}

// TestKilledAnywhere kills the process after each call of Slack, before it can write down the answer, and lets the next
// one deliver the same notice: nothing may be there twice.
func TestKilledAnywhere(t *testing.T) {
	for kill := 1; kill <= 5; kill++ {
		t.Run(fmt.Sprint("call ", kill), func(t *testing.T) {
			inSlack(t, func(t *slackTest) {
				// The channel's id is known from an earlier incident.
				earlier := one(0, over(alert("warning", "old", time.Now())))
				earlier.Told.GroupKey = "earlier"
				t.deliver(earlier)
				time.Sleep(time.Second)
				left, calls := filepath.Join(t.TempDir(), "left"), 0
				t.fake.After(func(string) {
					if calls++; calls == kill {
						if err := os.CopyFS(left, os.DirFS(t.dir)); err != nil {
							t.Error(err)
						}
						t.process.Add(1)
					}
				})
				a := alert("critical", "app", time.Now())
				notices := []receivers.Notice{one(1, a), one(2, a, alert("critical", "web", time.Now())), one(3, over(a))}
				for _, n := range notices {
					if err := t.slack.Send(t.Context(), n, 0); err == nil {
						continue
					}
					if calls >= kill && t.dir != left {
						t.dir = left
						t.restart()
					}
					t.deliver(n)
				}
				head := t.heads(2)[1]
				t.replies(head.TS, 2)
				t.has(head.All(), "Resolved")
			})
		})
	}
}

// TestLostAnswers has Slack take each message and answer with an error all the same.
func TestLostAnswers(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		earlier := one(0, over(alert("warning", "old", time.Now())))
		earlier.Told.GroupKey = "earlier"
		t.deliver(earlier)
		lost := fakeslack.Answer{Status: 502, Taken: true}
		t.fake.Answer("chat.postMessage", lost, lost)
		a := alert("critical", "app", time.Now())
		if tries := t.deliver(one(1, a)); tries != 2 {
			t.Errorf("delivered after %d tries, want 2", tries)
		}
		t.deliver(one(2, over(a)))
		t.replies(t.heads(2)[1].TS, 1)

		t.fake.Answer("chat.postMessage", fakeslack.Answer{Stall: true, Taken: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.Sleep(10 * time.Minute)
		b := one(3, alert("critical", "app", time.Now()))
		if err := t.slack.Send(ctx, b, 0); err == nil {
			t.Error("Send() to a stalled Slack = nil, want an error")
		}
		t.deliver(b)
		t.heads(3)
	})
}

// TestLostAnswerWithoutHistory shows what is left without the scope: told twice, and said why.
func TestLostAnswerWithoutHistory(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.cfg.Channel = fakeslack.ChannelID
		t.restart()
		t.fake.Revoke("channels:history")
		t.fake.Answer("chat.postMessage", fakeslack.Answer{Status: 502, Taken: true})
		t.deliver(one(1, alert("critical", "app", time.Now())))
		t.heads(2)
		t.has(t.log.String(), "may be there twice", "channels:history")
	})
}

func TestRefusalsAndLimits(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		began := time.Now()
		t.fake.Answer("chat.postMessage", fakeslack.Answer{Status: 429, RetryAfter: "7"})
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		if waited := time.Since(began); waited < 7*time.Second || waited > 9*time.Second {
			t.Errorf("waited %v, want what Retry-After said", waited)
		}
		t.fake.Answer("chat.update", fakeslack.Answer{Err: "invalid_blocks"}, fakeslack.Answer{Pass: true}, fakeslack.Answer{Status: 500})
		t.deliver(one(2, over(a)))
		head := t.heads(1)[0]
		if len(head.Blocks) != 0 || !strings.Contains(head.Text, "Resolved") {
			t.Errorf("message = %+v, want plain text", head)
		}
		// Nobody sends faster than one message a second: the fake would have said so.
		for i := range 5 {
			n := one(10+i, alert("critical", "app", time.Now()))
			n.Told.GroupKey = fmt.Sprint(i)
			if tries := t.deliver(n); tries != 1 {
				t.Errorf("notice %d delivered after %d tries, want 1", i, tries)
			}
		}
		t.deliver(one(99, a))
	})
}

func TestDamagedThreadIsSetAside(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		for name, text := range map[string]string{"a.json": "{half", "b.json": "{}"} {
			if err := os.WriteFile(filepath.Join(t.dir, name), []byte(text), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		t.restart()
		t.deliver(one(1, alert("critical", "app", time.Now())))
		left, err := filepath.Glob(filepath.Join(t.dir, "*.damaged"))
		if err != nil || len(left) != 2 {
			t.Errorf("set aside: %v, %v, want 2", left, err)
		}
	})
}

// withCharts runs f with a receiver that makes charts.
func (t *slackTest) withCharts(f func(reg *prometheus.Registry)) {
	t.Helper()
	reg := prometheus.NewRegistry()
	s, err := receivers.NewSlack(t.cfg, receivers.SlackOptions{
		Threads: t.dir, Log: slog.New(slog.NewTextHandler(t.log, nil)), Transport: t.fake, Metrics: reg,
		Chart: func(_ context.Context, a receivers.Alert, now time.Time) *receivers.Chart {
			return &receivers.Chart{Percent: true, From: a.Since.Add(-time.Hour), To: now, Since: a.Since, Until: now,
				Values:   []receivers.Point{{At: a.Since.Add(-30 * time.Minute), Value: 0.968}, {At: a.Since, Value: 1}, {At: now, Value: 0.4125}},
				Expected: []receivers.Point{{At: a.Since, Value: 0.97}}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.slack = s
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	})
	f(reg)
	cancel()
	g.Wait()
}

// charts returns the counts of charts by result.
func charts(t *slackTest, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if l.GetName() == "result" {
					counts[l.GetValue()] = m.GetCounter().GetValue()
				}
			}
		}
	}
	return counts
}

func TestChartsGoIntoTheThread(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.fake.RefuseCharts()
		t.withCharts(func(reg *prometheus.Registry) {
			a := alert("critical", "app", time.Now())
			t.deliver(one(1, a))
			synctest.Wait()
			t.deliver(one(2, a, alert("critical", "web", time.Now())))
			t.deliver(one(3, over(a)))
			synctest.Wait()
			files, head := t.fake.Files(), t.heads(1)[0]
			if len(files) != 2 || files[0].ThreadTS != head.TS || files[0].Title != "WeChat Pay: Success" {
				t.Errorf("files = %d, want one at the start and one at the end in %s: %+v", len(files), head.TS, t.log)
			}
			if got := charts(t, reg); got["sent"] != 2 {
				t.Errorf("charts = %v, want 2 sent", got)
			}
		})
	})
}

// TestSlackDrawsCharts has Slack draw the chart itself, in the message, and nothing is uploaded.
func TestSlackDrawsCharts(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.cfg.TimeZone = "Asia/Shanghai"
		t.withCharts(func(*prometheus.Registry) {
			a := alert("critical", "app", time.Now())
			t.deliver(one(1, a))
			time.Sleep(10 * time.Minute)
			if err := t.slack.Refresh(t.Context(), t.slack.Open()[0]); err != nil {
				t.Fatal(err)
			}
			t.deliver(one(2, over(a)))
			synctest.Wait()
			head := t.heads(1)[0]
			if n := len(t.fake.Files()); n > 0 {
				t.Errorf("%d pictures, want none", n)
			}
			t.has(fmt.Sprint(head.Blocks), "data_visualization", "WeChat Pay: Success", "Success %", "Usual", "41.3", "label:08:06")
		})
	})
}

// TestChartsAreTriedOnce has a Slack without charts of its own: the message comes without one, and the next at once.
func TestChartsAreTriedOnce(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.fake.RefuseCharts()
		t.withCharts(func(*prometheus.Registry) {
			for i := range 3 {
				n := one(i, alert("critical", "app", time.Now()))
				n.Told.GroupKey = fmt.Sprint(i)
				t.deliver(n)
			}
			for _, m := range t.heads(3) {
				if len(m.Blocks) == 0 {
					t.Error("went as plain text, want only the chart left out")
				}
			}
			if got := len(t.fake.Calls("chat.postMessage")); got != 4 {
				t.Errorf("%d calls for 3 messages, want one more", got)
			}
		})
	})
}

// TestChartsDelayNothing has uploads fail in every way, and messages arrive as if there were none.
func TestChartsDelayNothing(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		t.fake.RefuseCharts()
		t.fake.Answer("files.getUploadURLExternal", fakeslack.Answer{Stall: true}, fakeslack.Answer{Status: 500}, fakeslack.Answer{Status: 429, RetryAfter: "9"})
		t.withCharts(func(reg *prometheus.Registry) {
			began := time.Now()
			for i := range 12 {
				n := one(i, alert("critical", "app", time.Now()))
				n.Told.GroupKey = fmt.Sprint(i)
				t.deliver(n)
			}
			if took := time.Since(began); took > 13*time.Second {
				t.Errorf("12 messages took %v, want one a second", took)
			}
			time.Sleep(2 * time.Minute)
			t.fake.Revoke("files:write")
			t.deliver(one(20, alert("critical", "app", time.Now())))
			synctest.Wait()
			t.heads(13)
			if got := charts(t, reg); got["failed"] < 4 || got["dropped"] == 0 && got["sent"] == 0 {
				t.Errorf("charts = %v, want some that failed", got)
			}
			t.has(t.log.String(), "no chart in the thread", "files:write")
		})
	})
}
