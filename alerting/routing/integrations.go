package routing

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify/pagerduty"
	"github.com/prometheus/alertmanager/notify/webhook"
	commoncfg "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/secret"
)

// slackAPI ends the address of the call that posts messages; the receiver has the part before it.
const slackAPI = "/chat.postMessage"

func (f *amFile) slack(receiver string, i int, c *amconfig.SlackConfig, n *yaml.Node) {
	where := fmt.Sprintf("receiver %q: slack_configs[%d]", receiver, i)
	out := receivers.SlackConfig{Name: f.integration(receiver, "slack", i, n)}
	f.plain(where, n, "channel", c.Channel)
	address := ""
	if c.APIURLFile != "" || c.APIURL != nil {
		if c.APIURL != nil {
			address = c.APIURL.String()
		}
		address = f.secretFile(where, n, address, c.APIURLFile)
	}
	auth := c.HTTPConfig.Authorization // an app token stands there, too
	if base, isAPI := strings.CutSuffix(address, slackAPI); isAPI {
		if auth == nil {
			f.mistake(n, "%s: %s needs a token: app_token, or http_config.authorization", where, slackAPI)
			return
		}
		out.Token = secret.Secret(f.secretFile(where, n, string(auth.Credentials), auth.CredentialsFile))
		if out.Channel = c.Channel; base != "https://slack.com/api" {
			out.APIURL = base
		}
		if !c.SendResolved() && below(n, "send_resolved") != nil {
			f.warn(n, "%s: send_resolved: false has no effect here: the end is shown in the incident's message", where)
		}
	} else {
		out.WebhookURL = secret.Secret(address)
		if c.Channel != "" {
			f.warn(n, "%s: channel has no effect here: an incoming webhook posts to the channel that it was made for", where)
		}
		f.ends(out.Name, c.SendResolved())
	}
	out.SetDefaults()
	f.spot("slack", len(f.plan.Slack), where, n)
	f.plan.Slack = append(f.plan.Slack, out)
}

func (f *amFile) webhook(receiver string, i int, c *webhook.WebhookConfig, n *yaml.Node) {
	where := fmt.Sprintf("receiver %q: webhook_configs[%d]", receiver, i)
	f.plain(where, n, "url", string(c.URL))
	name := f.integration(receiver, "webhook", i, n)
	f.ends(name, c.SendResolved())
	f.spot("webhooks", len(f.plan.Others.Webhooks), where, n)
	f.plan.Others.Webhooks = append(f.plan.Others.Webhooks, receivers.WebhookConfig{
		Entry: receivers.Entry{Name: name}, URL: secret.Secret(f.secretFile(where, n, string(c.URL), c.URLFile)),
		Headers: f.headers(where, n, c.HTTPConfig),
	})
}

// headers are those that settings of HTTP ask for.
func (f *amFile) headers(where string, n *yaml.Node, c *commoncfg.HTTPClientConfig) map[string]secret.Secret {
	all := map[string]secret.Secret{}
	if c == nil {
		return nil
	}
	if h := c.HTTPHeaders; h != nil {
		for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
			one := h.Headers[name]
			if len(one.Values)+len(one.Secrets)+len(one.Files) != 1 {
				f.mistake(n, "%s: http_headers.%s must have one value", where, name)
				continue
			}
			values := append([]string(nil), one.Values...)
			for _, s := range one.Secrets {
				values = append(values, string(s))
			}
			for _, file := range one.Files {
				values = append(values, f.secretFile(where, n, "", file))
			}
			all[name] = secret.Secret(values[0])
		}
	}
	if a := c.Authorization; a != nil {
		all["Authorization"] = secret.Secret(a.Type + " " + f.secretFile(where, n, string(a.Credentials), a.CredentialsFile))
	}
	if b := c.BasicAuth; b != nil {
		user := f.secretFile(where, n, b.Username, b.UsernameFile)
		password := f.secretFile(where, n, string(b.Password), b.PasswordFile)
		all["Authorization"] = secret.Secret("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func (f *amFile) email(receiver string, i int, c *amconfig.EmailConfig, n *yaml.Node) {
	where := fmt.Sprintf("receiver %q: email_configs[%d]", receiver, i)
	f.plain(where, n, "to", c.To)
	f.plain(where, n, "from", c.From)
	out := receivers.EmailConfig{
		Entry: receivers.Entry{Name: f.integration(receiver, "email", i, n)}, Server: c.Smarthost.String(), From: c.From,
		Username: c.AuthUsername, Password: secret.Secret(f.secretFile(where, n, string(c.AuthPassword), c.AuthPasswordFile)),
	}
	for to := range strings.SplitSeq(c.To, ",") {
		out.To = append(out.To, strings.TrimSpace(to))
	}
	if c.AuthSecret+commoncfg.Secret(c.AuthSecretFile) != "" && out.Password == "" {
		f.mistake(n, "%s: auth_secret is not supported: give the password", where)
	}
	if out.Password == "" {
		out.Username = "" // Alertmanager does not log in then, either
	}
	out.TLS = f.mailTLS(where, n, c, out.Username != "")
	if t := c.TLSConfig; t != nil {
		out.CAFile = t.CAFile
		rest := *t
		rest.CAFile = ""
		if rest != (commoncfg.TLSConfig{}) {
			f.mistake(n, "%s: of tls_config only ca_file is supported", where)
		}
	}
	f.ends(out.Name, c.SendResolved())
	f.spot("email", len(f.plan.Others.Email), where, n)
	f.plan.Others.Email = append(f.plan.Others.Email, out)
}

// mailTLS returns how the connection to the mail server is encrypted.
func (f *amFile) mailTLS(where string, n *yaml.Node, c *amconfig.EmailConfig, password bool) string {
	_, port, _ := net.SplitHostPort(c.Smarthost.String())
	implicit := port == strconv.Itoa(465)
	if c.ForceImplicitTLS != nil {
		implicit = *c.ForceImplicitTLS
	}
	switch {
	case implicit:
		return "implicit"
	case c.RequireTLS == nil || *c.RequireTLS:
		return "starttls"
	case password:
		f.warn(n, "%s: require_tls: false has no effect here: a password is only sent encrypted", where)
		return "starttls"
	}
	return "none"
}

func (f *amFile) pagerduty(receiver string, i int, c *pagerduty.PagerdutyConfig, n *yaml.Node) {
	where := fmt.Sprintf("receiver %q: pagerduty_configs[%d]", receiver, i)
	name := f.integration(receiver, "pagerduty", i, n)
	f.ends(name, c.SendResolved())
	f.spot("pagerduty", len(f.plan.Others.PagerDuty), where, n)
	f.plan.Others.PagerDuty = append(f.plan.Others.PagerDuty, receivers.PagerDutyConfig{
		Entry: receivers.Entry{Name: name}, RoutingKey: secret.Secret(f.secretFile(where, n, string(c.RoutingKey), c.RoutingKeyFile)),
		URL: strings.TrimSuffix(c.URL.String(), "/v2/enqueue"),
	})
}

// teams takes both kinds of Microsoft Teams: the cards are the same.
func (f *amFile) teams(r *amconfig.Receiver, n *yaml.Node) {
	i := 0
	add := func(where string, n *yaml.Node, address, file string, ends bool) {
		name := f.integration(r.Name, "teams", i, n)
		i++
		f.ends(name, ends)
		f.spot("teams", len(f.plan.Others.Teams), where, n)
		f.plan.Others.Teams = append(f.plan.Others.Teams, receivers.TeamsConfig{
			Entry: receivers.Entry{Name: name}, URL: secret.Secret(f.secretFile(where, n, address, file)),
		})
	}
	for j, c := range r.MSTeamsConfigs {
		address := ""
		if c.WebhookURL != nil {
			address = c.WebhookURL.String()
		}
		add(fmt.Sprintf("receiver %q: msteams_configs[%d]", r.Name, j), at(below(n, "msteams_configs"), j), address, c.WebhookURLFile, c.SendResolved())
	}
	for j, c := range r.MSTeamsV2Configs {
		address := ""
		if c.WebhookURL != nil {
			address = c.WebhookURL.String()
		}
		add(fmt.Sprintf("receiver %q: msteamsv2_configs[%d]", r.Name, j), at(below(n, "msteamsv2_configs"), j), address, c.WebhookURLFile, c.SendResolved())
	}
}

// plain adds a mistake for a value that is a template: only Alertmanager's messages have what fills it.
func (f *amFile) plain(where string, n *yaml.Node, key, value string) {
	if strings.Contains(value, "{{") {
		f.mistake(below(n, key), "%s: %s must be no template", where, key)
	}
}

func (f *amFile) ends(name string, told bool) {
	if !told {
		f.plan.NoEnds[name] = true
	}
}
