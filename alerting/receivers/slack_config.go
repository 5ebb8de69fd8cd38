package receivers

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// SlackConfig is an entry of alerting.slack in the configuration: a bot token and a channel, or an incoming webhook.
type SlackConfig struct {
	// Name of the receiver in metrics and on disk. Needed when there are several, kept when the channel changes.
	Name string `yaml:"name"`
	// Bot token (xoxb-…) with chat:write; channels:history or groups:history to send nothing twice, files:write for charts.
	Token secret.Secret `yaml:"token"`
	// Channel of the messages, e.g. #pay-alerts, or its id.
	Channel string `yaml:"channel"`
	// Incoming webhook, instead of token and channel.
	WebhookURL secret.Secret `yaml:"webhook_url"`
	// Another Slack host for the token's calls, e.g. a test server. Empty: Slack's own.
	APIURL string `yaml:"api_url"`
	// Language of the messages: en or zh.
	Language string `yaml:"language"`
	// The least severity that is told here: info, warning or critical.
	MinSeverity string `yaml:"min_severity"`
	// Who is called, by severity: here, channel, or ids of users (U…) and user groups (S…).
	Mentions map[string][]string `yaml:"mentions"`
	// App-level token (xapp-…) with connections:write. With it messages have buttons and the slash command is answered.
	AppToken secret.Secret `yaml:"app_token"`
	// Who may press buttons: ids of users (U…) and user groups (S…). Empty: everybody in the channel.
	Allow []string `yaml:"allow"`
	// The time of day that "until morning" means, e.g. 08:00.
	Morning string `yaml:"morning"`
	// Time zone of the channel, e.g. Asia/Shanghai. Empty: the host's.
	TimeZone string `yaml:"time_zone"`
}

// severities are the names of severities by rank.
var severities = [...]string{"critical", "warning", "info"}

const maxMentions = 20

var (
	receiverName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	userID       = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	groupID      = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
)

// SetDefaults fills what was left empty.
func (c *SlackConfig) SetDefaults() {
	if c.Language == "" {
		c.Language = "en"
	}
	if c.MinSeverity == "" {
		c.MinSeverity = "info"
	}
	if c.Morning == "" {
		c.Morning = "08:00"
	}
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
	if c.WebhookURL != "" && !WebAddress(c.WebhookURL.Reveal()) {
		// The value is a secret: the message must not repeat it.
		m.Add("webhook_url", "must be an http or https address")
	}
	CheckURL(&m, "api_url", c.APIURL)
	if c.Language != "" && c.Language != "en" && c.Language != "zh" {
		m.Add("language", "must be en or zh, is %q", c.Language)
	}
	if c.Name != "" && !receiverName.MatchString(c.Name) {
		m.Add("name", "must be lower-case letters, digits, - and _, is %q", c.Name)
	}
	if c.MinSeverity != "" && !slices.Contains(severities[:], c.MinSeverity) {
		m.Add("min_severity", "must be one of %s, is %q", strings.Join(severities[:], ", "), c.MinSeverity)
	}
	c.validateMentions(&m)
	c.validateButtons(&m)
	return m.Err()
}

func (c *SlackConfig) validateButtons(m *invalid.Mistakes) {
	switch token := c.AppToken.Reveal(); {
	case token == "":
	case c.Token == "":
		m.Add("app_token", "needs token and channel: a webhook's messages have no buttons")
	case !strings.HasPrefix(token, "xapp-"):
		// The value is a secret: the message must not repeat it.
		m.Add("app_token", "must be an app-level token, which begins with xapp-")
	}
	if len(c.Allow) > maxMentions {
		m.Add("allow", "has %d entries, most are %d: use a user group", len(c.Allow), maxMentions)
	}
	for i, who := range c.Allow {
		if !userID.MatchString(who) && !groupID.MatchString(who) {
			m.Add(fmt.Sprintf("allow[%d]", i), "must be the id of a user (U…) or a user group (S…), is %q", who)
		}
	}
	if _, err := time.Parse(morningLayout, c.Morning); c.Morning != "" && err != nil {
		m.Add("morning", "must be a time of day such as 08:00, is %q", c.Morning)
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		m.Add("time_zone", "must be a time zone such as Asia/Shanghai, is %q", c.TimeZone)
	}
}

const morningLayout = "15:04"

// location is the channel's time zone.
func (c *SlackConfig) location() *time.Location {
	if zone, err := time.LoadLocation(c.TimeZone); err == nil && c.TimeZone != "" {
		return zone
	}
	return time.Local
}

// nextMorning is the first morning after t.
func (c *SlackConfig) nextMorning(t time.Time) time.Time {
	t = t.In(c.location())
	at, err := time.Parse(morningLayout, c.Morning)
	if err != nil {
		at = time.Date(0, 1, 1, 8, 0, 0, 0, time.UTC)
	}
	day := t.Day()
	for {
		if next := time.Date(t.Year(), t.Month(), day, at.Hour(), at.Minute(), 0, 0, t.Location()); next.After(t) {
			return next
		}
		day++
	}
}

func (c *SlackConfig) validateMentions(m *invalid.Mistakes) {
	for _, severity := range slices.Sorted(maps.Keys(c.Mentions)) {
		all := c.Mentions[severity]
		path := "mentions." + severity
		if !slices.Contains(severities[:], severity) {
			m.Add(path, "is no severity, there are: %s", strings.Join(severities[:], ", "))
		}
		if len(all) > maxMentions {
			m.Add(path, "has %d entries, most are %d", len(all), maxMentions)
		}
		for i, who := range all {
			if mention(who) == "" {
				m.Add(fmt.Sprintf("%s[%d]", path, i), "must be here, channel, or the id of a user (U…) or a user group (S…), is %q", who)
			}
		}
	}
}

// mention returns what calls somebody in a message, or "" when nobody has such a name.
func mention(who string) string {
	switch {
	case who == "here" || who == "channel":
		return "<!" + who + ">"
	case userID.MatchString(who):
		return "<@" + who + ">"
	case groupID.MatchString(who):
		return "<!subteam^" + who + ">"
	}
	return ""
}
