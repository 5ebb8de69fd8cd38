package routing_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/alerting/routing"
)

const amFile = "testdata/alertmanager.yml"

func planOf(t *testing.T, path string) *routing.Plan {
	t.Helper()
	cfg := routing.Config{AlertmanagerConfig: path}
	p, err := cfg.Plan([]string{"own"}, routing.Timing{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAlertmanagerFile reads a whole file: nothing of it is lost without a word.
func TestAlertmanagerFile(t *testing.T) {
	t.Parallel()
	p := planOf(t, amFile)
	wantReceivers := "map[Payments on call:[payments-on-c-a5733f-slack payments-on-c-a5733f-pagerduty] databases:[databases-email]" +
		" databases-night:[databases-night-email] nobody:[] ops:[ops-slack ops-webhook ops-webhook-2]]"
	if got := fmt.Sprint(p.Receivers); got != wantReceivers {
		t.Errorf("Receivers = %s\nwant %s", got, wantReceivers)
	}
	if got, want := slices.Sorted(maps.Keys(p.NoEnds)), []string{"databases-email", "ops-webhook-2"}; !slices.Equal(got, want) {
		t.Errorf("NoEnds = %q, want %q", got, want)
	}
	for i, want := range []receivers.SlackConfig{
		{Name: "ops-slack", WebhookURL: "https://hooks.slack.com/services/T0/B0/secretsecret"},
		{Name: "payments-on-c-a5733f-slack", Token: "xoxb-token", Channel: "C0123456"},
	} {
		want.SetDefaults()
		if got := p.Slack[i]; fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) || got.Token != want.Token || got.WebhookURL != want.WebhookURL {
			t.Errorf("Slack[%d] = %+v, want %+v", i, got, want)
		}
	}
	hooks, mail := p.Others.Webhooks, p.Others.Email
	if len(hooks) != 2 || hooks[0].URL != "http://127.0.0.1:9999/hook" || hooks[0].Headers["Authorization"] != "Bearer hooktoken" {
		t.Errorf("Webhooks = %+v", hooks)
	}
	if len(mail) != 2 || mail[0].TLS != "starttls" || mail[0].Password != "mailpassword" || !slices.Equal(mail[0].To, []string{"db@example.com", "dba@example.com"}) ||
		mail[1].TLS != "implicit" || mail[1].Server != "smtp.example.com:465" {
		t.Errorf("Email = %+v", mail)
	}
	if pd := p.Others.PagerDuty; len(pd) != 1 || pd[0].RoutingKey != "0123456789abcdef0123456789abcdef" || pd[0].URL != "https://events.pagerduty.com" {
		t.Errorf("PagerDuty = %+v", pd)
	}
	want := []string{
		amFile + ":9: templates has no effect here: Gatewatch writes its messages itself",
		amFile + `:55: receiver "ops": slack_configs[0]: no effect here have title: Gatewatch writes its messages itself`,
		amFile + `:64: receiver "ops": webhook_configs[1]: max_alerts has no effect here`,
		amFile + `:55: receiver "ops": slack_configs[0]: channel has no effect here: an incoming webhook posts to the channel that it was made for`,
		"receiver own is told nothing: no route leads to it",
	}
	if !slices.Equal(p.Warnings, want) {
		t.Errorf("Warnings:\n%s\nwant\n%s", strings.Join(p.Warnings, "\n"), strings.Join(want, "\n"))
	}
	if len(p.Inhibit) != 1 || len(p.Intervals) != 2 || time.Duration(*p.Route.GroupWait) != 10*time.Second || p.Route.GroupInterval != nil {
		t.Errorf("Inhibit = %v, Intervals = %v, Route = %+v", p.Inhibit, p.Intervals, p.Route)
	}
}

// TestAlertmanagerFileMistakes shows that what cannot be done is refused, with its line.
func TestAlertmanagerFileMistakes(t *testing.T) {
	t.Parallel()
	f := func(receiver string, want ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "am.yml")
		text := "route: {receiver: a}\nreceivers:\n- name: a\n" + receiver
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := routing.Config{AlertmanagerConfig: file}
		_, err := cfg.Plan(nil, routing.Timing{})
		got := ""
		if err != nil {
			got = strings.ReplaceAll(strings.ReplaceAll(err.Error(), "alertmanager_config: ", ""), file, "F")
		}
		if got != strings.Join(want, "\n") {
			t.Errorf("%s\nPlan() = %s\nwant %s", receiver, got, strings.Join(want, "\n"))
		}
	}
	f("  webhook_configs: [{url: http://x/}]\n")
	f("  telegram_configs: [{chat_id: 1, bot_token: x}]\n", `F:4: receiver "a": telegram_configs cannot be told by Gatewatch`)
	f("  webhook_configs:\n  - url: http://x/\n    payload: {a: b}\n", `F:6: receiver "a": webhook_configs[0]: payload is not supported`)
	f("  webhook_configs:\n  - url: http://x/{{ .A }}\n", `F:5: receiver "a": webhook_configs[0]: url must be no template`)
	f("  webhook_configs:\n  - url_file: /nowhere/at-all\n", `F:5: receiver "a": webhook_configs[0]: read /nowhere/at-all: no such file or directory`,
		`F:5: receiver "a": webhook_configs[0]: url is needed: the address of the webhook`)
	f("  webhook_configs:\n  - url: http://x/\n    http_config: {proxy_url: http://proxy}\n", `F:6: receiver "a": webhook_configs[0]: http_config.proxy_url is not supported: set HTTPS_PROXY for the agent`)
	f("  pagerduty_configs:\n  - service_key: x\n", `F:5: receiver "a": pagerduty_configs[0]: service_key is not supported`,
		`F:5: receiver "a": pagerduty_configs[0]: routing_key must be the 32 letters and digits of an "Events API v2" integration`)
	f("  slack_configs:\n  - app_token: xoxb-1\n    channel: '#a'\n")
	f("  slack_configs:\n  - api_url: https://slack.com/api/chat.postMessage\n    channel: '#a'\n",
		`F:5: receiver "a": slack_configs[0]: /chat.postMessage needs a token: app_token, or http_config.authorization`)
	f("  msteamsv2_configs: [{webhook_url: http://x/1}]\n  msteams_configs: [{webhook_url: http://x/2}]\n")
	f("  sins_configs: []\n", `F: yaml: unmarshal errors: line 4: field sins_configs not found in type config.plain`)
}

// TestSecretsOfFilesAreHidden shows that no mistake repeats one.
func TestSecretsOfFilesAreHidden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, file := filepath.Join(dir, "key"), filepath.Join(dir, "am.yml")
	for name, text := range map[string]string{
		key:  "geheimgeheim\n",
		file: "route: {receiver: a}\nreceivers:\n- name: a\n  pagerduty_configs: [{routing_key_file: " + key + "}]\n  slack_configs: [{api_url_file: " + key + "}]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := routing.Config{AlertmanagerConfig: file}
	_, err := cfg.Plan(nil, routing.Timing{})
	if err == nil || strings.Contains(err.Error(), "geheim") || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("Plan() = %v, want two mistakes without the key", err)
	}
}
