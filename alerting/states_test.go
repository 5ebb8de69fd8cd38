package alerting_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting"
	"gatewatch/alerting/states"
)

// stateRule is a rule about broken with further annotations.
func stateRule(expr, more string) string {
	return `
groups:
- name: g
  interval: 5s
  rules:
  - alert: Broken
    expr: ` + expr + `
    labels: {severity: critical, verdict: provider}
    annotations: {summary: '{{ $labels.provider }} is broken', summary_zh: '坏了', description: 'Value {{ $value }}.'` + more + `}
`
}

// names are the alerts that fire, with their provider.
func (r *rig) names() string {
	var all []string
	for _, a := range r.engine.Alerts() {
		if a.State == "firing" {
			all = append(all, a.Name+" "+a.Labels["provider"])
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (r *rig) ticks(n int) {
	r.t.Helper()
	for range n {
		r.tick()
	}
}

// fires checks which alerts fire, and that the description of the first begins as it should.
func (r *rig) fires(when, want, description string) {
	r.t.Helper()
	if got := r.names(); got != want {
		r.t.Fatalf("%s: %q fires, want %q", when, got, want)
	}
	if want == "" {
		return
	}
	if got := r.engine.Alerts()[0].Annotations["description"]; !strings.HasPrefix(got, description) {
		r.t.Errorf("%s: description %q, want it to begin with %q", when, got, description)
	}
}

// TestNoData has the series of a firing alert vanish, and that of one which is well.
func TestNoData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, more, soon, later, text string }{
		{"as Prometheus", "", "", "", ""},
		{"keep", ", gatewatch_no_data: keep, gatewatch_no_data_for: 1m", "Broken stripe", "Broken stripe", "No data since "},
		{"keep for some time", ", gatewatch_no_data: keep, gatewatch_no_data_for: 20s, gatewatch_no_data_until: 30s", "Broken stripe", "", ""},
		{"alert", ", gatewatch_no_data: alert, gatewatch_no_data_for: 1m", "Broken stripe", "Broken adyen, Broken stripe", "No data since "},
		{"keep on what another query says", ", gatewatch_no_data: keep, gatewatch_data_query: 'payment_attempts_total'", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.broken.WithLabelValues("stripe", "a").Set(7)
			r.broken.WithLabelValues("adyen", "a").Set(0)
			r.attempts.WithLabelValues("stripe", "approved").Add(1)
			r.start(only(t, config(nil), stateRule("sum by (provider) (broken > 0)", c.more)))
			r.ticks(2)
			r.fires("at first", "Broken stripe", "Value 7.")
			r.broken.Reset()
			r.ticks(3)
			r.fires("15 s without data", c.soon, "Value 7.")
			r.ticks(10)
			r.fires("65 s without data", c.later, c.text)
			if want := strings.Count(c.later, "Broken"); r.metric("gatewatch_alerts_without_data") != float64(want) {
				t.Errorf("gatewatch_alerts_without_data = %v, want %d", r.metric("gatewatch_alerts_without_data"), want)
			}
			if strings.Contains(c.later, "adyen") {
				for _, a := range r.engine.Alerts() {
					if a.Labels["provider"] == "adyen" && (a.Text("summary", "en") != "No data: Adyen is broken" || a.Text("summary", "zh") != "无数据：坏了") {
						t.Errorf("summary = %q, %q", a.Text("summary", "en"), a.Text("summary", "zh"))
					}
				}
			}
			r.broken.WithLabelValues("stripe", "a").Set(0)
			r.broken.WithLabelValues("adyen", "a").Set(0)
			r.ticks(2)
			r.fires("with data that are well", "", "")
		})
	}
}

// TestDataThatNeverCame is for a rule that must have data, and for one that need not.
func TestDataThatNeverCame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	text := stateRule(`broken{provider="stripe"} > 0`, ", gatewatch_no_data: alert, gatewatch_no_data_for: 20s") +
		strings.ReplaceAll(stateRule(`broken{provider="adyen"} > 0`, "")[len("\ngroups:"):], "name: g", "name: other")
	r.start(only(t, config(nil), text))
	r.ticks(4)
	r.fires("after 15 s", "", "")
	r.ticks(2)
	r.fires("after 25 s", "Broken stripe", "No data since ")
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.tick()
	r.fires("with data", "Broken stripe", "Value 1.")
}

// TestNoDataOverRestart restarts the agent while there are no data: no "resolved" may come of that.
func TestNoDataOverRestart(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), stateRule("broken > 0", ", gatewatch_no_data: keep, gatewatch_no_data_for: 10s"))
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	f.wait(t, 1)
	r.sent()
	r.kill(cfg)
	r.broken.Reset()
	r.ticks(20)
	r.fires("long after the restart", "Broken stripe", "No data since ")
	r.broken.WithLabelValues("stripe", "a").Set(0)
	if m := r.waitEnd(f, 2); !strings.Contains(m[1].Text, "Resolved") || !strings.Contains(strings.Join(m[0].History, ""), "Stripe is broken") {
		t.Errorf("messages = %+v, want the end when there are data again", m)
	}
	r.stop()
	if n := len(f.wait(t, 2)); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// failingRule cannot be evaluated while a provider has two parts.
const failingExpr = "broken == on (provider) broken > 0"

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, more, soon, later, hour string }{
		{"keep", "", "Broken stripe", "Broken stripe", ""},
		{"ok", ", gatewatch_on_error: ok", "", "", ""},
		{"alert", ", gatewatch_on_error: alert", "Broken stripe", "Broken stripe", "Broken stripe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.broken.WithLabelValues("stripe", "a").Set(1)
			r.start(only(t, config(nil), stateRule(failingExpr, c.more)))
			r.tick()
			r.fires("at first", "Broken stripe", "Value 1.")
			r.broken.WithLabelValues("stripe", "b").Set(1)
			r.tick()
			r.fires("after one failure", c.soon, "The rule cannot be evaluated since ")
			r.ticks(3)
			r.fires("after four failures", c.later, "The rule cannot be evaluated since ")
			if n := r.metric("gatewatch_rule_failed_evaluations"); n != 4 {
				t.Errorf("gatewatch_rule_failed_evaluations = %v, want 4", n)
			}
			r.ts = r.ts.Add(time.Hour)
			r.tick()
			r.fires("after an hour", c.hour, "The rule cannot be evaluated since ")
			r.broken.DeleteLabelValues("stripe", "b")
			r.tick()
			r.fires("when it works again", "Broken stripe", "Value 1.")
		})
	}
}

// TestErrorsRaiseAlert has nothing fire before the rule fails.
func TestErrorsRaiseAlert(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.broken.WithLabelValues("stripe", "b").Set(0)
	r.start(only(t, config(nil), stateRule(failingExpr, ", gatewatch_on_error: alert")))
	r.tick() // the first time, a rule is evaluated twice
	r.fires("after two failures", "", "")
	r.tick()
	r.fires("after three failures", "Broken ", "The rule cannot be evaluated since ")
	if got := r.engine.Alerts()[0].Text("summary", "en"); !strings.HasPrefix(got, "Cannot be evaluated: ") {
		t.Errorf("summary = %q", got)
	}
	r.broken.DeleteLabelValues("stripe", "b")
	r.tick()
	r.fires("when it works again", "", "")
}

// TestErrorsOverRestart restarts the agent when the rule of a firing alert fails.
func TestErrorsOverRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cfg := only(t, config(nil), stateRule(failingExpr, ""))
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.kill(cfg)
	r.ticks(20)
	r.fires("after the restart", "Broken stripe", "The rule cannot be evaluated since ")
}

// TestGroupLimit has a rule find more alerts than its group may have: what fired goes on.
func TestGroupLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(only(t, config(nil), strings.Replace(stateRule("broken > 0", ""), "interval: 5s", "interval: 5s\n  limit: 1", 1)))
	r.tick()
	r.broken.WithLabelValues("adyen", "a").Set(1)
	r.ticks(2)
	r.fires("with too many", "Broken stripe", "The rule cannot be evaluated since ")
	r.broken.WithLabelValues("adyen", "a").Set(0)
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	r.fires("when all is well", "", "")
}

// TestFlapping has an alert come and go, over a restart, and counts what people hear.
func TestFlapping(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), stateRule("broken > 0", ""))
	cfg.Flapping = states.FlappingConfig{Times: 2, Within: model.Duration(10 * time.Minute), Hold: model.Duration(time.Minute)}
	r.start(cfg)
	set := func(value float64, ticks int) {
		r.broken.WithLabelValues("stripe", "a").Set(value)
		r.ticks(ticks)
	}
	for i := range 3 {
		set(1, 2)
		r.fires(fmt.Sprint("beginning ", i), "Broken stripe", "Value 1.")
		set(0, 2)
		r.fires(fmt.Sprint("end ", i), "", "")
		if i == 1 {
			r.kill(cfg)
		}
	}
	set(1, 2)
	r.fires("the fourth beginning", "Broken stripe", "Flapping: 4 times in 1m. It counts as over when it has been quiet for a while. Value 1.")
	for range 3 {
		set(0, 4)
		r.fires("a pause", "Broken stripe", "Flapping: ")
		set(1, 2)
	}
	r.fires("many times", "Broken stripe", "Flapping: 7 times in 3m.")
	if n := r.metric("gatewatch_alerts_flapping"); n != 1 {
		t.Errorf("gatewatch_alerts_flapping = %v, want 1", n)
	}
	r.kill(cfg)
	set(0, 11)
	r.fires("55 s of quiet after a restart", "Broken stripe", "Flapping: ")
	if got := r.engine.Alerts()[0].Annotations["description"]; !strings.Contains(got, "Quiet since ") {
		t.Errorf("description = %q, want since when it is quiet", got)
	}
	set(0, 2)
	r.fires("65 s of quiet", "", "")
	if n := r.metric("gatewatch_alerts_flapping"); n != 0 {
		t.Errorf("gatewatch_alerts_flapping = %v, want 0", n)
	}
	if got, want := strings.Count(fmt.Sprint(r.changes), "true"), 4+1; got != want { // the engine after a restart finds what fires
		t.Errorf("changes = %v, want %d beginnings", r.changes, want)
	}
}

func TestFlappingOff(t *testing.T) {
	t.Parallel()
	f := func(more string, times int) {
		t.Helper()
		r := newRig(t)
		cfg := only(t, config(nil), stateRule("broken > 0", more))
		cfg.Flapping.Times = times
		r.start(cfg)
		for range 8 {
			for _, value := range []float64{1, 0} {
				r.broken.WithLabelValues("stripe", "a").Set(value)
				r.ticks(2)
			}
			r.fires("an end", "", "")
		}
	}
	f(", gatewatch_flapping: off", 3)
	f("", 0)
}

func TestMinCount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(only(t, config(nil), stateRule("broken > 0", ", gatewatch_min_count: 20, gatewatch_count_query: 'sum by (provider) (payment_attempts_total)'")))
	for _, provider := range []string{"stripe", "adyen"} {
		r.broken.WithLabelValues(provider, "a").Set(1)
		r.attempts.WithLabelValues(provider, "approved").Add(19)
	}
	r.ticks(2)
	r.fires("after 19 attempts", "", "")
	r.attempts.WithLabelValues("stripe", "approved").Add(1)
	r.tick()
	r.fires("after 20 attempts", "Broken stripe", "Value 1.")
	r.attempts.Reset()
	r.ticks(2)
	r.fires("with fewer later on", "Broken stripe", "Value 1.")
	r.broken.Reset()
	r.ticks(2)
	r.fires("when it is well", "", "")
}

// TestPolicyMistakes holds mistakes in annotations to being found with their line.
func TestPolicyMistakes(t *testing.T) {
	t.Parallel()
	f := func(expr, annotations, want string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "rules.yml")
		text := "groups:\n- name: g\n  rules:\n  - record: r\n    expr: vector(1)\n  - alert: A\n    expr: " + expr + "\n    annotations:\n"
		for _, one := range strings.Split(annotations, "; ") {
			text += "      " + one + "\n"
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := alerting.CheckRules(alerting.Config{Rules: []string{file}})
		got := ""
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "rules[0]: "+file)
		}
		if got != want {
			t.Errorf("%s with %s: %q, want %q", expr, annotations, got, want)
		}
	}
	f("x > 0", "gatewatch_no_data: keep; gatewatch_on_error: alert; gatewatch_flapping: off; gatewatch_min_count: 5; gatewatch_count_query: y", "")
	f("x > 0", "summary: a; gatewatch_nodata: keep", `:10: alert "A": gatewatch_nodata is no annotation of Gatewatch, there are: gatewatch_no_data, gatewatch_no_data_for, `+
		`gatewatch_no_data_until, gatewatch_data_query, gatewatch_on_error, gatewatch_min_count, gatewatch_count_query, gatewatch_flapping`)
	f("x > 0", "gatewatch_no_data: stay", `:9: alert "A": gatewatch_no_data must be one of ok, alert, keep, is "stay"`)
	f("x > 0", "gatewatch_no_data: keep; gatewatch_no_data_for: soon", `:10: alert "A": gatewatch_no_data_for must be a duration such as 5m, is "soon"`)
	f("x > 0", "gatewatch_no_data_for: 5m", `:9: alert "A": gatewatch_no_data_for needs gatewatch_no_data: alert or keep, too`)
	f("x > 0", "gatewatch_no_data: keep; gatewatch_no_data_until: 5m", `:10: alert "A": gatewatch_no_data_until must be longer than gatewatch_no_data_for (5m), is 5m`)
	f("absent(x)", "gatewatch_no_data: keep", `:9: alert "A": gatewatch_no_data needs gatewatch_data_query here: what absent() gives does not tell whether there are data`)
	f("absent(x)", "gatewatch_no_data: keep; gatewatch_data_query: up", "")
	f("x > 0", "gatewatch_min_count: 20", `:9: alert "A": gatewatch_min_count needs gatewatch_count_query, too`)
	f("x > 0", "gatewatch_min_count: many; gatewatch_count_query: y", `:9: alert "A": gatewatch_min_count must be a number above 0, is "many"`)
	f("x > 0", "gatewatch_min_count: 20; gatewatch_count_query: '1'", `:10: alert "A": gatewatch_count_query must give series with labels, gives a scalar`)
}
