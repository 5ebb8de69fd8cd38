package receivers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	// maxErrorBody is how much of an error's text is kept.
	maxErrorBody = 200
	// rateLimitWait is the wait when Slack says "too often" without saying how long.
	rateLimitWait = 30 * time.Second
)

// classify says what an error of slack-go means for the message. It returns nil for no error.
func (s *Slack) classify(err error) *SendError {
	if err == nil {
		return nil
	}
	e := &SendError{Text: "slack: " + s.scrub(err)}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		e.After = max(limited.RetryAfter, time.Second)
		return e
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		classifyStatus(e, status.Code)
		return e
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		classifyAnswer(e, answer)
	}
	return e
}

// classifyStatus reads the HTTP status, which is all that webhooks have:
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
func classifyStatus(e *SendError, code int) {
	switch {
	case code == http.StatusTooManyRequests:
		e.After = rateLimitWait
	case code >= 500 || code == http.StatusRequestTimeout:
	case code == http.StatusBadRequest || code == http.StatusRequestEntityTooLarge:
		e.Refused = true
	default:
		e.Blocked = true
	}
}

// classifyAnswer reads the error of a call with a token: https://docs.slack.dev/reference/methods/chat.postMessage#errors
func classifyAnswer(e *SendError, answer slack.SlackErrorResponse) {
	switch answer.Err {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		e.After = rateLimitWait
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
	case "access_denied", "account_inactive", "channel_not_found", "deprecated_endpoint", "ekm_access_denied",
		"enterprise_is_restricted", "invalid_auth", "is_archived", "is_inactive", "messages_tab_disabled", "method_deprecated",
		"missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required",
		"restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
		"restricted_action_thread_locked", "restricted_action_thread_only_channel", "team_access_not_granted",
		"team_not_found", "token_expired", "token_revoked", "two_factor_setup_required":
		e.Blocked = true
		if answer.Needed != "" {
			e.Text += " (needs the scope " + answer.Needed + ")"
		}
	default:
		e.Refused = true
		if more := answer.ResponseMetadata.Messages; len(more) > 0 {
			e.Text += ": " + cut(strings.Join(more, "; "), maxErrorBody)
		}
	}
}

// scrub returns the text of an error without the addresses and tokens that slack-go puts in.
func (s *Slack) scrub(err error) string {
	text := err.Error()
	if u, ok := errors.AsType[*url.Error](err); ok {
		text = u.Err.Error()
	}
	for _, secret := range []string{s.cfg.WebhookURL.Reveal(), s.cfg.Token.Reveal(), secretPath(s.cfg.WebhookURL.Reveal())} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "<redacted>")
		}
	}
	return text
}

// secretPath returns the part of a webhook's address that nobody else may know.
func secretPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || len(u.Path) < 2 {
		return ""
	}
	return u.Path
}

// explained puts the text of an error's body into its status, which is what slack-go keeps of it.
type explained struct{ next http.RoundTripper }

func (t explained) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode == http.StatusOK || strings.Contains(resp.Header.Get("Content-Type"), "html") {
		return resp, err
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	rest := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}
	if text := strings.TrimSpace(strings.ToValidUTF8(string(body), "")); text != "" {
		resp.Status = fmt.Sprintf("%s: %q", resp.Status, text)
	}
	return resp, nil
}
