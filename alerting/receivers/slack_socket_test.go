package receivers_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/crashcopy"
	"gatewatch/internal/fakeslack"
	"gatewatch/internal/secret"
)

// memoryDesk is a desk that remembers what it was asked for.
type memoryDesk struct {
	mu    sync.Mutex
	deeds []receivers.Deed
	stand receivers.Handling
	// acting is called before anything is done; nil for nothing.
	acting func()
}

func (d *memoryDesk) Act(_ context.Context, _ *receivers.Notice, a receivers.Deed) (receivers.Handling, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.acting != nil {
		d.acting()
	}
	fresh := true
	switch a.Kind {
	case receivers.DeedAcknowledge:
		if fresh = d.stand.Acknowledged == nil || d.stand.Acknowledged.Same(a); fresh {
			d.stand.Acknowledged = &a
		}
	case receivers.DeedSilence:
		d.stand.Silence = &receivers.Silence{By: a.By.Name, Until: a.Until, Own: true}
	case receivers.DeedUnsilence:
		d.stand.Silence = nil
	case receivers.DeedFalseAlarm:
		d.stand.FalseAlarm = &a
	}
	d.deeds = append(d.deeds, a)
	return d.stand, fresh, nil
}

func (d *memoryDesk) Status(context.Context) receivers.Status {
	return receivers.Status{
		Providers: []receivers.ProviderStatus{{Name: "wechatpay", Success: 0.412, Usual: 0.968}},
		Alerts:    []receivers.Alert{alert("critical", "app", time.Now().Add(-7*time.Minute))},
		Silences:  []receivers.Silence{{By: "amtool", What: "alertname=X", Until: time.Now().Add(time.Hour)}},
		Lag:       2 * time.Second, Known: true, Unsent: 3,
	}
}

func (d *memoryDesk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.deeds)
}

// pressTest is a Slack receiver with buttons.
type pressTest struct {
	*slackTest
	desk *memoryDesk
	dir  string // of what was pressed
	stop func() // ends the process
}

var lin = fakeslack.User{ID: "U0LIN", Name: "lin.wei"}

// inSocket runs f with a receiver whose buttons work. configure may change its configuration before.
func inSocket(t *testing.T, configure func(c *receivers.SlackConfig), f func(t *pressTest)) {
	inSlack(t, func(s *slackTest) {
		s.cfg.AppToken, s.cfg.TimeZone, s.cfg.Morning = fakeslack.AppToken, "Asia/Shanghai", "08:30"
		if configure != nil {
			configure(&s.cfg)
		}
		p := &pressTest{slackTest: s, desk: &memoryDesk{}, dir: s.TempDir()}
		p.start()
		defer func() { p.stop() }()
		f(p)
	})
}

// start makes the receiver and its socket as a new process does, and waits for the connection.
func (t *pressTest) start() {
	t.Helper()
	t.restart()
	id := t.process.Load()
	sockets, err := receivers.NewSockets([]*receivers.Slack{t.slack}, t.desk, receivers.SocketOptions{
		Dir: t.dir, Log: slog.New(slog.NewTextHandler(t.log, nil)), Transport: &process{test: t.slackTest, id: id},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if id != t.process.Load() {
				return nil, errDead
			}
			return t.fake.Dial(ctx, network, addr)
		},
	})
	if err != nil || len(sockets) != 1 {
		t.Fatalf("NewSockets() = %d sockets, %v, want one", len(sockets), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() {
		if err := sockets[0].Run(ctx); err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	})
	t.stop = func() {
		cancel()
		g.Wait()
		t.fake.Disconnect("")
		synctest.Wait()
	}
	t.connected()
}

// connected waits until the socket is.
func (t *pressTest) connected() {
	t.Helper()
	for range 600 {
		synctest.Wait()
		if t.fake.Connections() == 1 {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("%d connections, want 1; %s", t.fake.Connections(), t.log)
}

// press presses a button of the newest head and waits until all is done.
func (t *pressTest) press(u fakeslack.User, action, choice string) {
	t.Helper()
	heads := t.fake.Heads()
	if err := t.fake.Press(u, heads[len(heads)-1].TS, "gatewatch_"+action, choice); err != nil {
		t.Fatalf("press %s: %v", action, err)
	}
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

func (t *pressTest) whispers(want ...string) {
	t.Helper()
	got := t.fake.Whispers()
	if len(got) == 0 {
		t.Fatalf("nobody was answered, want %q", want)
	}
	t.has(got[len(got)-1].Text, want...)
}

func TestButtons(t *testing.T) {
	inSocket(t, nil, func(t *pressTest) {
		t.cfg.Mentions = map[string][]string{"critical": {"here"}}
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		if got := fmt.Sprint(t.heads(1)[0].Buttons()); got != "[gatewatch_acknowledge gatewatch_silence gatewatch_false_alarm]" {
			t.Errorf("buttons = %v", got)
		}
		t.press(lin, "acknowledge", "")
		head := t.heads(1)[0]
		t.has(head.All(), "Acknowledged by <@U0LIN> at")
		t.has(t.replies(head.TS, 1)[0].Text, "✋ <@U0LIN> takes care of it.")
		t.has(t.log.String(), `msg="incident action"`, "action=acknowledge", "result=done", "user_id=U0LIN", "user=lin.wei", "incident=g", "alert=PaymentProviderDown")
		pressed := time.Now()
		t.press(lin, "silence", "4h")
		t.has(t.heads(1)[0].All(), "Silenced until")
		t.has(t.replies(head.TS, 2)[1].Text, "🔕 <@U0LIN> silenced it until")
		if until := t.desk.deeds[1].Until; until.Sub(pressed).Round(time.Minute) != 4*time.Hour {
			t.Errorf("silenced for %v, want 4 hours", until.Sub(pressed))
		}
		if got := fmt.Sprint(t.heads(1)[0].Buttons()); got != "[gatewatch_unsilence gatewatch_false_alarm]" {
			t.Errorf("buttons = %v", got)
		}
		t.press(lin, "unsilence", "")
		t.has(t.replies(head.TS, 3)[2].Text, "🔔 <@U0LIN> ended the silence.")
		t.press(lin, "silence", "morning")
		// The bubble's clock begins at midnight UTC, which is eight o'clock in Shanghai: 08:30 is soon.
		if until := t.desk.deeds[3].Until.UTC(); until.Format("15:04") != "00:30" || until.Sub(pressed) > 24*time.Hour {
			t.Errorf("silenced until %v, want the next 08:30 in Shanghai", until)
		}
		t.press(lin, "false_alarm", "")
		t.has(t.heads(1)[0].All(), "<@U0LIN> calls it a false alarm")
		n := one(2, over(a))
		n.Handling = &t.desk.stand
		t.deliver(n)
		head = t.heads(1)[0]
		t.has(head.All(), "🟢 Resolved", "Acknowledged by <@U0LIN>")
		if got := head.Buttons(); len(got) != 0 {
			t.Errorf("buttons of an incident that is over and judged = %v, want none", got)
		}
	})
}

// TestSecondPress has somebody press what another one had pressed: only he hears of it.
func TestSecondPress(t *testing.T) {
	inSocket(t, func(c *receivers.SlackConfig) { c.Language = "zh" }, func(t *pressTest) {
		t.deliver(one(1, alert("critical", "app", time.Now())))
		first := t.heads(1)[0].TS
		t.fake.Answer("chat.update", fakeslack.Answer{Status: 500}) // so that the button is still there
		if err := t.fake.Press(lin, first, "gatewatch_acknowledge", ""); err != nil {
			t.Fatal(err)
		}
		if err := t.fake.Press(fakeslack.User{ID: "U0BO", Name: "bo"}, first, "gatewatch_acknowledge", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		t.has(t.replies(first, 1)[0].Text, "<@U0LIN> 正在处理")
		t.whispers("<@U0LIN> 已先行处理")
		t.has(t.heads(1)[0].All(), "<@U0LIN> 已于", "认领")
	})
}

func TestWhoMayPress(t *testing.T) {
	allow := func(who ...string) func(c *receivers.SlackConfig) {
		return func(c *receivers.SlackConfig) { c.Allow = who }
	}
	f := func(name string, configure func(c *receivers.SlackConfig), prepare func(t *pressTest), wantDone bool, want ...string) {
		t.Run(name, func(t *testing.T) {
			inSocket(t, configure, func(t *pressTest) {
				if prepare != nil {
					prepare(t)
				}
				t.deliver(one(1, alert("critical", "app", time.Now())))
				head := t.heads(1)[0]
				t.press(lin, "acknowledge", "")
				if done := t.desk.count() == 1; done != wantDone {
					t.Errorf("done = %v, want %v", done, wantDone)
				}
				if wantDone {
					t.replies(head.TS, 1)
					return
				}
				t.replies(head.TS, 0)
				t.whispers(want...)
				if got := t.fake.Whispers()[0].To; got != lin.ID {
					t.Errorf("answered %s, want %s", got, lin.ID)
				}
				t.has(t.log.String(), "result=refused", "user_id=U0LIN")
			})
		})
	}
	f("everybody", nil, nil, true)
	f("named", allow("U0BO", "U0LIN"), nil, true)
	f("another", allow("U0BO"), nil, false, "You may not do that", "<@U0BO>", "alerting.slack.allow")
	f("in the group", allow("S0ONCALL"), func(t *pressTest) { t.fake.Group("S0ONCALL", "U0LIN") }, true)
	f("not in the group", allow("S0ONCALL"), func(t *pressTest) { t.fake.Group("S0ONCALL", "U0BO") }, false, "You may not do that", "<!subteam^S0ONCALL>")
	f("no scope", allow("S0ONCALL"), func(t *pressTest) { t.fake.Revoke("usergroups:read") }, false, "cannot be seen", "usergroups:read")
}

// TestPressAtAnotherAgent has Slack give a click to an agent that the incident is not of.
func TestPressAtAnotherAgent(t *testing.T) {
	inSocket(t, nil, func(t *pressTest) {
		t.deliver(one(1, alert("critical", "app", time.Now()))) // this agent has such an incident, too
		for i, host := range []string{"pay-gw-02", ""} {        // the second has the same name as this
			other, err := receivers.NewSlack(t.cfg, receivers.SlackOptions{
				Threads: t.TempDir(), Log: slog.New(slog.DiscardHandler), Transport: t.fake, Page: receivers.Page{Host: host},
			})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			if err := other.Send(t.Context(), one(i+2, alert("critical", "app", time.Now())), 0); err != nil {
				t.Fatal(err)
			}
			t.press(lin, "acknowledge", "")
			t.whispers("Nothing was done", "*"+host+"*", "a Slack app of its own")
		}
		if t.desk.count() != 0 {
			t.Error("the wrong agent did it")
		}
	})
}

// TestEnvelopeTwice delivers an envelope twice: nothing is done twice.
func TestEnvelopeTwice(t *testing.T) {
	inSocket(t, nil, func(t *pressTest) {
		t.deliver(one(1, alert("critical", "app", time.Now())))
		t.press(lin, "silence", "1h")
		if err := t.fake.Redeliver(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		t.replies(t.heads(1)[0].TS, 1)
		if got := t.desk.count(); got != 1 {
			t.Errorf("done %d times, want once", got)
		}
	})
}

// TestReconnects ends the connection in all the ways that Slack does.
func TestReconnects(t *testing.T) {
	for _, reason := range []string{"refresh_requested", "warning", "too_many_websockets", ""} {
		t.Run("reason "+reason, func(t *testing.T) {
			inSocket(t, nil, func(t *pressTest) {
				t.deliver(one(1, alert("critical", "app", time.Now())))
				t.fake.Disconnect(reason)
				time.Sleep(time.Millisecond)
				t.connected()
				t.press(lin, "acknowledge", "")
				t.replies(t.heads(1)[0].TS, 1)
			})
		})
	}
}

// TestNoStampede has Slack refuse connections for an hour: the agent asks less and less often.
func TestNoStampede(t *testing.T) {
	for name, a := range map[string]fakeslack.Answer{"unavailable": {Status: 503}, "internal error": {Err: "internal_error"}, "limited": {Status: 429, RetryAfter: "60"}} {
		t.Run(name, func(t *testing.T) {
			inSocket(t, nil, func(t *pressTest) {
				before := len(t.fake.Calls("apps.connections.open"))
				for range 1000 {
					t.fake.Answer("apps.connections.open", a)
				}
				t.fake.Disconnect("refresh_requested")
				time.Sleep(time.Hour)
				if got := len(t.fake.Calls("apps.connections.open")) - before; got < 10 || got > 80 {
					t.Errorf("asked %d times in an hour, want once a minute or so", got)
				}
			})
		})
	}
	t.Run("ended at once", func(t *testing.T) {
		inSocket(t, nil, func(t *pressTest) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			before := len(t.fake.Calls("apps.connections.open"))
			for ctx.Err() == nil {
				t.fake.Disconnect("too_many_websockets")
				time.Sleep(time.Second)
			}
			if got := len(t.fake.Calls("apps.connections.open")) - before; got > 60 {
				t.Errorf("connected %d times in an hour, want not more than once a minute or so", got)
			}
		})
	})
}

// TestRefusedAppToken says so, and goes on trying.
func TestRefusedAppToken(t *testing.T) {
	inSocket(t, nil, func(t *pressTest) {
		t.fake.Answer("apps.connections.open", fakeslack.Answer{Err: "invalid_auth"})
		t.fake.Disconnect("link_disabled")
		time.Sleep(time.Minute)
		t.has(t.log.String(), "Slack refuses the app token", "invalid_auth")
		time.Sleep(10 * time.Minute)
		t.connected()
		if strings.Contains(t.log.String(), fakeslack.AppToken) {
			t.Errorf("the token is in the log: %s", t.log)
		}
	})
}

// TestKilledWhilePressing kills the process at each step between the receipt and the end, and lets the next one go on.
func TestKilledWhilePressing(t *testing.T) {
	for _, step := range []string{"before acting", "before the reply", "reply posted", "message changed"} {
		t.Run(step, func(t *testing.T) {
			inSocket(t, nil, func(t *pressTest) {
				t.deliver(one(1, alert("critical", "app", time.Now())))
				head := t.heads(1)[0]
				var threads, presses string // as the process left them
				kill := func() {
					threads, presses = crashcopy.Dir(t, t.slackTest.dir), crashcopy.Dir(t, t.dir)
					t.process.Add(1)
				}
				switch step {
				case "before acting":
					t.desk.acting = func() {
						kill()
						t.desk.acting = nil
					}
				case "before the reply":
					t.fake.Answer("chat.postMessage", fakeslack.Answer{Status: 500}, fakeslack.Answer{Status: 500})
				default:
					method := map[string]string{"reply posted": "chat.postMessage", "message changed": "chat.update"}[step]
					done := false
					t.fake.After(func(called string) {
						if called == method && !done {
							done = true
							kill()
						}
					})
				}
				if err := t.fake.Press(lin, head.TS, "gatewatch_acknowledge", ""); err != nil {
					t.Fatal(err)
				}
				if step == "before the reply" {
					time.Sleep(time.Second)
					kill()
				}
				time.Sleep(5 * time.Second)
				t.stop()
				if threads != "" {
					t.slackTest.dir, t.dir = threads, presses
				}
				t.start()
				time.Sleep(time.Minute)
				synctest.Wait()
				t.has(t.heads(1)[0].All(), "Acknowledged by <@U0LIN>")
				t.replies(head.TS, 1)
				if files, _ := filepath.Glob(filepath.Join(t.dir, "slack", "*.json")); len(files) != 0 {
					t.Errorf("left over: %v", files)
				}
			})
		})
	}
}

// TestStoppedWhilePressing ends the sockets, as a reload does, while Slack is asked who may press: it is done afterwards.
func TestStoppedWhilePressing(t *testing.T) {
	inSocket(t, func(c *receivers.SlackConfig) { c.Allow = []string{"S0ONCALL"} }, func(t *pressTest) {
		t.fake.Group("S0ONCALL", "U0LIN")
		t.deliver(one(1, alert("critical", "app", time.Now())))
		head := t.heads(1)[0]
		stopped := make(chan struct{})
		asked := false
		t.fake.After(func(method string) {
			if method == "usergroups.users.list" && !asked {
				asked = true
				time.Sleep(time.Second)
				go func() { t.stop(); close(stopped) }()
				time.Sleep(time.Second)
				t.process.Add(1) // the answer does not arrive
			}
		})
		if err := t.fake.Press(lin, head.TS, "gatewatch_acknowledge", ""); err != nil {
			t.Fatal(err)
		}
		<-stopped
		t.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		t.has(t.heads(1)[0].All(), "Acknowledged by <@U0LIN>")
		if got := t.fake.Whispers(); len(got) != 0 {
			t.Errorf("answers = %+v, want none", got)
		}
	})
}

// TestSlackFailsAfterPress has Slack fail while it is told what somebody did: it was done at once, and is told later.
func TestSlackFailsAfterPress(t *testing.T) {
	inSocket(t, nil, func(t *pressTest) {
		t.deliver(one(1, alert("critical", "app", time.Now())))
		head := t.heads(1)[0]
		t.fake.Answer("chat.postMessage", fakeslack.Answer{Status: 502, Taken: true}, fakeslack.Answer{Status: 429, RetryAfter: "30"})
		t.fake.Answer("chat.update", fakeslack.Answer{Status: 503}, fakeslack.Answer{Status: 429, RetryAfter: "30"})
		t.press(lin, "silence", "1h")
		if t.desk.count() != 1 {
			t.Error("it was not done at once")
		}
		t.press(fakeslack.User{ID: "U0BO", Name: "bo"}, "acknowledge", "")
		time.Sleep(5 * time.Minute)
		replies := t.replies(head.TS, 2)
		t.has(replies[0].Text, "<@U0LIN> silenced it")
		t.has(replies[1].Text, "<@U0BO> takes care of it")
		t.has(t.heads(1)[0].All(), "Acknowledged by <@U0BO>", "Silenced until")
	})
}

// TestPressOnDeletedMessage has the message go away: what was pressed is done all the same.
func TestPressOnDeletedMessage(t *testing.T) {
	inSocket(t, nil, func(t *pressTest) {
		a := alert("critical", "app", time.Now())
		t.deliver(one(1, a))
		t.fake.Answer("chat.postMessage", fakeslack.Answer{Err: "thread_not_found"})
		t.press(lin, "acknowledge", "")
		n := one(2, a, alert("critical", "web", time.Now()))
		n.Handling = &t.desk.stand
		t.deliver(n)
		t.has(t.heads(2)[1].All(), "Acknowledged by <@U0LIN>")
	})
}

func TestSlashCommand(t *testing.T) {
	f := func(name, language, channel, text string, want ...string) {
		t.Run(name, func(t *testing.T) {
			inSocket(t, func(c *receivers.SlackConfig) { c.Language = language }, func(t *pressTest) {
				got, err := t.fake.Command(lin, channel, text)
				if err != nil {
					t.Fatal(err)
				}
				t.has(got, want...)
			})
		})
	}
	f("status", "en", "", "status", "WeChat Pay app is failing", "WeChat Pay: 41.2 % succeed (usually 96.8 %)", "`alertname=X` until", "2 s behind", "3 messages wait")
	f("status in Chinese", "zh", "", "", "微信支付：成功率 41.2 %（平时 96.8 %）", "1 条静默", "落后 2 秒")
	f("silences", "en", "", "silences", "1 silences", "by amtool")
	f("help", "en", "", "whatever", "`/gatewatch status`")
	f("elsewhere", "en", "C0ELSEWHERE", "status", "only answered in the channels", fakeslack.Channel)
	t.Run("not allowed", func(t *testing.T) {
		inSocket(t, func(c *receivers.SlackConfig) { c.Allow = []string{"U0BO"} }, func(t *pressTest) {
			got, err := t.fake.Command(lin, "", "status")
			if err != nil {
				t.Fatal(err)
			}
			t.has(got, "You may not do that")
		})
	})
}

// TestSocketsAreByApp has two channels of one app share a connection.
func TestSocketsAreByApp(t *testing.T) {
	inSlack(t, func(t *slackTest) {
		channel := func(name, token string) *receivers.Slack {
			cfg := t.cfg
			cfg.Name, cfg.AppToken = name, secret.Secret(token)
			s, err := receivers.NewSlack(cfg, receivers.SlackOptions{Threads: t.TempDir(), Log: slog.New(slog.DiscardHandler), Transport: http.DefaultTransport})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		all := []*receivers.Slack{channel("a", "xapp-1"), channel("b", "xapp-1"), channel("c", "xapp-2"), channel("d", "")}
		sockets, err := receivers.NewSockets(all, &memoryDesk{}, receivers.SocketOptions{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
		if err != nil || len(sockets) != 2 {
			t.Errorf("NewSockets() = %d, %v, want 2", len(sockets), err)
		}
	})
}
