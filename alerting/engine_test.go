package alerting_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/common/model"
	"github.com/slack-go/slack/slacktest"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/crashcopy"
	"gatewatch/internal/fakeslack"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
	"gatewatch/internal/testlog"
	"gatewatch/series"
)

// rig is a metrics store that a test fills and samples by hand, and an engine on it.
type rig struct {
	t        *testing.T
	store    *series.Store
	attempts *prometheus.CounterVec
	broken   *prometheus.GaugeVec
	ts       time.Time
	dir      string
	engine   *alerting.Engine
	own      *prometheus.Registry
	log      *testlog.Log
	stop     func()

	mu      sync.Mutex
	changes []string
}

// newRig starts at a time so long ago that all that tests do is in the past: alerts end when they say.
func newRig(t *testing.T) *rig {
	t.Helper()
	reg := prometheus.NewRegistry()
	r := &rig{t: t, ts: time.Now().Add(-30 * time.Minute).Truncate(time.Second), dir: t.TempDir(), log: &testlog.Log{},
		attempts: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{Name: "payment_attempts_total"}, []string{"provider", "outcome"}),
		broken:   promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{Name: "broken"}, []string{"provider", "part"}),
	}
	store, err := series.Open(filepath.Join(t.TempDir(), "series"), series.DefaultConfig(), reg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	r.store = store
	return r
}

// config has a webhook of the fake and groups that are told at once.
func config(f *fakeSlack) alerting.Config {
	cfg := alerting.DefaultConfig()
	cfg.GroupWait = model.Duration(50 * time.Millisecond)
	cfg.GroupInterval = model.Duration(200 * time.Millisecond)
	cfg.ExternalURL = "http://127.0.0.1:9600/?a=1&b=2"
	if f != nil {
		cfg.Slack = []receivers.SlackConfig{{Token: fakeToken, Channel: fakeChannel, APIURL: f.URL}}
	}
	return cfg
}

// only makes the rules of text the only ones.
func only(t *testing.T, cfg alerting.Config, text string) alerting.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Packs, cfg.Rules = nil, []string{file}
	return cfg
}

const brokenRule = `
groups:
- name: g
  interval: 5s
  rules:
  - alert: Broken
    expr: broken > 0
    labels: {severity: critical, verdict: provider}
    annotations: {summary: '{{ $labels.provider }} is <broken> & more'}
`

// start starts an engine on the rig's folder. The engine before must have been stopped.
func (r *rig) start(cfg alerting.Config) {
	r.t.Helper()
	r.prepare(cfg)
	r.run()
}

// prepare makes the engine, run lets it run.
func (r *rig) prepare(cfg alerting.Config) {
	r.t.Helper()
	r.own = prometheus.NewRegistry()
	e, err := alerting.New(cfg, r.store, r.dir, "pay-gw-01", slog.New(slog.NewTextHandler(r.log, nil)), r.own)
	if err != nil {
		r.t.Fatal(err)
	}
	r.engine = e
	e.Subscribe(func(c alerting.Change) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes = append(r.changes, fmt.Sprint(c.Alert.Name, " ", c.Fired))
	})
}

func (r *rig) run() {
	e := r.engine
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("Run() = %v, want nil", err)
		}
	})
	r.t.Cleanup(r.stop)
}

// tick takes a sample 5 s after the last and evaluates the rules.
func (r *rig) tick() {
	r.t.Helper()
	r.ts = r.ts.Add(5 * time.Second)
	if err := r.store.Sample(r.t.Context(), r.ts); err != nil {
		r.t.Fatal(err)
	}
	r.engine.Evaluate(r.t.Context(), r.ts)
}

func (r *rig) metric(name string) float64 {
	r.t.Helper()
	families, err := r.own.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.Metric[0].GetCounter().GetValue() + f.Metric[0].GetGauge().GetValue()
		}
	}
	r.t.Fatalf("no metric %s", name)
	return 0
}

// patience is how long tests wait for what other goroutines bring about. What comes ends the wait.
const patience = time.Minute

// until waits for what another goroutine brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestFromCountersToSlack goes the whole way with the shipped rules: an incident is told once and its end once, though
// Slack says "too often" to the first attempt.
func TestFromCountersToSlack(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t, answer{Status: 429, RetryAfter: "1"})
	r := newRig(t)
	r.start(config(f))
	run := func(ticks, down int) {
		for range ticks {
			r.attempts.WithLabelValues("alipay", "approved").Add(250)
			r.attempts.WithLabelValues("wechatpay", "approved").Add(float64(250 - down))
			r.attempts.WithLabelValues("wechatpay", "provider_down").Add(float64(down))
			r.tick()
		}
	}
	run(20, 0)
	if got := r.engine.Alerts(); len(got) != 0 {
		t.Fatalf("Alerts() = %v while all is well", got)
	}
	run(1, 200)
	active := r.engine.Alerts()
	if len(active) != 1 || active[0].Name != "PaymentProviderDown" || active[0].State != "firing" || active[0].Verdict != "provider" ||
		active[0].Severity != "critical" || !active[0].Since.Equal(r.ts) {
		t.Fatalf("Alerts() after the first sample with failures = %+v", active)
	}
	run(5, 200)
	firing := f.wait(t, 1)[0]
	run(30, 0)
	over := f.wait(t, 2)
	resolved, reply := over[0], over[1]

	for _, want := range []string{
		"🔴 WeChat Pay is failing, on their side", "critical · since <!date^", "*Technical failures*\n", "*Payments lost*\nabout ",
		"Providers that fail: 1 of 2 with traffic", "*Success*\n", "Open", "Runbook: docs/runbooks/PaymentProviderDown.md", "pay-gw-01",
	} {
		if !strings.Contains(firing.All(), want) {
			t.Errorf("firing message has no %q:\n%s", want, firing.All())
		}
	}
	for _, want := range []string{"🟢 Resolved: WeChat Pay is failing", "lasted 1 min 5 s", "*Payments lost*\nabout 1,2"} {
		if !strings.Contains(resolved.All(), want) {
			t.Errorf("resolved message has no %q:\n%s", want, resolved.All())
		}
	}
	for _, want := range []string{"🟢 *Resolved: WeChat Pay is failing", "lasted 1 min 5 s", "Payments lost: about 1,2"} {
		if !strings.Contains(reply.Text, want) || reply.ThreadTS != resolved.TS {
			t.Errorf("reply in the thread %s of %s has no %q:\n%s", reply.ThreadTS, resolved.TS, want, reply.Text)
		}
	}
	if !resolved.Has("data_visualization") {
		t.Errorf("resolved message has no chart: %+v", resolved.Blocks)
	}
	r.stop()
	// The refused attempt, the message and the reply. How often the message is changed depends on how long that takes.
	if got, posts := f.wait(t, 2), len(f.Calls("chat.postMessage")); len(got) != 2 || posts != 3 {
		t.Errorf("Slack has %d messages after %d were posted, want 2 after 3", len(got), posts)
	}
	if s, n := r.metric("gatewatch_notifications_sent_total"), r.metric("gatewatch_notifications_retried_total"); s != 2 || n != 1 {
		t.Errorf("sent %v, retried %v, want 2 and 1", s, n)
	}
	if got, want := fmt.Sprint(r.changes), "[PaymentProviderDown true PaymentProviderDown false]"; got != want {
		t.Errorf("changes = %s, want %s", got, want)
	}
}

// TestKilledBeforeSending starts a second engine on what the first had on disk while it could not reach Slack.
func TestKilledBeforeSending(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	f.down.Store(true)
	r := newRig(t)
	cfg := only(t, config(f), brokenRule)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	until(t, "the first attempt", func() bool { return r.metric("gatewatch_notifications_retried_total") > 0 })
	r.crash()
	f.down.Store(false)
	r.start(cfg)
	r.tick()
	r.tick()
	f.wait(t, 1)
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.waitEnd(f, 2)
	r.stop()
	got := f.wait(t, 2)
	if len(got) != 2 || !strings.Contains(got[0].History[0], "🔴 Stripe is ‹broken› & more, on their side") ||
		!strings.Contains(got[0].Text, "🟢 Resolved: Stripe") || !strings.Contains(got[1].Text, "🟢 *Resolved: Stripe") {
		t.Errorf("messages = %+v, want one that it began, changed when it ended, and a reply", got)
	}
	if got := r.metric("gatewatch_notification_oldest_unsent_seconds"); got != 0 {
		t.Errorf("oldest unsent = %v s, want 0", got)
	}
}

// kill makes a new engine on a copy of the folder as it is this moment, and lets the old one end without a trace.
func (r *rig) kill(cfg alerting.Config) {
	r.t.Helper()
	r.crash()
	r.start(cfg)
}

// crash ends the engine and leaves a copy of its folder as it was before.
func (r *rig) crash() {
	r.t.Helper()
	left := crashcopy.Dir(r.t, r.dir)
	r.stop()
	r.dir = left
}

// waitEnd is f.wait for the end of an alert that was evaluated just before: Alertmanager may take in that it fires after
// that it is over, and hears with the next evaluations that it is.
func (r *rig) waitEnd(f *fakeSlack, n int) []fakeslack.Message {
	r.t.Helper()
	var next time.Time
	until(r.t, fmt.Sprint(n, " messages, the end among them"), func() bool {
		if now := time.Now(); now.After(next) {
			r.tick()
			next = now.Add(500 * time.Millisecond)
		}
		return len(f.Messages()) >= n
	})
	return f.Messages()
}

// sent waits until the first receiver took everything and the outbox knows that: killed between a receiver's answer and
// its own note of it, an engine tells that once more.
func (r *rig) sent() {
	r.t.Helper()
	until(r.t, "the outbox is empty", func() bool { return r.engine.Receivers()[0].Unsent == 0 })
}

// TestToldOnceOverRestart has the message sent and the engine killed: it must not be sent again, and the end of the
// alert, which nobody saw, is told.
func TestToldOnceOverRestart(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), brokenRule)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	f.wait(t, 1)
	since := r.engine.Alerts()[0].Since
	r.sent()
	r.kill(cfg)
	r.tick()
	if got := r.engine.Alerts(); len(got) != 1 || !got[0].Since.Equal(since) {
		t.Errorf("Alerts() after the restart = %+v, want one since %v", got, since)
	}
	r.kill(cfg)
	r.broken.WithLabelValues("stripe", "a").Set(0)
	for range 14 {
		r.tick()
	}
	got := f.wait(t, 2)
	r.stop()
	if got = f.wait(t, 2); len(got) != 2 || !strings.Contains(got[1].Text, "Resolved") {
		t.Errorf("messages = %+v, want one that it began and one that it ended", got)
	}
}

func TestManyAlertsAreOneMessage(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	for i := range 60 {
		r.broken.WithLabelValues("stripe", fmt.Sprint("part", i, strings.Repeat(" <&> 长", 100))).Set(1)
	}
	r.prepare(only(t, config(f), strings.Replace(brokenRule, "& more", "{{ $labels.part }}'\n, description: '{{ $labels.part }}{{ $labels.part }}{{ $labels.part }}{{ $labels.part }}", 1)))
	r.tick() // all are there before the group may be told
	r.run()
	m := f.wait(t, 1)[0]
	if len(m.Blocks) == 0 || !strings.Contains(m.All(), "more alerts") {
		t.Errorf("message = %q, want blocks that say how many more alerts there are", m.All())
	}
	r.stop()
	if len(f.Messages()) != 1 || len(f.Calls("")) != 1 {
		t.Errorf("%d messages after %d calls, want 1", len(f.Messages()), len(f.Calls("")))
	}
}

func TestRefusedBlocksGoAsText(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t, answer{Err: "invalid_blocks"})
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(only(t, config(f), brokenRule))
	r.tick()
	if m := f.wait(t, 1)[0]; len(m.Blocks) != 0 || !strings.Contains(m.Text, "Stripe") {
		t.Errorf("message = %+v, want plain text", m)
	}
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t, answer{Err: "invalid_blocks"}, answer{Err: "msg_too_long"})
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(only(t, config(f), brokenRule))
	r.tick()
	until(t, "the message is given up", func() bool { return r.metric("gatewatch_notifications_failed_total") == 1 })
	r.sent()
	if got := r.engine.Receivers()[0].LastError; got != "slack: msg_too_long" {
		t.Errorf("LastError = %q", got)
	}
}

func TestBlockedMessagesAreKept(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), brokenRule)
	wrong := cfg
	wrong.Slack = []receivers.SlackConfig{{Token: "xoxb-wrong-token", Channel: fakeChannel, APIURL: f.URL}}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(wrong)
	r.tick()
	until(t, "the error", func() bool { return r.engine.Receivers()[0].LastError == "slack: invalid_auth" })
	if s := r.engine.Receivers()[0]; s.Unsent != 1 || r.metric("gatewatch_notifications_failed_total") != 1 {
		t.Errorf("Receivers() = %+v, want one message kept and counted as failed", s)
	}
	if err := r.engine.Test(t.Context()); err == nil || err.Error() != "slack: slack: invalid_auth" {
		t.Errorf("Test() = %v", err)
	}
	r.stop()
	r.start(cfg)
	f.wait(t, 1)
}

func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(nil), brokenRule)
	cfg.Slack = []receivers.SlackConfig{{WebhookURL: secret.Secret(f.URL + webhookPath)}}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	f.stop()
	r.start(cfg)
	r.tick()
	until(t, "a failed attempt", func() bool { return r.engine.Receivers()[0].LastError != "" })
	err := r.engine.Test(t.Context())
	texts := map[string]string{"log": r.log.String(), "error": fmt.Sprint(err), "status": fmt.Sprintf("%+v", r.engine.Receivers())}
	if !strings.Contains(texts["error"], "connection refused") {
		t.Errorf("Test() = %v, want the reason", err)
	}
	left := crashcopy.Dir(t, r.dir)
	werr := fs.WalkDir(os.DirFS(left), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(left, path))
		texts[path] = string(text)
		return err
	})
	if werr != nil || len(texts) < 5 {
		t.Fatalf("read %d texts, %v", len(texts), werr)
	}
	for name, text := range texts {
		if strings.Contains(text, "fakesecretpath") {
			t.Errorf("%s has the webhook's address: %s", name, text)
		}
	}
}

// lines is a log in which everything fails.
type lines struct{}

func (lines) Merchants(_ context.Context, provider string, _, _ time.Time, limit int) ([]receivers.Merchant, int, error) {
	return []receivers.Merchant{{Name: provider + "-<shop>", Failed: 1200}, {Name: "M2", Failed: limit}}, 7, nil
}

func (lines) Failing(_ context.Context, provider string, _, to time.Time, limit int) ([]receivers.Line, error) {
	return []receivers.Line{{At: to, Text: fmt.Sprint("SYSTEM_ERROR from ", provider, ", one of ", limit)}}, nil
}

// TestSeveralChannels tells two channels, each in its language, one of them only what is severe.
func TestSeveralChannels(t *testing.T) {
	t.Parallel()
	all, severe := newFakeSlack(t), newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(all), strings.Replace(brokenRule, "{summary", "{technical: '50%', summary", 1)+strings.Replace(strings.ReplaceAll(brokenRule[strings.Index(brokenRule, "  - alert"):], "Broken", "Minor"), "critical", "warning", 1))
	cfg.Slack = append(cfg.Slack, receivers.SlackConfig{
		Name: "night", Token: fakeToken, Channel: fakeChannel, APIURL: severe.URL, Language: "zh", MinSeverity: "critical",
		Mentions: map[string][]string{"critical": {"here", "U024BE7LH"}},
	})
	cfg.Links = []receivers.Link{{Name: "Kibana", URL: "https://kibana.example/?q={provider}"}}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.prepare(cfg)
	r.engine.ShowLines(lines{})
	r.run()
	r.tick()
	all.wait(t, 2)
	got := severe.wait(t, 1)
	r.stop()
	for _, want := range []string{"🔴 Stripe", "原因在对方", "严重", "<!here> <@U024BE7LH>", "SYSTEM_ERROR from stripe, one of 3", "受影响商户：stripe-&lt;shop&gt;（1,200 笔）, M2（5 笔）, 另有 7 家", "<https://kibana.example/?q=stripe|Kibana>"} {
		if !strings.Contains(got[0].All(), want) {
			t.Errorf("message has no %q:\n%s", want, got[0].All())
		}
	}
	if n := len(severe.wait(t, 1)); n != 1 {
		t.Errorf("%d messages where only critical ones are told, want 1", n)
	}
	if m := all.wait(t, 2)[0]; strings.Contains(m.All(), "<!here>") || strings.Contains(m.All(), "原因") {
		t.Errorf("message of the first channel = %q, want English without mentions", m.All())
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t, answer{Status: 404, Err: "no_service"})
	r := newRig(t)
	cfg := config(nil)
	cfg.Slack = []receivers.SlackConfig{{WebhookURL: secret.Secret(f.URL + webhookPath), Language: "zh"}}
	r.start(cfg)
	if err := r.engine.Test(t.Context()); err == nil || !strings.Contains(err.Error(), "404 Not Found") || !strings.Contains(err.Error(), "no_service") {
		t.Errorf("Test() with a removed webhook = %v", err)
	}
	if err := r.engine.Test(t.Context()); err != nil {
		t.Errorf("Test() = %v", err)
	}
	if m := f.wait(t, 1)[0]; !strings.Contains(m.All(), "测试：Gatewatch 可以联系到您") {
		t.Errorf("message = %q", m.All())
	}
}

// TestAgainstSlackGo lets slack-go's own test server judge the call.
func TestAgainstSlackGo(t *testing.T) {
	t.Parallel()
	s := slacktest.NewTestServer()
	s.Start()
	defer s.Stop()
	r := newRig(t)
	cfg := config(nil)
	cfg.Slack = []receivers.SlackConfig{{Token: fakeToken, Channel: "C024BE91L", APIURL: s.GetAPIURL()}}
	r.start(cfg)
	if err := r.engine.Test(t.Context()); err != nil {
		t.Errorf("Test() = %v", err)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), brokenRule)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	f.wait(t, 1)
	since := r.engine.Alerts()[0].Since

	if err := os.WriteFile(cfg.Rules[0], []byte("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	var mistakes invalid.Mistakes
	if err := r.engine.Reload(t.Context(), cfg); !errors.As(err, &mistakes) {
		t.Errorf("Reload of a bad file = %v, want mistakes", err)
	}
	r.tick()
	if len(r.engine.Alerts()) != 1 {
		t.Errorf("Alerts() = %v after a failed reload, want the old rule's", r.engine.Alerts())
	}

	changed := strings.Replace(brokenRule, "broken > 0", "broken >= 1", 1)
	if err := os.WriteFile(cfg.Rules[0], []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.engine.Reload(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	r.tick()
	if got := r.engine.Alerts(); len(got) != 1 || !got[0].Since.Equal(since) {
		t.Errorf("Alerts() = %+v after a changed rule, want one since %v", got, since)
	}

	cfg.Rules = nil
	if err := r.engine.Reload(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if m := r.waitEnd(f, 2)[1]; !strings.Contains(m.Text, "Resolved") {
		t.Errorf("message after the rule is gone = %q, want its end", m.Text)
	}
}
