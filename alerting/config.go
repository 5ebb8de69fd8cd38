package alerting

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting/receivers"
	"gatewatch/alerting/routing"
	"gatewatch/alerting/rules"
	"gatewatch/alerting/slo"
	"gatewatch/alerting/states"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config says which rules run and who is told (alerting: in the configuration).
type Config struct {
	// Prometheus rule files, globs allowed.
	Rules []string `yaml:"rules"`
	// Shipped rule packs: payments, orders, fraud, errors, anomalies, host, nginx, runtime, databases, backups, tls, providers, security, agent.
	Packs []string `yaml:"packs"`
	// Objectives whose rules are made: slo of the whole configuration.
	SLO []slo.Config `yaml:"-"`
	// Slack channels. One needs no list: its keys may stand right below slack.
	Slack []receivers.SlackConfig `yaml:"slack"`
	// All other receivers.
	Receivers receivers.Config `yaml:",inline"`
	// Addresses of all members of an Alertmanager cluster. It tells people then; the receivers here do when no member
	// can be reached.
	Alertmanagers []secret.Secret `yaml:"alertmanagers"`
	// An address outside that misses the agent when it is silent; none when absent.
	Heartbeat *HeartbeatConfig `yaml:"heartbeat"`
	// Address of this page as people reach it, for links in messages. Empty: http://<http.listen>.
	ExternalURL string `yaml:"external_url"`
	// Where runbooks are, for links in messages: a rule's runbook is <runbook_url>/<name>.md. Empty: rules that name no
	// full address have no link.
	RunbookURL string `yaml:"runbook_url"`
	// More links in messages.
	Links []receivers.Link `yaml:"links"`
	// Who is told of which alerts, and when.
	Routing routing.Config `yaml:",inline"`
	// Labels of all alerts that are handed on, as Prometheus has them. An alert's own labels come first.
	ExternalLabels map[string]string `yaml:"external_labels"`
	// How long the first alert of an incident waits for others to be told together.
	GroupWait model.Duration `yaml:"group_wait"`
	// How long until an incident that goes on changes is told again. An end is told after at most this time, too.
	GroupInterval model.Duration `yaml:"group_interval"`
	// How long until an unchanged incident is told again.
	RepeatInterval model.Duration `yaml:"repeat_interval"`
	// When an alert that comes and goes is held, so that people get fewer messages: the first times and the end are told.
	Flapping states.FlappingConfig `yaml:"flapping"`
}

// DefaultConfig returns what is used where the configuration says nothing.
func DefaultConfig() Config {
	return Config{
		Packs:          rules.PackNames(),
		Routing:        routing.Config{ShippedInhibitions: true},
		GroupWait:      model.Duration(200 * time.Millisecond),
		GroupInterval:  model.Duration(10 * time.Second),
		RepeatInterval: model.Duration(4 * time.Hour),
		Flapping:       states.DefaultFlapping(),
	}
}

// SetDefaults fills what was left empty in the sections that are there.
func (c *Config) SetDefaults() {
	for i := range c.Slack {
		c.Slack[i].SetDefaults()
	}
	if len(c.Slack) > 0 && c.Slack[0].Name == "" {
		c.Slack[0].Name = "slack"
	}
	c.Receivers.SetDefaults()
	if c.Heartbeat != nil {
		c.Heartbeat.setDefaults()
	}
}

// The bounds of what a configuration may ask for.
const (
	minGroupInterval  = time.Second
	minRepeatInterval = time.Minute
	maxRepeatInterval = 7 * 24 * time.Hour
)

// Validate returns every mistake as invalid.Mistakes, or nil. It does not read the rule files; CheckRules does.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	for i, name := range c.Packs {
		if !slices.Contains(rules.PackNames(), name) {
			m.Add(index("packs", i), "no pack named %q, there are: %s", name, strings.Join(rules.PackNames(), ", "))
		}
	}
	receivers.CheckURL(&m, "external_url", c.ExternalURL)
	receivers.CheckURL(&m, "runbook_url", c.RunbookURL)
	if c.GroupWait < 0 {
		m.Add("group_wait", "must not be negative")
	}
	if d := time.Duration(c.GroupInterval); d < minGroupInterval {
		m.Add("group_interval", "must be at least %v, is %v", minGroupInterval, d)
	}
	if d := time.Duration(c.RepeatInterval); d < minRepeatInterval || d > maxRepeatInterval {
		m.Add("repeat_interval", "must be from %v to %v, is %v", minRepeatInterval, maxRepeatInterval, d)
	}
	m.AddIn("flapping", c.Flapping.Validate())
	for i := range c.Links {
		m.AddIn(index("links", i), c.Links[i].Validate())
	}
	c.validateSlack(&m)
	for i, address := range c.Alertmanagers {
		if !receivers.WebAddress(address.Reveal()) {
			// It may hold a password: the message must not repeat it.
			m.Add(index("alertmanagers", i), "must be an http or https address, e.g. http://alertmanager-1:9093")
		}
	}
	if c.Heartbeat != nil {
		m.AddIn("heartbeat", c.Heartbeat.validate())
	}
	m.AddIn("", c.Receivers.Validate(c.slackNames()...))
	for name := range c.ExternalLabels {
		if !model.LabelName(name).IsValidLegacy() || name == model.AlertNameLabel {
			m.Add("external_labels."+name, "must be letters, digits and _, and not alertname")
		}
	}
	m.AddIn("", c.Routing.Validate(c.receiverNames()))
	return m.Err()
}

// receiverNames are those of all receivers that the configuration itself has.
func (c *Config) receiverNames() []string { return append(c.slackNames(), c.Receivers.Names()...) }

// planned returns c with the receivers that a file of Alertmanager brings, and who is told when.
func (c Config) planned() (Config, *routing.Plan, error) {
	plan, err := c.Routing.Plan(c.receiverNames(), routing.Timing{Wait: c.GroupWait, Interval: c.GroupInterval, Repeat: c.RepeatInterval})
	if err != nil {
		return c, nil, err
	}
	c.Slack = append(slices.Clone(c.Slack), plan.Slack...)
	c.Receivers = c.Receivers.With(plan.Others)
	return c, plan, nil
}

// Plan returns who is told of which alerts and when, or every mistake as invalid.Mistakes. SetDefaults comes before it.
func (c Config) Plan() (*routing.Plan, error) {
	_, plan, err := c.planned()
	return plan, err
}

func (c *Config) slackNames() []string {
	var names []string
	for i := range c.Slack {
		names = append(names, c.Slack[i].Name)
	}
	return names
}

// validateSlack adds the mistakes of all Slack receivers. The paths are those of a single one when there is one.
func (c *Config) validateSlack(m *invalid.Mistakes) {
	names := map[string]bool{}
	for i := range c.Slack {
		path := "slack"
		if len(c.Slack) > 1 {
			path = index("slack", i)
		}
		s := &c.Slack[i]
		m.AddIn(path, s.Validate())
		switch {
		case s.Name == "" && i > 0:
			m.Add(path+".name", "is needed when there are several")
		case names[s.Name]:
			m.Add(path+".name", "%q is another one's name", s.Name)
		}
		names[s.Name] = true
	}
}

// MinSeverities returns the least severity that each configured receiver is told of, by its name.
func (c *Config) MinSeverities() map[string]string {
	all := c.Receivers.MinSeverities()
	for i := range c.Slack {
		all[c.Slack[i].Name] = c.Slack[i].MinSeverity
	}
	return all
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
