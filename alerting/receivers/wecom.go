package receivers

import (
	"context"
	"time"

	"gatewatch/internal/secret"
)

// maxWeCom is the size of the text of a message, in bytes.
const maxWeCom = 4096

// wecomCodes are from https://developer.work.weixin.qq.com/document/path/90313
func wecomCodes() *codes {
	return &codes{
		often:  []int{45009, 45033},
		failed: []int{-1, 6000},
		blocked: []int{
			93000, 93004, 93008, 93017, // no such address; robot switched off or not in the group
			60020, 48002, 40014, 41001,
		},
	}
}

// WeComConfig is an entry of alerting.wecom: a robot in a group.
type WeComConfig struct {
	Entry `yaml:",inline"`
	// Address of the robot, with its key.
	URL secret.Secret `yaml:"url"`
	// Language of the messages: en or zh.
	Language string `yaml:"language"`
}

func (c *WeComConfig) validate() error { return checkAddress(c.URL) }

type wecom struct {
	robot
	cfg WeComConfig
}

func newWeCom(cfg WeComConfig, p Page) *wecom {
	return &wecom{cfg: cfg, robot: robot{teller: newTeller(cfg.Language, p), codes: wecomCodes(), post: newPoster(cfg.URL)}}
}

// Name returns the configured name.
func (w *wecom) Name() string { return w.cfg.Name }

// Send posts n.
func (w *wecom) Send(ctx context.Context, n Notice, late time.Duration) error {
	text := w.within(maxWeCom, n, late, func(s story) []byte { return []byte(markdown(s, "\n")) })
	body := encode(object{"msgtype": "markdown", "markdown": object{"content": string(text)}})
	return w.say(ctx, w.cfg.URL.Reveal(), body)
}
