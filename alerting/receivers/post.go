package receivers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatewatch/internal/secret"
)

const (
	// postTimeout is how long one request may take.
	postTimeout = 15 * time.Second
	// maxAnswer is how much of an answer is read.
	maxAnswer = 64 << 10
	// maxRetryAfter bounds the wait that an answer asks for.
	maxRetryAfter = time.Hour
	// minSecret is the length from which parts of an address are looked for in error texts: shorter ones are words.
	minSecret = 8
)

// poster sends JSON to an address that is a secret.
type poster struct {
	client  *http.Client
	secrets []string
}

// newPoster returns a poster whose errors hold nothing of secrets.
func newPoster(secrets ...secret.Secret) *poster {
	p := &poster{client: &http.Client{
		Timeout: postTimeout,
		// A redirect would carry the message to where nobody configured it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, s := range secrets {
		p.secrets = append(p.secrets, secretParts(s.Reveal())...)
	}
	return p
}

// secretParts returns a secret and, when it is an address, what of it nobody else may know, the longest first.
func secretParts(s string) []string {
	parts := []string{s}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return parts
	}
	parts = append(parts, u.RequestURI(), u.Path)
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if len(segment) >= minSecret {
			parts = append(parts, segment)
		}
	}
	if password, ok := u.User.Password(); ok {
		parts = append(parts, password)
	}
	return parts
}

// post sends body to address and returns the body of the answer. Errors are of type *SendError: every status but those
// of success is one.
func (p *poster) post(ctx context.Context, address string, body []byte, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, &SendError{Text: p.scrub(err), Blocked: true}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Gatewatch")
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, &SendError{Text: p.scrub(err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode/100 == 2 {
		// An accepted message whose answer breaks off must not be sent twice.
		return answer, nil
	}
	e := &SendError{Text: resp.Status}
	if text := answerText(resp, answer); text != "" && err == nil {
		e.Text = p.redact(fmt.Sprintf("%s: %q", resp.Status, text))
	}
	e.classify(resp.StatusCode)
	if after := retryAfter(resp.Header, time.Now()); after > 0 && !e.Refused && !e.Blocked {
		e.After = after
	}
	return answer, e
}

// classify says what an HTTP status other than success means for the message.
func (e *SendError) classify(code int) {
	switch {
	case code == http.StatusTooManyRequests:
		e.After = rateLimitWait
	case code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooEarly:
	case code == http.StatusBadRequest || code == http.StatusRequestEntityTooLarge || code == http.StatusUnprocessableEntity:
		e.Refused = true
	default:
		e.Blocked = true
	}
}

// retryAfter reads how long an answer asks to wait, in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	var after time.Duration
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		after = time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), maxRetryAfter)
}

// answerText returns what an error's body says to people.
func answerText(resp *http.Response, body []byte) string {
	if strings.Contains(resp.Header.Get("Content-Type"), "html") {
		return ""
	}
	return cut(strings.TrimSpace(strings.ToValidUTF8(string(body), "")), maxErrorBody)
}

// scrub returns the text of an error without addresses and secrets.
func (p *poster) scrub(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return p.redact(err.Error())
}

func (p *poster) redact(text string) string {
	for _, s := range p.secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, "<redacted>")
		}
	}
	return text
}

// encode writes v as JSON. Letters beyond ASCII and the signs of HTML stand for themselves: they count against limits.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // v is made of strings and maps only
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
