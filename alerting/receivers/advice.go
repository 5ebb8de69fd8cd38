package receivers

import (
	"fmt"
	"strings"
	"time"
)

// slackAdvice says what to do about what Slack answers. The codes of calls with a token and the texts of webhooks have
// names of their own, which stand in the error's text.
var slackAdvice = [...]struct{ code, advice string }{
	{"not_in_channel", "invite the app into the channel: /invite @its-name"},
	{"channel_not_found", "check alerting.slack.channel; into a private channel the app must be invited (/invite @its-name)"},
	{"is_archived", "the channel is archived: name another one in alerting.slack.channel"},
	{"missing_scope", "give the app the scope under OAuth & Permissions at api.slack.com/apps, install it again, and use the new token"},
	{"invalid_auth", "check alerting.slack.token: it is the Bot User OAuth Token (xoxb-…) of the app's page OAuth & Permissions"},
	{"not_authed", "check alerting.slack.token: it is the Bot User OAuth Token (xoxb-…) of the app's page OAuth & Permissions"},
	{"not_allowed_token_type", "use the Bot User OAuth Token (xoxb-…), not one of a user or of the app (xoxp-…, xapp-…)"},
	{"token_revoked", "install the app again at api.slack.com/apps and use the new token"},
	{"token_expired", "install the app again at api.slack.com/apps and use the new token"},
	{"account_inactive", "the app or its workspace was removed: install the app again and use the new token"},
	{"restricted_action", "a setting of the channel or the workspace keeps apps from posting: allow it, or choose another channel"},
	{"no_service", "the webhook does not exist any more: make a new one at api.slack.com/apps, page Incoming Webhooks"},
	{"no_team", "check alerting.slack.webhook_url: it is not complete"},
	{"invalid_token", "check alerting.slack.webhook_url: it is not complete"},
	{"action_prohibited", "an administrator keeps apps from posting to this channel"},
	{"posting_to_general_channel_denied", "an administrator keeps apps from posting to this channel"},
}

// networkAdvice says what to do when nothing answers as it should; the texts are those of Go's network packages.
var networkAdvice = [...]struct{ text, advice string }{
	{"no such host", "the name cannot be resolved: check the address and this host's DNS"},
	{"connection refused", "nothing listens there: check the address, and HTTPS_PROXY when this host needs a proxy"},
	{"certificate", "the certificate is not trusted: check the address, the host's clock and its certificate authorities"},
	{"deadline exceeded", "nothing answers: check the firewall, and set HTTPS_PROXY when this host needs a proxy"},
	{"timeout", "nothing answers: check the firewall, and set HTTPS_PROXY when this host needs a proxy"},
	{"unreachable", "there is no way to the address: check the network, and set HTTPS_PROXY when this host needs a proxy"},
}

// Advice says what to do about the error, in a sentence for the one who configures the receiver.
func (e *SendError) Advice() string {
	for _, a := range slackAdvice {
		if strings.Contains(e.Text, a.code) {
			return a.advice
		}
	}
	for _, a := range networkAdvice {
		if strings.Contains(e.Text, a.text) {
			return a.advice
		}
	}
	switch {
	case e.After > 0:
		return fmt.Sprintf("too many messages at present: try again in %v", e.After.Round(time.Second))
	case e.Blocked:
		return "check the address and the credentials of the receiver in the configuration"
	case e.Refused:
		return "the receiver does not take the form of the message; it would not take an alert's either: please report this"
	}
	return "the receiver has trouble of its own; an alert would be sent again until it arrives: try later"
}
