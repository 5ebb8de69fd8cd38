package receivers

import (
	"net/url"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// SlackConfig is alerting.slack in the configuration: a bot token and a channel, or an incoming webhook.
type SlackConfig struct {
	// Bot token (xoxb-…) with chat:write, and channels:history or groups:history to send nothing twice.
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

// Validate returns every mistake as invalid.Mistakes, or nil.
func (c *SlackConfig) Validate() error {
	var m invalid.Mistakes
	switch {
	case c.Token == "" && c.WebhookURL == "":
		m.Add("", "needs token and channel, or webhook_url")
	case c.Token != "" && c.WebhookURL != "":
		m.Add("webhook_url", "must not stand beside token: choose one")
	case c.Token != "" && c.Channel == "":
		m.Add("channel", "is needed with token, e.g. \"#pay-alerts\"")
	}
	if c.WebhookURL != "" && !webAddress(c.WebhookURL.Reveal()) {
		// The value is a secret: the message must not repeat it.
		m.Add("webhook_url", "must be an http or https address")
	}
	CheckURL(&m, "api_url", c.APIURL)
	if c.Language != "" && c.Language != "en" && c.Language != "zh" {
		m.Add("language", "must be en or zh, is %q", c.Language)
	}
	return m.Err()
}

// CheckURL adds a mistake at path when value is neither empty nor a web address.
func CheckURL(m *invalid.Mistakes, path, value string) {
	if value != "" && !webAddress(value) {
		m.Add(path, "must be an http or https address, is %q", value)
	}
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
