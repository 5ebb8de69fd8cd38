package receivers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"gatewatch/internal/secret"
)

// maxDingTalk is the size of a message within the 20,000 bytes that robots take.
const maxDingTalk = 15_000

// dingtalkCodes are from https://open.dingtalk.com/document/robots/custom-robot-access
func dingtalkCodes() *codes {
	return &codes{
		often:  []int{130101, 130103, 410100, 90030, 90018},
		failed: []int{-1},
		blocked: []int{
			300001, 300005, 310000, // no such token; signature, keyword or address refused
			400013, 400101, 400102, 400106, // group or robot gone or switched off
		},
	}
}

// DingTalkConfig is an entry of alerting.dingtalk: a robot in a group.
type DingTalkConfig struct {
	Entry `yaml:",inline"`
	// Address of the robot, with its access token.
	URL secret.Secret `yaml:"url"`
	// Secret of the signature (SEC…), when the robot asks for one.
	Secret secret.Secret `yaml:"secret"`
	// Language of the messages: en or zh.
	Language string `yaml:"language"`
}

func (c *DingTalkConfig) validate() error { return checkAddress(c.URL) }

type dingtalk struct {
	robot
	cfg DingTalkConfig
}

func newDingTalk(cfg DingTalkConfig, p Page) *dingtalk {
	return &dingtalk{cfg: cfg, robot: robot{teller: newTeller(cfg.Language, p), codes: dingtalkCodes(), post: newPoster(cfg.URL, cfg.Secret)}}
}

// Name returns the configured name.
func (d *dingtalk) Name() string { return d.cfg.Name }

// Send posts n.
func (d *dingtalk) Send(ctx context.Context, n Notice, late time.Duration) error {
	body := d.within(maxDingTalk, n, late, func(s story) []byte {
		return encode(object{"msgtype": "markdown", "markdown": object{"title": plain(s.headline), "text": markdown(s, "\n\n")}})
	})
	return d.say(ctx, d.address(time.Now()), body)
}

// address is the robot's with the signature of now.
func (d *dingtalk) address(now time.Time) string {
	if d.cfg.Secret == "" {
		return d.cfg.URL.Reveal()
	}
	u, err := url.Parse(d.cfg.URL.Reveal())
	if err != nil {
		return d.cfg.URL.Reveal() // post reports it
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	q := u.Query()
	q.Set("timestamp", at)
	q.Set("sign", robotSign(d.cfg.Secret.Reveal(), at+"\n"+d.cfg.Secret.Reveal()))
	u.RawQuery = q.Encode()
	return u.String()
}

func robotSign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
