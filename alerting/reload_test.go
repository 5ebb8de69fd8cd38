package alerting_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/alerting/routing"
	"gatewatch/internal/secret"
)

// settled waits until a group would have been told again if something were new.
func settled() { <-time.After(time.Second) }

// toldAs returns the messages of h, a line each: status, and the alerts in it.
func (h *hook) toldAs() string {
	var b strings.Builder
	for _, m := range h.messages() {
		fmt.Fprint(&b, m.Status)
		for _, a := range m.Alerts {
			fmt.Fprint(&b, " ", a.Labels["part"], "=", a.Status)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (h *hook) wait(t *testing.T, want string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for h.toldAs() != want {
		if time.Now().After(deadline) {
			t.Fatalf("told:\n%swant:\n%s", h.toldAs(), want)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (r *rig) reload(cfg alerting.Config) {
	r.t.Helper()
	if err := r.engine.Reload(r.t.Context(), cfg); err != nil {
		r.t.Fatal(err)
	}
}

// TestRoutes sends alerts to the receivers that routes name.
func TestRoutes(t *testing.T) {
	t.Parallel()
	all, stripe := newHook(t), newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.broken.WithLabelValues("alipay", "b").Set(1)
	cfg := stripe.to(all.to(config(nil), ""), "")
	cfg.Routing.Route = &routing.Route{Receiver: "webhook", Routes: []routing.Route{{Receiver: "webhook-2", Matchers: []string{"provider=stripe"}}}}
	r.start(only(t, cfg, brokenRule))
	r.tick()
	all.wait(t, "firing b=firing\n")
	stripe.wait(t, "firing a=firing\n")
}

// TestReloadOfRoutes changes routes so that the group of an open incident is another one: nothing is told twice, the
// incident goes on in its message, and its end is told there.
func TestReloadOfRoutes(t *testing.T) {
	t.Parallel()
	f, h := newFakeSlack(t), newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := only(t, h.to(config(f), ""), brokenRule)
	r.start(cfg)
	r.tick()
	f.wait(t, 1)
	h.wait(t, "firing a=firing\n")

	both := routing.Route{Receiver: "slack", Matchers: []string{"severity=critical"}, Continue: true}
	cfg.Routing.Route = &routing.Route{Receiver: "webhook", Routes: []routing.Route{both, {Receiver: "webhook", Matchers: []string{`provider=~"s.*"`}}}}
	r.reload(cfg)
	settled()
	if got := len(f.Messages()); got != 1 || h.toldAs() != "firing a=firing\n" {
		t.Fatalf("after the reload Slack has %d messages, the webhook was told\n%s", got, h.toldAs())
	}
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.tick()
	h.wait(t, "firing a=firing\nfiring a=firing b=firing\n")
	// A restart knows it, too.
	r.stop()
	r.start(cfg)
	r.tick()
	settled()
	// One after the other: two that end at once may be told together, or not.
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	h.wait(t, "firing a=firing\nfiring a=firing b=firing\nfiring b=firing a=resolved\n")
	r.broken.WithLabelValues("stripe", "b").Set(0)
	r.tick()
	h.wait(t, "firing a=firing\nfiring a=firing b=firing\nfiring b=firing a=resolved\nresolved b=resolved\n")
	for _, m := range h.messages() {
		if m.GroupKey != h.messages()[0].GroupKey {
			t.Errorf("GroupKey = %s, want %s as before the reload", m.GroupKey, h.messages()[0].GroupKey)
		}
	}
	until(t, "the end on Slack", func() bool { heads := f.Heads(); return len(heads) > 0 && strings.Contains(heads[0].All(), "🟢") })
	if got := len(f.Heads()); got != 1 {
		t.Errorf("Slack has %d messages of one incident", got)
	}
}

// TestRestartWithOtherRoutes ends the process while an incident is open and starts one whose routes make another group of
// it: nothing is told twice, and the end is told where the beginning was.
func TestRestartWithOtherRoutes(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := only(t, h.to(config(nil), ""), brokenRule)
	r.start(cfg)
	r.tick()
	h.wait(t, "firing a=firing\n")
	r.stop()
	cfg.Routing.Route = &routing.Route{Receiver: "webhook", Routes: []routing.Route{{Matchers: []string{"provider=stripe"}, GroupBy: []string{"alertname"}}}}
	r.start(cfg)
	r.tick()
	settled()
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	h.wait(t, "firing a=firing\nresolved a=resolved\n")
	if all := h.messages(); all[0].GroupKey != all[1].GroupKey {
		t.Errorf("GroupKey = %s, want %s as before the restart", all[1].GroupKey, all[0].GroupKey)
	}
}

// TestEndOfWhatIsInhibited has an alert that was told become pointless because of another one: its end is told all the same.
func TestEndOfWhatIsInhibited(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := only(t, h.to(config(nil), ""), brokenRule)
	cfg.Routing.InhibitRules = []routing.InhibitRule{{SourceMatchers: []string{"provider=alipay"}, TargetMatchers: []string{"provider=stripe"}}}
	r.start(cfg)
	r.tick()
	h.wait(t, "firing a=firing\n")
	r.broken.WithLabelValues("alipay", "b").Set(1)
	r.tick()
	h.wait(t, "firing a=firing\nfiring b=firing\n")
	settled() // what inhibits hears of alerts by a way of its own
	r.broken.WithLabelValues("stripe", "c").Set(1)
	r.tick()
	settled()
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.broken.WithLabelValues("stripe", "c").Set(0)
	r.tick()
	h.wait(t, "firing a=firing\nfiring b=firing\nresolved a=resolved\n")
}

// TestReloadOfReceivers takes a receiver away while it cannot be reached, and gives it back: its message arrives then,
// and others go on undisturbed.
func TestReloadOfReceivers(t *testing.T) {
	t.Parallel()
	one, two := newHook(t), newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := one.to(config(nil), "")
	with := two.to(cfg, "")
	away := with
	away.Receivers.Webhooks = append(away.Receivers.Webhooks[:1:1], receivers.WebhookConfig{URL: secret.Secret("http://127.0.0.1:1/x")})
	away = only(t, away, brokenRule)
	cfg.Packs, cfg.Rules, with.Packs, with.Rules = nil, away.Rules, nil, away.Rules
	r.start(away)
	r.tick()
	one.wait(t, "firing a=firing\n")
	until(t, "a message that waits", func() bool { all := r.engine.Receivers(); return all[1].Unsent == 1 && all[1].LastError != "" })
	r.reload(cfg)
	if got := r.engine.Receivers(); len(got) != 1 {
		t.Fatalf("Receivers() = %+v, want one", got)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, "outbox", "webhook-2", "*.json")); len(left) != 1 {
		t.Errorf("unsent messages of the receiver that went: %q, want one", left)
	}
	r.reload(with)
	two.wait(t, "firing a=firing\n")
	settled()
	if one.toldAs() != "firing a=firing\n" || two.toldAs() != "firing a=firing\n" {
		t.Errorf("told\n%sand\n%swant each once", one.toldAs(), two.toldAs())
	}
	bad := with
	bad.Routing.Route = &routing.Route{Receiver: "nobody"}
	if err := r.engine.Reload(t.Context(), bad); err == nil {
		t.Error("Reload() with a route to nobody = nil")
	}
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	one.wait(t, "firing a=firing\nresolved a=resolved\n")
	two.wait(t, "firing a=firing\nresolved a=resolved\n")
}

// TestMaintenance mutes what begins in a window. The end of what was told before is told in it, and what still fires
// afterwards then.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := only(t, h.to(config(nil), ""), brokenRule)
	r.start(cfg)
	r.tick()
	h.wait(t, "firing a=firing\n")

	window := cfg
	window.Routing.Maintenance = []routing.Window{{
		Comment: "stripe moves", Matchers: []string{"provider=stripe"}, Interval: routing.Interval{Times: []routing.TimeRange{{Start: "00:00", End: "24:00"}}},
	}}
	r.reload(window)
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.broken.WithLabelValues("alipay", "c").Set(1)
	r.tick()
	h.wait(t, "firing a=firing\nfiring c=firing\n")
	settled()
	for _, a := range r.engine.Alerts() {
		if want := map[string]string{"stripe": "stripe moves"}[a.Labels["provider"]]; a.Muted != want {
			t.Errorf("Muted of %v = %q, want %q", a.Labels, a.Muted, want)
		}
	}
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	h.wait(t, "firing a=firing\nfiring c=firing\nresolved a=resolved\n")
	settled()
	r.reload(cfg)
	h.wait(t, "firing a=firing\nfiring c=firing\nresolved a=resolved\nfiring b=firing\n")
}

// TestExternalLabels shows them in alerts, beside and below their own labels, and in templates.
func TestExternalLabels(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := h.to(config(nil), "")
	cfg.ExternalLabels = map[string]string{"cluster": "eu", "severity": "none"}
	r.start(only(t, cfg, `
groups:
- name: g
  interval: 5s
  rules:
  - {alert: Broken, expr: broken > 0, labels: {severity: critical, where: '{{ $externalLabels.cluster }}'}}
`))
	r.tick()
	h.wait(t, "firing a=firing\n")
	got := h.messages()[0].Alerts[0].Labels
	if got["cluster"] != "eu" || got["severity"] != "critical" || got["where"] != "eu" || r.engine.Alerts()[0].Labels["cluster"] != "eu" {
		t.Errorf("labels = %v, alerts %+v", got, r.engine.Alerts())
	}
}

// TestRefusedReload has new routes and receivers come with a rule file that is broken: all stays as it was.
func TestRefusedReload(t *testing.T) {
	t.Parallel()
	before, after := newHook(t), newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := only(t, before.to(config(nil), ""), brokenRule)
	r.start(cfg)
	r.tick()
	before.wait(t, "firing a=firing\n")
	wrong := only(t, after.to(config(nil), ""), "groups: [{name: g, rules: [{alert: Broken, expr: 'broken >'}]}]")
	if err := r.engine.Reload(t.Context(), wrong); err == nil {
		t.Fatal("Reload() = nil, want the mistake")
	}
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.tick()
	before.wait(t, "firing a=firing\nfiring a=firing b=firing\n")
	if got := after.toldAs(); got != "" {
		t.Errorf("the new receiver was told %s", got)
	}
	r.stop()
}
