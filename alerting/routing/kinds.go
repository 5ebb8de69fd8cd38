package routing

import (
	"fmt"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"go.yaml.in/yaml/v3"
)

// effect says what becomes of an option of an integration.
type effect int

const (
	done    effect = iota + 1 // it has its meaning
	looks                     // it is about how messages look: a warning
	ignored                   // it has no effect: a warning
	byHTTP                    // settings of HTTP, looked at by themselves
)

// options are the options of all kinds of integrations that Gatewatch has. Those that stand nowhere are mistakes.
func options(kind string) map[string]effect {
	return map[string]map[string]effect{
		"slack_configs": {
			"send_resolved": done, "api_url": done, "api_url_file": done, "app_token": done, "app_token_file": done, "app_url": done, "channel": done,
			"update_message": done, "http_config": byHTTP, "timeout": ignored,
			"username": looks, "color": looks, "title": looks, "title_link": looks, "pretext": looks, "text": looks, "message_text": looks,
			"fields": looks, "short_fields": looks, "footer": looks, "fallback": looks, "callback_id": looks, "icon_emoji": looks,
			"icon_url": looks, "image_url": looks, "thumb_url": looks, "link_names": looks, "mrkdwn_in": looks, "actions": looks,
		},
		"webhook_configs": {
			"send_resolved": done, "url": done, "url_file": done, "http_config": byHTTP, "max_alerts": ignored, "timeout": ignored,
		},
		"email_configs": {
			"send_resolved": done, "to": done, "from": done, "smarthost": done, "auth_username": done, "auth_password": done,
			"auth_password_file": done, "require_tls": done, "force_implicit_tls": done, "tls_config": done,
			"hello": ignored, "auth_identity": ignored, "headers": looks, "html": looks, "text": looks, "threading": looks,
		},
		"pagerduty_configs": {
			"send_resolved": done, "routing_key": done, "routing_key_file": done, "url": done, "http_config": byHTTP, "timeout": ignored,
			"client": looks, "client_url": looks, "description": looks, "details": looks, "images": looks, "links": looks, "source": looks,
			"severity": looks, "class": looks, "component": looks, "group": looks,
		},
		"msteams_configs":   {"send_resolved": done, "webhook_url": done, "webhook_url_file": done, "http_config": byHTTP, "title": looks, "summary": looks, "text": looks},
		"msteamsv2_configs": {"send_resolved": done, "webhook_url": done, "webhook_url_file": done, "http_config": byHTTP, "title": looks, "text": looks},
	}[kind]
}

// receivers makes those of the file Gatewatch's own.
func (f *amFile) receivers(all []amconfig.Receiver, list *yaml.Node) {
	for i := range all {
		r, n := &all[i], at(list, i)
		f.plan.Receivers[r.Name] = nil // one without integrations tells nobody, on purpose
		for kind, entries := range pairs(n) {
			if kind != "name" && kind != "labels" {
				f.look(r.Name, kind, entries)
			}
		}
		for j, c := range r.SlackConfigs {
			f.slack(r.Name, j, c, at(below(n, "slack_configs"), j))
		}
		for j, c := range r.WebhookConfigs {
			f.webhook(r.Name, j, c, at(below(n, "webhook_configs"), j))
		}
		for j, c := range r.EmailConfigs {
			f.email(r.Name, j, c, at(below(n, "email_configs"), j))
		}
		for j, c := range r.PagerdutyConfigs {
			f.pagerduty(r.Name, j, c, at(below(n, "pagerduty_configs"), j))
		}
		f.teams(r, n)
	}
}

// look says which options of the integrations of one kind are not as Alertmanager has them.
func (f *amFile) look(receiver, kind string, entries *yaml.Node) {
	known := options(kind)
	if known == nil {
		hint := ""
		if kind == "wechat_configs" {
			hint = "; for a robot in a WeCom group there is alerting.wecom"
		}
		f.mistake(entries, "receiver %q: %s cannot be told by Gatewatch%s", receiver, kind, hint)
		return
	}
	if entries == nil {
		return
	}
	for i, entry := range entries.Content {
		where := fmt.Sprintf("receiver %q: %s[%d]", receiver, kind, i)
		var changed []string
		for key, value := range pairs(entry) {
			switch known[key] {
			case done:
			case looks:
				changed = append(changed, key)
			case ignored:
				f.warn(value, "%s: %s has no effect here", where, key)
			case byHTTP:
				f.http(where, value, headerOptions(kind)...)
			default:
				f.mistake(value, "%s: %s is not supported", where, key)
			}
		}
		if changed != nil {
			f.warn(entry, "%s: no effect here have %s: Gatewatch writes its messages itself", where, strings.Join(changed, ", "))
		}
	}
}

// headerOptions are the settings of HTTP that become headers of a kind's requests.
func headerOptions(kind string) []string {
	switch kind {
	case "webhook_configs":
		return []string{"authorization", "basic_auth", "bearer_token", "bearer_token_file", "http_headers"}
	case "slack_configs":
		return []string{"authorization", "bearer_token", "bearer_token_file"} // the token
	}
	return nil
}
