package receivers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/net/http/httpguts"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

const (
	// SignatureHeader of webhooks with a secret is sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>.
	SignatureHeader = "X-Gatewatch-Signature"
	// TimestampHeader is the signature's time in seconds since 1970.
	TimestampHeader = "X-Gatewatch-Timestamp"
	// lateHeader says by how many seconds a message is late.
	lateHeader = "X-Gatewatch-Late-Seconds"
	// lostAnnotation tells how many payments were lost.
	lostAnnotation = "payments_lost"
)

// WebhookConfig is an entry of alerting.webhooks: a service that takes Alertmanager's webhooks.
type WebhookConfig struct {
	Entry `yaml:",inline"`
	// Address that the messages are posted to.
	URL secret.Secret `yaml:"url"`
	// Secret of the signature. Empty: messages are not signed.
	Secret secret.Secret `yaml:"secret"`
	// Headers of every request, such as Authorization.
	Headers map[string]secret.Secret `yaml:"headers"`
}

func (c *WebhookConfig) validate() error {
	var m invalid.Mistakes
	checkSecretURL(&m, "url", c.URL.Reveal())
	for name, value := range c.Headers {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			m.Add("headers", "has a name that is none of an HTTP header; write name: value, as in Authorization: Bearer …") // it may hold the value
		case !httpguts.ValidHeaderFieldValue(value.Reveal()):
			m.Add("headers."+name, "is no value of an HTTP header")
		}
	}
	return m.Err()
}

// webhook posts notices in the form of Alertmanager's webhooks, version 4, so that what takes those takes these:
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
type webhook struct {
	cfg  WebhookConfig
	page Page
	post *poster
}

func newWebhook(cfg WebhookConfig, p Page) *webhook {
	secrets := []secret.Secret{cfg.URL, cfg.Secret}
	for _, value := range cfg.Headers {
		secrets = append(secrets, value)
	}
	return &webhook{cfg: cfg, page: p, post: newPoster(secrets...)}
}

// Name returns the configured name.
func (h *webhook) Name() string { return h.cfg.Name }

// Send posts n.
func (h *webhook) Send(ctx context.Context, n Notice, late time.Duration) error {
	body := encode(newPayload(n, h.cfg.Name, h.page))
	header := http.Header{}
	for name, value := range h.cfg.Headers {
		header.Set(name, value.Reveal())
	}
	if late > 0 {
		header.Set(lateHeader, strconv.Itoa(int(late.Seconds())))
	}
	if h.cfg.Secret != "" {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		header.Set(TimestampHeader, at)
		header.Set(SignatureHeader, "sha256="+sign(h.cfg.Secret.Reveal(), at, body))
	}
	_, err := h.post.post(ctx, h.cfg.URL.Reveal(), body, header)
	return err
}

func sign(key, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%s", at, body)
	return hex.EncodeToString(mac.Sum(nil))
}

// payload is the body of Alertmanager's webhooks.
type payload struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   int               `json:"truncatedAlerts"`
	Status            string            `json:"status"`
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []payloadAlert    `json:"alerts"`
}

type payloadAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

func newPayload(n Notice, receiver string, p Page) payload {
	body := payload{
		Version: "4", GroupKey: n.Told.GroupKey, TruncatedAlerts: n.More, Receiver: receiver, ExternalURL: p.URL, Status: status(n.Resolved()),
		GroupLabels: n.groupLabels(),
	}
	for i := range n.Alerts {
		a := &n.Alerts[i]
		one := payloadAlert{
			Status: status(!a.Ended.IsZero()), Labels: copyOf(a.Labels), Annotations: annotations(a), StartsAt: a.Since, EndsAt: a.Ended, GeneratorURL: p.URL,
			Fingerprint: fingerprint(a.Labels),
		}
		body.Alerts = append(body.Alerts, one)
		if i == 0 {
			body.CommonLabels, body.CommonAnnotations = maps.Clone(one.Labels), maps.Clone(one.Annotations)
		}
		keepCommon(body.CommonLabels, one.Labels)
		keepCommon(body.CommonAnnotations, one.Annotations)
	}
	return body
}

// annotations returns those that are meant for people, and what the alert cost.
func annotations(a *Alert) map[string]string {
	all := make(map[string]string, len(a.Annotations)+1)
	for name, value := range a.Annotations {
		if !strings.HasSuffix(name, "_query") {
			all[name] = value
		}
	}
	if a.Lost != nil {
		all[lostAnnotation] = strconv.FormatFloat(*a.Lost, 'f', 0, 64)
	}
	return all
}

// copyOf never returns nil: Alertmanager writes {}.
func copyOf(labels map[string]string) map[string]string {
	all := make(map[string]string, len(labels))
	maps.Copy(all, labels)
	return all
}

func keepCommon(common, one map[string]string) {
	maps.DeleteFunc(common, func(name, value string) bool { return one[name] != value })
}

func status(resolved bool) string {
	if resolved {
		return "resolved"
	}
	return "firing"
}

// groupLabels returns the labels that the alerts of the group have in common by its definition.
func (n *Notice) groupLabels() map[string]string {
	if n.GroupLabels != nil {
		return n.GroupLabels
	}
	return map[string]string{"alertname": n.Alerts[0].Name}
}

func fingerprint(labels map[string]string) string {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}
