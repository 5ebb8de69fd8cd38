package receivers

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gatewatch/internal/secret"
)

// maxFeishu is the size of a message within the 20 KiB that robots take.
const maxFeishu = 18_000

// feishuCodes are from https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
func feishuCodes() *codes {
	return &codes{
		often:  []int{11232, 11233, 99991400},
		failed: []int{19036, 1061045, 11247},
		blocked: []int{
			19001, 19002, 19021, 19022, 19024, // no such robot; signature, address or keyword refused
			10003, 11205,
		},
	}
}

// FeishuConfig is an entry of alerting.feishu: a robot in a group of Feishu or Lark.
type FeishuConfig struct {
	Entry `yaml:",inline"`
	// Address of the robot.
	URL secret.Secret `yaml:"url"`
	// Secret of the signature, when the robot asks for one.
	Secret secret.Secret `yaml:"secret"`
	// Language of the messages: en or zh.
	Language string `yaml:"language"`
}

func (c *FeishuConfig) validate() error { return checkAddress(c.URL) }

type feishu struct {
	robot
	cfg FeishuConfig
}

func newFeishu(cfg FeishuConfig, p Page) *feishu {
	return &feishu{cfg: cfg, robot: robot{teller: newTeller(cfg.Language, p), codes: feishuCodes(), post: newPoster(cfg.URL, cfg.Secret)}}
}

// Name returns the configured name.
func (f *feishu) Name() string { return f.cfg.Name }

// Send posts n.
func (f *feishu) Send(ctx context.Context, n Notice, late time.Duration) error {
	body := f.within(maxFeishu, n, late, func(s story) []byte { return encode(f.signed(feishuCard(s, feishuColour(&n.Alerts[0])), time.Now())) })
	return f.say(ctx, f.cfg.URL.Reveal(), body)
}

// signed puts a card into a message with the signature of now: the text to sign is the key, and nothing is signed.
func (f *feishu) signed(card object, now time.Time) object {
	message := object{"msg_type": "interactive", "card": card}
	if f.cfg.Secret != "" {
		at := strconv.FormatInt(now.Unix(), 10)
		message["timestamp"], message["sign"] = at, robotSign(at+"\n"+f.cfg.Secret.Reveal(), "")
	}
	return message
}

func feishuColour(a *Alert) string {
	switch {
	case !a.Ended.IsZero():
		return "green"
	case SeverityRank(a.Severity) == 0:
		return "red"
	case SeverityRank(a.Severity) == 1:
		return "orange"
	}
	return "blue"
}

// feishuCard writes a card. All texts are plain, so that nothing in them is a tag or mentions anybody.
func feishuCard(s story, colour string) object {
	var elements []object
	add := func(text string) {
		if text != "" {
			elements = append(elements, object{"tag": "div", "text": feishuText(text)})
		}
	}
	note := func(text string) {
		elements = append(elements, object{"tag": "note", "elements": []object{feishuText(text)}})
	}
	if s.late != "" {
		note(s.late)
	}
	for i, c := range s.chapters {
		if i > 0 {
			elements = append(elements, object{"tag": "hr"})
			add(c.title)
		}
		add(c.when)
		if len(c.figures) > 0 {
			var fields []object
			for _, f := range c.figures {
				fields = append(fields, object{"is_short": true, "text": feishuText(f.label + "\n" + f.value)})
			}
			elements = append(elements, object{"tag": "div", "fields": fields})
		}
		add(c.what)
		add(c.why)
	}
	if s.more != "" {
		note(s.more)
	}
	var buttons []object
	button := func(text, address string) {
		buttons = append(buttons, object{"tag": "button", "text": feishuText(text), "url": address, "type": "default"})
	}
	if s.page != "" {
		button(s.open, s.page)
	}
	if s.linked() {
		button(s.book, s.runbook)
	}
	if buttons != nil {
		elements = append(elements, object{"tag": "action", "actions": buttons})
	}
	footer := []string{s.sender}
	if s.runbook != "" && !s.linked() {
		footer = append([]string{s.book + ": " + s.runbook}, footer...)
	}
	note(strings.Join(footer, " · "))
	return object{
		"config":   object{"wide_screen_mode": true},
		"header":   object{"title": feishuText(s.headline), "template": colour},
		"elements": elements,
	}
}

func feishuText(text string) object { return object{"tag": "plain_text", "content": text} }
