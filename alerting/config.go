package alerting

import (
	"github.com/prometheus/common/model"

	"gatewatch/internal/secret"
)

// Config says which rules run and who is told (alerting: in the configuration).
type Config struct {
	// Prometheus rule files, globs allowed.
	Rules []string `yaml:"rules"`
	// Shipped rule packs: payments, agent.
	Packs []string `yaml:"packs"`
	// Slack; none when absent.
	Slack *SlackConfig `yaml:"slack"`
	// Address of this page as people reach it, for links in messages. Empty: http://<http.listen>.
	ExternalURL string `yaml:"external_url"`
	// How long the first alert of an incident waits for others to be told together.
	GroupWait model.Duration `yaml:"group_wait"`
	// How long until an incident that goes on changes is told again.
	GroupInterval model.Duration `yaml:"group_interval"`
	// How long until an unchanged incident is told again.
	RepeatInterval model.Duration `yaml:"repeat_interval"`
}

// SlackConfig is alerting.slack in the configuration: a bot token and a channel, or an incoming webhook.
type SlackConfig struct {
	// Bot token (xoxb-…) with chat:write.
	Token secret.Secret `yaml:"token"`
	// Channel of the messages, e.g. #pay-alerts.
	Channel string `yaml:"channel"`
	// Incoming webhook, instead of token and channel.
	WebhookURL secret.Secret `yaml:"webhook_url"`
	// Another Slack host for the token's calls, e.g. a test server. Empty: Slack's own.
	APIURL string `yaml:"api_url"`
	// Language of the messages: en or zh.
	Language string `yaml:"language"`
}
