package receivers

import (
	"strings"
	"testing"

	"gatewatch/internal/secret"
)

func TestReceiverMistakes(t *testing.T) {
	t.Parallel()
	f := func(c Config, want ...string) {
		t.Helper()
		c.SetDefaults()
		got := ""
		if err := c.Validate("slack"); err != nil {
			got = err.Error()
		}
		if got != strings.Join(want, "\n") {
			t.Errorf("Validate() = %s\nwant %s", got, strings.Join(want, "\n"))
		}
	}
	hook := WebhookConfig{URL: "https://a.example/x"}
	mailed := EmailConfig{Server: "mail.example:465", From: "a@example.com", To: []string{"Team <b@example.com>"}}
	f(Config{})
	f(Config{
		Webhooks: []WebhookConfig{hook, hook}, Teams: []TeamsConfig{{URL: hook.URL}}, DingTalk: []DingTalkConfig{{URL: hook.URL}},
		Feishu: []FeishuConfig{{URL: hook.URL}}, WeCom: []WeComConfig{{URL: hook.URL}},
		PagerDuty: []PagerDutyConfig{{RoutingKey: testRoutingKey}}, Email: []EmailConfig{mailed},
	})
	f(Config{Webhooks: []WebhookConfig{{}, {URL: "secret-but-no-address", Headers: map[string]secret.Secret{"a b": "x"}}}},
		"webhooks[0].url: is needed: the address of the webhook", "webhooks[1].url: must be an http or https address",
		"webhooks[1].headers: has a name that is none of an HTTP header; write name: value, as in Authorization: Bearer …")
	f(Config{Teams: []TeamsConfig{{URL: hook.URL, Entry: Entry{Name: "Chat!"}, Language: "de"}}, DingTalk: []DingTalkConfig{{URL: hook.URL, Entry: Entry{Name: "slack"}}}},
		`teams[0].name: must be up to 40 of a-z, 0-9, _ and -, is "Chat!"`, "teams[0].language: must be en or zh, is \"de\"",
		`dingtalk[0].name: must be another one: "slack" is taken`)
	f(Config{Feishu: []FeishuConfig{{URL: hook.URL, Entry: Entry{Name: "chat"}}}, WeCom: []WeComConfig{{URL: hook.URL, Entry: Entry{Name: "chat", MinSeverity: "page"}}}},
		`wecom[0].name: must be another one: feishu[0] is called "chat", too`, "wecom[0].min_severity: must be info, warning or critical, is \"page\"")
	f(Config{PagerDuty: []PagerDutyConfig{{RoutingKey: "short", URL: "x"}}},
		`pagerduty[0].routing_key: must be the 32 letters and digits of an "Events API v2" integration`, `pagerduty[0].url: must be an http or https address, is "x"`)
	f(Config{Email: []EmailConfig{{Server: "mail", TLS: "ssl", Username: "u", From: "nobody", To: []string{"x"}, CAFile: "/nowhere"}, {Server: "m:25", TLS: "none", Username: "u", Password: "p", From: "a@b.c"}}},
		`email[0].server: must be host:port, e.g. smtp.example.com:587, is "mail"`, `email[0].tls: must be starttls, implicit or none, is "ssl"`,
		"email[0].ca_file: open /nowhere: no such file or directory", "email[0].username: and password belong together",
		`email[0].from: must be a mail address, is "nobody"`, `email[0].to[0]: must be a mail address, is "x"`,
		"email[1].tls: must not be none with a password, which would be readable on its way", "email[1].to: needs at least one mail address")
}
