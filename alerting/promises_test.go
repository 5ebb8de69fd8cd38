package alerting_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"gatewatch/alerting"
)

// These tests hold the engine to what rule files promise. That Prometheus' own packages do most of it does not show that
// they are wired so that it works.

// state returns the only alert's state, "" when there is none.
func (r *rig) state() string {
	r.t.Helper()
	switch all := r.engine.Alerts(); len(all) {
	case 0:
		return ""
	case 1:
		return all[0].State
	default:
		r.t.Fatalf("Alerts() = %+v, want one at most", all)
		return ""
	}
}

// states ticks n times and writes the first letters of the states after each: p, f, or a dot.
func (r *rig) states(n int) string {
	r.t.Helper()
	var b strings.Builder
	for range n {
		r.tick()
		b.WriteString((r.state() + ".")[:1])
	}
	return b.String()
}

func TestForAndKeepFiringFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(only(t, config(nil), strings.Replace(stateRule("broken > 0", ""), "    labels", "    for: 15s\n    keep_firing_for: 20s\n    labels", 1)))
	set := func(value float64) { r.broken.WithLabelValues("stripe", "a").Set(value) }
	got := ""
	set(1)
	got += r.states(2) + " "
	set(0)
	got += r.states(1) + " "
	set(1)
	got += r.states(5) + " "
	set(0)
	got += r.states(3) + " "
	set(1)
	got += r.states(2) + " "
	set(0)
	got += r.states(6)
	if want := "pp . pppff fff ff ffff.."; got != want {
		t.Errorf("states = %q, want %q", got, want)
	}
}

// TestRecordedSeries has rules read what others wrote in the same evaluation, in the group and in one before it.
func TestRecordedSeries(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(only(t, config(nil), `
groups:
- name: a
  interval: 5s
  rules:
  - {record: 'provider:broken:sum', expr: 'sum by (provider) (broken)', labels: {team: pay}}
- name: b
  interval: 5s
  rules:
  - {record: 'provider:broken:double', expr: '2 * provider:broken:sum'}
  - {alert: Double, expr: 'provider:broken:double > 5'}
`))
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.ticks(2)
	r.fires("below", "", "")
	r.broken.WithLabelValues("stripe", "b").Set(2)
	r.tick()
	r.fires("above", "Double stripe", "")
	if a := r.engine.Alerts()[0]; a.Value != 6 || a.Labels["team"] != "pay" {
		t.Errorf("alert = %+v, want 6 with the recorded label", a)
	}
	r.broken.Reset()
	r.tick()
	r.fires("when what it is made of is gone", "", "")
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(only(t, config(nil), `
groups:
- name: g
  interval: 5s
  rules:
  - alert: Broken
    expr: broken > 0
    labels: {where: '{{ $labels.provider }}-{{ $labels.part | toUpper }}'}
    annotations:
      share: '{{ $value | humanizePercentage }}'
      others: '{{ range query "sort(broken == 0)" }}{{ .Labels.provider }} {{ end }}'
      link: '{{ externalURL }}'
      wrong: '{{ template "none" }}'
`))
	r.broken.WithLabelValues("stripe", "a").Set(0.25)
	r.broken.WithLabelValues("adyen", "a").Set(0)
	r.tick()
	r.broken.WithLabelValues("stripe", "a").Set(0.5)
	r.tick()
	got := r.engine.Alerts()[0]
	for name, want := range map[string]string{"share": "50%", "others": "adyen ", "link": "http://127.0.0.1:9600/?a=1&b=2", "wrong": "<error expanding template"} {
		if !strings.HasPrefix(got.Annotations[name], want) {
			t.Errorf("annotation %s = %q, want %q", name, got.Annotations[name], want)
		}
	}
	if got.Labels["where"] != "stripe-A" {
		t.Errorf("labels = %v, want where=stripe-A", got.Labels)
	}
}

// slowRule waits for a quarter of an hour.
func slowRule() string {
	return strings.Replace(stateRule("broken > 0", ""), "    labels", "    for: 15m\n    labels", 1)
}

// TestPendingOverRestart restarts the agent while an alert waits: it goes on waiting where it was. The time that the agent
// was down does not count.
func TestPendingOverRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cfg := only(t, config(nil), slowRule())
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	jump := func(d time.Duration) {
		for end := r.ts.Add(d - 5*time.Second); r.ts.Before(end); {
			r.ts = r.ts.Add(55 * time.Second)
			r.tick()
		}
	}
	r.tick()
	jump(8 * time.Minute)
	since := r.engine.Alerts()[0].Since
	r.kill(cfg)
	r.ts = r.ts.Add(3 * time.Minute)
	r.tick()
	if got, want := r.engine.Alerts()[0].Since.Sub(since).Round(time.Minute), 3*time.Minute; r.state() != "pending" || got != want {
		t.Errorf("%s since %v later than before, want pending since %v later", r.state(), got, want)
	}
	jump(6 * time.Minute)
	if r.state() != "pending" {
		t.Errorf("%s after 14 min, want pending", r.state())
	}
	jump(2 * time.Minute)
	if r.state() != "firing" {
		t.Errorf("%s after 16 min, want firing", r.state())
	}
}

// TestKeepFiringOverRestart restarts the agent while an alert fires on without its condition: it does for as long as its rule
// says, as if there had been no restart.
func TestKeepFiringOverRestart(t *testing.T) {
	t.Parallel()
	f := func(more, want string) {
		t.Helper()
		r := newRig(t)
		cfg := only(t, config(nil), strings.Replace(stateRule("broken > 0", ""), "    labels", more+"    keep_firing_for: 40s\n    labels", 1))
		r.start(cfg)
		r.broken.WithLabelValues("stripe", "a").Set(1)
		got := r.states(5) + " "
		r.broken.WithLabelValues("stripe", "a").Set(0)
		got += r.states(3) + " "
		r.kill(cfg)
		got += r.states(8)
		if got != want {
			t.Errorf("%sstates = %q, want %q", more, got, want)
		}
		r.stop()
	}
	f("", "fffff fff fffff...")
	f("    for: 15s\n", "pppff fff fffff...")
}

// TestReloadKeepsStates exchanges rules beside an alert that waits, and one that fires on for a while: for both nothing
// changes, and what recorded series say goes on.
func TestReloadKeepsStates(t *testing.T) {
	t.Parallel()
	f := func(name, before, after string) {
		t.Helper()
		r := newRig(t)
		cfg := only(t, config(nil), before)
		r.broken.WithLabelValues("stripe", "a").Set(1)
		r.start(cfg)
		r.ticks(3)
		old := r.engine.Alerts()
		if len(old) != 1 {
			t.Fatalf("%s: Alerts() = %+v, want one", name, old)
		}
		if err := os.WriteFile(cfg.Rules[0], []byte(after), 0o600); err != nil {
			t.Fatal(err)
		}
		r.ts = r.ts.Add(time.Minute)
		if err := r.engine.Reload(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		r.tick()
		same := func(a alerting.Alert) bool { return a.Since.Equal(old[0].Since) && a.State == old[0].State }
		if now := r.engine.Alerts(); len(now) != 1 || !same(now[0]) {
			t.Errorf("%s: Alerts() = %+v, want as before: %+v", name, now, old)
		}
	}
	slow := slowRule()
	f("the same rules", slow, slow)
	f("another rule in the group", slow, slow+"  - {record: a, expr: vector(1)}\n")
	f("another text", slow, strings.Replace(slow, "is broken", "does not work", 1))
	f("another expression", slow, strings.Replace(slow, "> 0", ">= 1", 1))
	f("a longer interval", slow, strings.Replace(slow, "interval: 5s", "interval: 6s", 1))
	f("a firing alert", brokenRule, brokenRule+"  - {record: a, expr: vector(1)}\n")
}

// TestReloadKeepsFlapping exchanges the rule of an alert that is held.
func TestReloadKeepsFlapping(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	text := stateRule("broken > 0", "")
	cfg := only(t, config(nil), text)
	r.start(cfg)
	for range 5 {
		for _, value := range []float64{1, 0} {
			r.broken.WithLabelValues("stripe", "a").Set(value)
			r.tick()
		}
	}
	r.fires("before", "Broken stripe", "Flapping: ")
	if err := os.WriteFile(cfg.Rules[0], []byte(strings.Replace(text, "is broken", "does not work", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.engine.Reload(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	r.tick()
	r.fires("after the reload", "Broken stripe", "Flapping: ")
	if err := os.WriteFile(cfg.Rules[0], []byte(stateRule("broken > 0", ", gatewatch_flapping: off")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.engine.Reload(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	r.tick()
	r.fires("when it is switched off", "", "")
}
