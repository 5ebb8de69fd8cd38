package receivers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"time"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

const (
	// PagerDuty's limits: of the summary in characters, of an event in bytes.
	maxSummary   = 1024
	maxPagerDuty = 512 << 10
	// pagerdutyURL is the service region of the United States.
	pagerdutyURL = "https://events.pagerduty.com"
)

// PagerDutyConfig is an entry of alerting.pagerduty: an integration of the kind "Events API v2".
type PagerDutyConfig struct {
	Entry `yaml:",inline"`
	// Key of the integration: 32 letters and digits.
	RoutingKey secret.Secret `yaml:"routing_key"`
	// Address of the events API: that of the United States, or https://events.eu.pagerduty.com.
	URL string `yaml:"url"`
	// Language of the incidents: en or zh.
	Language string `yaml:"language"`
}

var routingKey = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

func (c *PagerDutyConfig) setDefaults() {
	if c.URL == "" {
		c.URL = pagerdutyURL
	}
}

func (c *PagerDutyConfig) validate() error {
	var m invalid.Mistakes
	if !routingKey.MatchString(c.RoutingKey.Reveal()) {
		m.Add("routing_key", "must be the 32 letters and digits of an \"Events API v2\" integration")
	}
	CheckURL(&m, "url", c.URL)
	return m.Err()
}

// pagerduty opens an incident for a group of alerts and resolves it:
// https://developer.pagerduty.com/docs/send-alert-event
type pagerduty struct {
	teller
	cfg  PagerDutyConfig
	post *poster
}

func newPagerDuty(cfg PagerDutyConfig, p Page) *pagerduty {
	return &pagerduty{cfg: cfg, teller: newTeller(cfg.Language, p), post: newPoster(cfg.RoutingKey)}
}

// Name returns the configured name.
func (p *pagerduty) Name() string { return p.cfg.Name }

// Send opens, updates or resolves the incident of n. An incident that was over before it could be told is opened and
// resolved, so that there is a trace of it; so is a test.
func (p *pagerduty) Send(ctx context.Context, n Notice, late time.Duration) error {
	over := n.Resolved()
	if !over || late > 0 {
		if err := p.send(ctx, n, late, "trigger"); err != nil {
			return err
		}
	}
	if over || n.Test {
		return p.send(ctx, n, late, "resolve")
	}
	return nil
}

func (p *pagerduty) send(ctx context.Context, n Notice, late time.Duration, action string) error {
	body := p.within(maxPagerDuty, n, late, func(s story) []byte { return encode(p.event(n, s, action)) })
	_, err := p.post.post(ctx, strings.TrimSuffix(p.cfg.URL, "/")+"/v2/enqueue", body, nil)
	if e, ok := errors.AsType[*SendError](err); ok {
		// PagerDuty answers 400 to a wrong key, and names it.
		if e.Refused && strings.Contains(e.Text, "routing_key") {
			e.Refused, e.Blocked = false, true
		}
		return e
	}
	return err
}

// event writes n as an event. All events of one group have one key, so that they are one incident. The host is in it:
// what is over for one host may go on for another.
func (p *pagerduty) event(n Notice, s story, action string) object {
	event := object{"routing_key": p.cfg.RoutingKey.Reveal(), "event_action": action, "dedup_key": p.dedupKey(n)}
	if action == "resolve" {
		return event
	}
	first := &n.Alerts[0]
	payload := object{
		"summary": cut(s.headline, maxSummary), "source": p.source(), "severity": pagerdutySeverity(first.Severity),
		"timestamp": first.Since.UTC().Format(time.RFC3339), "class": first.Name, "custom_details": pagerdutyDetails(s),
	}
	if provider := first.Labels["provider"]; provider != "" {
		payload["component"] = provider
	}
	event["payload"], event["client"] = payload, "Gatewatch"
	if s.page != "" {
		event["client_url"] = s.page
	}
	if s.linked() {
		event["links"] = []object{{"href": s.runbook, "text": s.book}}
	}
	return event
}

func (p *pagerduty) source() string {
	if p.page.Host == "" {
		return "gatewatch"
	}
	return p.page.Host
}

func (p *pagerduty) dedupKey(n Notice) string {
	key := n.Told.GroupKey
	if n.Test {
		key = "test"
	}
	sum := sha256.Sum256([]byte(p.page.Host + "\x00" + key))
	return "gatewatch-" + hex.EncodeToString(sum[:16])
}

// pagerdutySeverity is one of the four that PagerDuty knows.
func pagerdutySeverity(severity string) string {
	switch severity {
	case "critical", "page":
		return "critical"
	case "error", "warning", "info":
		return severity
	}
	return "warning"
}

func pagerdutyDetails(s story) object {
	var alerts []object
	for _, c := range s.chapters {
		one := object{"alert": c.title, "when": c.when}
		for _, f := range c.figures {
			one[f.label] = f.value
		}
		if c.what != "" {
			one["description"] = c.what
		}
		if c.why != "" {
			one["why"] = c.why
		}
		alerts = append(alerts, one)
	}
	details := object{"alerts": alerts}
	for name, text := range map[string]string{"late": s.late, "more": s.more, "runbook": s.runbook} {
		if text != "" {
			details[name] = text
		}
	}
	return details
}
