package alerting_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/invalid"
)

// leave writes a file into the outbox as a process before this one would have.
func (r *rig) leave(name, text string) {
	r.t.Helper()
	dir := filepath.Join(r.dir, "outbox", "slack")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
		r.t.Fatal(err)
	}
}

// waiting returns what is in the outbox.
func (r *rig) waiting() string {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "outbox", "slack", "*.json"))
	if err != nil {
		r.t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // sent meanwhile
			r.t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func notice(key string, created time.Time) string {
	return fmt.Sprintf(`{"created":%q,"told":{"receiver":"slack","group_key":%q,"firing":[1],"expires":%q},
		"alerts":[{"Name":"A","Severity":"warning","Labels":{"alertname":%q},"Since":%q}]}`,
		created.Format(time.RFC3339), key, created.Add(time.Hour).Format(time.RFC3339), key, created.Format(time.RFC3339))
}

func TestLeftMessagesAreSentLateAndInOrder(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	hourAgo := time.Now().Add(-time.Hour)
	r.leave("00000000000000000002-b.json", notice("second", hourAgo.Add(time.Minute)))
	r.leave("00000000000000000001-a.json", notice("first", hourAgo))
	r.leave("00000000000000000000-c.json", "{half a not")
	r.leave(".x.json.123", "left by a crash while writing")
	r.prepare(only(t, config(f), brokenRule))
	if got := r.engine.Receivers()[0]; got.Unsent != 2 {
		t.Errorf("Receivers() = %+v, want two unsent messages", got)
	}
	r.run()
	got := f.wait(t, 2)
	r.sent()
	for i, name := range []string{"first", "second"} {
		if !strings.Contains(got[i].Text, name) && !strings.Contains(got[i].Text, "A") || !strings.Contains(got[i].All(), "Late by") {
			t.Errorf("message %d = %q, want %s and that it is late", i, got[i].All(), name)
		}
	}
	r.stop()
	left, err := os.ReadDir(filepath.Join(r.dir, "outbox", "slack"))
	if err != nil || len(left) != 2 || left[1].Name() != "00000000000000000000-c.json.damaged" {
		t.Errorf("left in the outbox: %v, %v, want only what was damaged", left, err)
	}
}

// TestBriefIncidentDuringOutage has an alert begin and end while Slack cannot be reached: one message tells both.
func TestBriefIncidentDuringOutage(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	f.down.Store(true)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(only(t, config(f), brokenRule))
	r.tick()
	until(t, "the first attempt", func() bool { return r.metric("gatewatch_notifications_retried_total") > 0 })
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	until(t, "the end waits to be told", func() bool { return strings.Contains(r.waiting(), `"resolved":[`) })
	f.down.Store(false)
	m := f.wait(t, 1)[0]
	r.stop()
	if len(f.wait(t, 1)) != 1 || !strings.Contains(m.Text, "Resolved: Stripe") {
		t.Errorf("messages = %+v, want one that says that it was", f.Messages())
	}
}

func TestRuleFileMistakes(t *testing.T) {
	t.Parallel()
	f := func(text string, want ...string) {
		t.Helper()
		cfg := only(t, alerting.DefaultConfig(), text)
		err := alerting.CheckRules(cfg)
		var mistakes invalid.Mistakes
		if len(want) > 0 {
			mistakes, _ = err.(invalid.Mistakes)
		} else if err != nil {
			t.Errorf("CheckRules(%q) = %v, want nil", text, err)
		}
		if len(mistakes) != len(want) {
			t.Errorf("CheckRules(%q) = %v, want %q", text, err, want)
			return
		}
		for i, m := range mistakes {
			if got := strings.ReplaceAll(m.Text, cfg.Rules[0], "F"); m.Path != "rules[0]" || got != want[i] {
				t.Errorf("CheckRules(%q)[%d] = %s: %s, want %s", text, i, m.Path, got, want[i])
			}
		}
	}
	f(brokenRule)
	f("")
	f("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(\n", `F:5:11: group "g", rule 1, "A": could not parse expression: 1:5: parse error: unclosed left parenthesis`)
	f("groups:\n- name: g\n  rules:\n  - alert: A\n    exp: 1\n", "F:5: field exp not found in type rulefmt.Rule")
	f("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: 1\n    annotations: {a: '{{ $x }}'}\n  - record: b-c\n    expr: 'nope('\n",
		`F:4: group "g", rule 1, "A": annotation "a": template: __alert_A:1: undefined variable "$x"`,
		`F:8:11: group "g", rule 2, "b-c": could not parse expression: 1:6: parse error: unclosed left parenthesis`)
	f("groups: {", "F:1: did not find expected node content")
}

func TestRuleFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	cfg := alerting.DefaultConfig()
	cfg.Rules = []string{"/nowhere/*.yml", "/nowhere/a.yml", "["}
	err := alerting.CheckRules(cfg)
	want := "rules[1]: no such file: /nowhere/a.yml\nrules[2]: syntax error in pattern: \"[\""
	if err == nil || err.Error() != want {
		t.Errorf("CheckRules() = %v, want %v", err, want)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	f := func(change func(*alerting.Config), want string) {
		t.Helper()
		cfg := alerting.DefaultConfig()
		change(&cfg)
		cfg.SetDefaults()
		got := ""
		if err := cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate() = %q, want %q", got, want)
		}
	}
	slack := func(s receivers.SlackConfig) func(*alerting.Config) {
		return func(c *alerting.Config) { c.Slack = []receivers.SlackConfig{s} }
	}
	f(func(*alerting.Config) {}, "")
	f(slack(receivers.SlackConfig{Token: "xoxb-1", Channel: "#a"}), "")
	f(slack(receivers.SlackConfig{WebhookURL: "https://hooks.example/services/x", Language: "zh"}), "")
	f(slack(receivers.SlackConfig{}), "slack: needs token and channel, or webhook_url")
	f(slack(receivers.SlackConfig{Token: "xoxb-1"}), `slack.channel: is needed with token, e.g. "#pay-alerts"`)
	f(slack(receivers.SlackConfig{Token: "a", WebhookURL: "secret-but-no-address", Language: "de", APIURL: "x"}),
		"slack.webhook_url: must not stand beside token: choose one\nslack.webhook_url: must be an http or https address\n"+
			"slack.api_url: must be an http or https address, is \"x\"\nslack.language: must be en or zh, is \"de\"")
	many := func(all ...receivers.SlackConfig) func(*alerting.Config) {
		return func(c *alerting.Config) { c.Slack = all }
	}
	hook := receivers.SlackConfig{Name: "zh", WebhookURL: "https://hooks.example/services/x", MinSeverity: "critical",
		Mentions: map[string][]string{"critical": {"here", "channel", "U024BE7LH", "S0614TZR7"}}}
	f(many(receivers.SlackConfig{Token: "xoxb-1", Channel: "#a"}, hook), "")
	f(many(hook, hook), `slack[1].name: "zh" is another one's name`)
	wrong := receivers.SlackConfig{WebhookURL: "https://hooks.example/x", MinSeverity: "loud", Mentions: map[string][]string{"page": {"here"}, "info": {"@bob"}}}
	f(many(hook, wrong), "slack[1].min_severity: must be one of critical, warning, info, is \"loud\"\n"+
		"slack[1].mentions.info[0]: must be here, channel, or the id of a user (U…) or a user group (S…), is \"@bob\"\n"+
		"slack[1].mentions.page: is no severity, there are: critical, warning, info\nslack[1].name: is needed when there are several")
	f(slack(receivers.SlackConfig{Name: "Pay Alerts", Token: "xoxb-1", Channel: "#a"}), `slack.name: must be lower-case letters, digits, - and _, is "Pay Alerts"`)
	f(func(c *alerting.Config) {
		c.Links = []receivers.Link{{Name: "Grafana", URL: "https://g.example/?p={provider}&t={to_ms}"}, {URL: "g.example"}, {Name: "Kibana", URL: "https://k.example/{order}"}}
	}, "links[1].name: is needed, e.g. Grafana\nlinks[1].url: must be an http or https address, is \"g.example\"\n"+
		"links[2].url: knows no {order}, there are: {alert}, {provider}, {severity}, {host}, {from}, {to}, {from_ms}, {to_ms}")
	f(func(c *alerting.Config) { c.Packs = []string{"payments", "hosts"} }, `packs[1]: no pack named "hosts", there are: payments, orders, fraud, errors, anomalies, host, nginx, runtime, databases, backups, tls, providers, security, agent`)
	f(func(c *alerting.Config) {
		c.ExternalURL, c.RunbookURL, c.GroupWait, c.GroupInterval, c.RepeatInterval = "page", "ftp://x", -1, 0, 0
	}, "external_url: must be an http or https address, is \"page\"\nrunbook_url: must be an http or https address, is \"ftp://x\"\n"+
		"group_wait: must not be negative\ngroup_interval: must be at least 1s, is 0s\nrepeat_interval: must be from 1m0s to 168h0m0s, is 0s")
}
