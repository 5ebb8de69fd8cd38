package receivers

import (
	"context"
	"time"

	"gatewatch/internal/secret"
)

// maxTeams is the size of a message, in bytes. Teams allows 28 KiB of what a workflow makes of the card, which is
// larger than the card itself, and tells the workflow, not us, when that is exceeded.
const maxTeams = 16 << 10

// TeamsConfig is an entry of alerting.teams: a webhook of a workflow that posts cards to a channel or chat.
type TeamsConfig struct {
	Entry `yaml:",inline"`
	// Address of the workflow's webhook.
	URL secret.Secret `yaml:"url"`
	// Language of the messages: en or zh.
	Language string `yaml:"language"`
}

func (c *TeamsConfig) validate() error { return checkAddress(c.URL) }

// teams posts notices as Adaptive Cards:
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
type teams struct {
	teller
	cfg  TeamsConfig
	post *poster
}

func newTeams(cfg TeamsConfig, p Page) *teams {
	return &teams{cfg: cfg, teller: newTeller(cfg.Language, p), post: newPoster(cfg.URL)}
}

// Name returns the configured name.
func (t *teams) Name() string { return t.cfg.Name }

// Send posts n.
func (t *teams) Send(ctx context.Context, n Notice, late time.Duration) error {
	body := t.within(maxTeams, n, late, func(s story) []byte { return teamsCard(s, teamsColour(&n.Alerts[0])) })
	_, err := t.post.post(ctx, t.cfg.URL.Reveal(), body, nil)
	return err
}

func teamsColour(a *Alert) string {
	switch {
	case !a.Ended.IsZero():
		return "Good"
	case SeverityRank(a.Severity) == 0:
		return "Attention"
	case SeverityRank(a.Severity) == 1:
		return "Warning"
	}
	return "Accent"
}

// object is a JSON object.
type object = map[string]any

// teamsCard writes the card in version 1.4, the newest that all clients of Teams show.
func teamsCard(s story, colour string) []byte {
	body := []object{teamsText(s.headline, object{"size": "Large", "weight": "Bolder", "color": colour})}
	if s.late != "" {
		body = append(body, teamsText(s.late, object{"isSubtle": true}))
	}
	for i, c := range s.chapters {
		if i > 0 {
			body = append(body, teamsText(c.title, object{"weight": "Bolder", "separator": true}))
		}
		body = append(body, teamsText(c.when, object{"isSubtle": true, "spacing": "None"}))
		if len(c.figures) > 0 {
			facts := []object{}
			for _, f := range c.figures {
				facts = append(facts, object{"title": f.label, "value": plain(f.value)})
			}
			body = append(body, object{"type": "FactSet", "facts": facts})
		}
		for _, text := range []string{c.what, c.why} {
			if text != "" {
				body = append(body, teamsText(text, object{}))
			}
		}
	}
	footer := s.sender
	if s.runbook != "" && !s.linked() {
		footer = s.book + ": " + s.runbook + " · " + footer
	}
	if s.more != "" {
		body = append(body, teamsText(s.more, object{"separator": true}))
	}
	body = append(body, teamsText(footer, object{"isSubtle": true, "size": "Small"}))
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"body": body, "msteams": object{"width": "Full"},
	}
	var actions []object
	if s.page != "" {
		actions = append(actions, object{"type": "Action.OpenUrl", "title": s.open, "url": s.page})
	}
	if s.linked() {
		actions = append(actions, object{"type": "Action.OpenUrl", "title": s.book, "url": s.runbook})
	}
	if actions != nil {
		card["actions"] = actions
	}
	return encode(object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card,
	}}})
}

func teamsText(text string, more object) object {
	more["type"], more["text"], more["wrap"] = "TextBlock", plain(text), true
	return more
}
