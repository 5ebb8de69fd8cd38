package receivers

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config lists the receivers beside Slack. Its keys stand directly under alerting.
type Config struct {
	// Receivers of Alertmanager's webhooks.
	Webhooks []WebhookConfig `yaml:"webhooks"`
	// Microsoft Teams, through webhooks of Workflows.
	Teams []TeamsConfig `yaml:"teams"`
	// Robots in DingTalk groups.
	DingTalk []DingTalkConfig `yaml:"dingtalk"`
	// Robots in Feishu or Lark groups.
	Feishu []FeishuConfig `yaml:"feishu"`
	// Robots in WeCom groups.
	WeCom []WeComConfig `yaml:"wecom"`
	// Services of PagerDuty.
	PagerDuty []PagerDutyConfig `yaml:"pagerduty"`
	// E-mail.
	Email []EmailConfig `yaml:"email"`
}

// Entry is what receivers of every kind have.
type Entry struct {
	// Name in metrics, on the page and on disk. Empty: the kind of receiver, with a number from the second on.
	Name string `yaml:"name"`
	// The least severity that is told here: info, warning or critical.
	MinSeverity string `yaml:"min_severity"`
}

// Route is a receiver and what is meant for it.
type Route struct {
	Receiver Receiver
	// MinSeverity is the least severity that it is told of; "" for any.
	MinSeverity string
	// Spacing is the least time between two messages; 0 for no wish.
	Spacing time.Duration
	// Settings are what the receiver is made of: two with equal ones do the same.
	Settings any
}

// New returns the receivers of cfg, whose messages link to p.
func New(cfg Config, p Page) []Route {
	var all []Route
	add := func(e Entry, r Receiver, spacing time.Duration, settings any) {
		all = append(all, Route{Receiver: r, MinSeverity: e.MinSeverity, Spacing: spacing, Settings: [2]any{settings, p}})
	}
	for _, c := range cfg.Webhooks {
		add(c.Entry, newWebhook(c, p), 0, c)
	}
	for _, c := range cfg.Teams {
		add(c.Entry, newTeams(c, p), 0, c)
	}
	for _, c := range cfg.DingTalk {
		add(c.Entry, newDingTalk(c, p), robotSpacing, c)
	}
	for _, c := range cfg.Feishu {
		add(c.Entry, newFeishu(c, p), 0, c)
	}
	for _, c := range cfg.WeCom {
		add(c.Entry, newWeCom(c, p), robotSpacing, c)
	}
	for _, c := range cfg.PagerDuty {
		add(c.Entry, newPagerDuty(c, p), 0, c)
	}
	for _, c := range cfg.Email {
		add(c.Entry, newEmail(c, p), 0, c)
	}
	return all
}

// listed is one configured receiver as all kinds have it.
type listed struct {
	kind     string
	path     string
	entry    *Entry
	language *string // nil for receivers without texts
	validate func() error
}

// list returns all receivers of c in the order of New.
func (c *Config) list() []listed {
	var all []listed
	add := func(kind, list string, i int, e *Entry, language *string, validate func() error) {
		if i > 0 {
			kind = fmt.Sprintf("%s-%d", kind, i+1)
		}
		all = append(all, listed{kind, fmt.Sprintf("%s[%d]", list, i), e, language, validate})
	}
	for i := range c.Webhooks {
		add("webhook", "webhooks", i, &c.Webhooks[i].Entry, nil, c.Webhooks[i].validate)
	}
	for i := range c.Teams {
		add("teams", "teams", i, &c.Teams[i].Entry, &c.Teams[i].Language, c.Teams[i].validate)
	}
	for i := range c.DingTalk {
		add("dingtalk", "dingtalk", i, &c.DingTalk[i].Entry, &c.DingTalk[i].Language, c.DingTalk[i].validate)
	}
	for i := range c.Feishu {
		add("feishu", "feishu", i, &c.Feishu[i].Entry, &c.Feishu[i].Language, c.Feishu[i].validate)
	}
	for i := range c.WeCom {
		add("wecom", "wecom", i, &c.WeCom[i].Entry, &c.WeCom[i].Language, c.WeCom[i].validate)
	}
	for i := range c.PagerDuty {
		add("pagerduty", "pagerduty", i, &c.PagerDuty[i].Entry, &c.PagerDuty[i].Language, c.PagerDuty[i].validate)
	}
	for i := range c.Email {
		add("email", "email", i, &c.Email[i].Entry, &c.Email[i].Language, c.Email[i].validate)
	}
	return all
}

// Names returns those of all receivers, in the order of New.
func (c *Config) Names() []string {
	var all []string
	for _, r := range c.list() {
		all = append(all, r.entry.Name)
	}
	return all
}

// MinSeverities returns the least severity that each receiver is told of, by its name.
func (c *Config) MinSeverities() map[string]string {
	all := map[string]string{}
	for _, r := range c.list() {
		all[r.entry.Name] = r.entry.MinSeverity
	}
	return all
}

// With returns c and the receivers of more.
func (c Config) With(more Config) Config {
	return Config{
		Webhooks:  slices.Concat(c.Webhooks, more.Webhooks),
		Teams:     slices.Concat(c.Teams, more.Teams),
		DingTalk:  slices.Concat(c.DingTalk, more.DingTalk),
		Feishu:    slices.Concat(c.Feishu, more.Feishu),
		WeCom:     slices.Concat(c.WeCom, more.WeCom),
		PagerDuty: slices.Concat(c.PagerDuty, more.PagerDuty),
		Email:     slices.Concat(c.Email, more.Email),
	}
}

// SetDefaults fills what was left empty in the receivers that are there.
func (c *Config) SetDefaults() {
	for _, r := range c.list() {
		if r.entry.Name == "" {
			r.entry.Name = r.kind
		}
		if r.entry.MinSeverity == "" {
			r.entry.MinSeverity = "info"
		}
		if r.language != nil && *r.language == "" {
			*r.language = "en"
		}
	}
	for i := range c.PagerDuty {
		c.PagerDuty[i].setDefaults()
	}
	for i := range c.Email {
		c.Email[i].setDefaults()
	}
}

// validName is what may be a file name and a label.
var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// Validate returns every mistake as invalid.Mistakes, or nil. SetDefaults comes before it. taken are names of others.
func (c *Config) Validate(taken ...string) error {
	var m invalid.Mistakes
	seen := map[string]string{}
	for _, r := range c.list() {
		name := r.entry.Name
		switch {
		case !validName.MatchString(name):
			m.Add(r.path+".name", "must be up to 40 of a-z, 0-9, _ and -, is %q", name)
		case slices.Contains(taken, name):
			m.Add(r.path+".name", "must be another one: %q is taken", name)
		case seen[name] != "":
			m.Add(r.path+".name", "must be another one: %s is called %q, too", seen[name], name)
		}
		seen[name] = r.path
		if r.language != nil && *r.language != "en" && *r.language != "zh" {
			m.Add(r.path+".language", "must be en or zh, is %q", *r.language)
		}
		if s := r.entry.MinSeverity; s != "info" && s != "warning" && s != "critical" {
			m.Add(r.path+".min_severity", "must be info, warning or critical, is %q", s)
		}
		m.AddIn(r.path, r.validate())
	}
	return m.Err()
}

// checkAddress returns what is wrong with the url of a receiver whose address is a secret, as invalid.Mistakes.
func checkAddress(url secret.Secret) error {
	var m invalid.Mistakes
	checkSecretURL(&m, "url", url.Reveal())
	return m.Err()
}

// checkSecretURL adds a mistake at path when address is no web address. The value is a secret: it is not repeated.
func checkSecretURL(m *invalid.Mistakes, path, address string) {
	switch {
	case address == "":
		m.Add(path, "is needed: the address of the webhook")
	case !WebAddress(address):
		m.Add(path, "must be an http or https address")
	}
}
