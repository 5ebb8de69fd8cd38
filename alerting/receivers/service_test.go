package receivers

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"gatewatch/internal/secret"
)

// service is a receiver's other side: it holds requests to the rules of the real one, unless it was told what to
// answer.
type service struct {
	*httptest.Server
	rules func(r *http.Request, body []byte) reply

	mu      sync.Mutex
	replies []reply // for the next requests
	taken   []map[string]any
	headers []http.Header
}

// reply is an answer of a service. Status 0 is 200.
type reply struct {
	status     int
	retryAfter string
	body       string
	refuses    bool // the message was not taken
}

// address of the service, with a secret in it.
const secretPathOfTests = "/hook/very-secret-token"

func newService(t *testing.T, rules func(*http.Request, []byte) reply, replies ...reply) *service {
	s := &service{rules: rules, replies: replies}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *service) address() secret.Secret { return secret.Secret(s.URL + secretPathOfTests) }

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	var answer reply
	if len(s.replies) > 0 {
		answer, s.replies = s.replies[0], s.replies[1:]
	} else if answer = s.rules(r, body); !answer.refuses {
		var message map[string]any
		if err := json.Unmarshal(body, &message); err != nil {
			answer = reply{status: 400, body: err.Error()}
		}
		s.taken, s.headers = append(s.taken, message), append(s.headers, r.Header.Clone())
	}
	if answer.retryAfter != "" {
		w.Header().Set("Retry-After", answer.retryAfter)
	}
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	io.WriteString(w, answer.body)
}

// only returns the one message that the service took.
func (s *service) only(t *testing.T) map[string]any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) != 1 {
		t.Fatalf("the service has %d messages, want 1", len(s.taken))
	}
	return s.taken[0]
}

// texts returns all strings in a message, a line each.
func texts(v any) string {
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString(v + "\n")
		case map[string]any:
			for _, one := range v {
				walk(one)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(v)
	return b.String()
}

func (s *service) send(t *testing.T, r Receiver, n Notice, late time.Duration) {
	t.Helper()
	if err := r.Send(t.Context(), n, late); err != nil {
		t.Fatalf("Send() = %v, want nil", err)
	}
}

// endless is an incident with more of everything than any message can hold, and with what could be markup.
func endless() Notice {
	n := incident()
	for range 30 {
		a := n.Alerts[0]
		a.Annotations = map[string]string{
			"summary": strings.Repeat("长 <at id=all></at> ", 200), "description": strings.Repeat("[click](https://evil.example) @all 支付 \xff\n", 500),
			"success": strings.Repeat("9", 3000), "runbook_url": "https://x.example/" + strings.Repeat("r", 3000), "reasons": "others_well",
		}
		a.Severity = strings.Repeat("<b>", 500)
		a.Labels = map[string]string{"alertname": "A", "provider": strings.Repeat("p", 5000)}
		n.Alerts = append(n.Alerts, a)
	}
	// Not the ordinary one: it would be first and short.
	n.Alerts = n.Alerts[1:]
	n.Cut()
	return n
}

func pageOfTests() Page {
	return Page{URL: "https://gatewatch.example/?a=1&b=2", RunbookURL: "https://git.example/docs/runbooks/", Host: "pay-gw-01"}
}

func over() Notice {
	n := incident()
	n.Alerts[0].Ended = n.Alerts[0].Since.Add(7 * time.Minute)
	return n
}

// wants is what becomes of a message that a service does not take.
type wants struct {
	after            time.Duration
	blocked, refused bool
}

// failures checks what each answer means for the message, and that no error holds the secret of the address.
func failures(t *testing.T, make func(s *service) Receiver, cases map[reply]wants) {
	t.Helper()
	for answer, want := range cases {
		s := newService(t, nil, answer)
		err := make(s).Send(t.Context(), incident(), 0)
		e, ok := errors.AsType[*SendError](err)
		if !ok || e.After != want.after || e.Blocked != want.blocked || e.Refused != want.refused {
			t.Errorf("Send() with the answer %+v = %+v, want %+v", answer, err, want)
		}
		if ok && (strings.Contains(e.Text, "secret-token") || e.Text == "" || !utf8.ValidString(e.Text)) {
			t.Errorf("Send() = %q, which is empty or tells the secret", e.Text)
		}
	}
	s := newService(t, nil)
	r := make(s)
	s.Close()
	e, ok := errors.AsType[*SendError](r.Send(t.Context(), incident(), 0))
	if !ok || e.Blocked || e.Refused || strings.Contains(e.Text, "secret-token") {
		t.Errorf("Send() without a service = %+v, want a retry and no secret", e)
	}
}

// ordinary are the answers that mean the same for all services.
func ordinary() map[reply]wants {
	return map[reply]wants{
		{status: 429, retryAfter: "7"}:      {after: 7 * time.Second},
		{status: 429}:                       {after: rateLimitWait},
		{status: 503, retryAfter: "999999"}: {after: maxRetryAfter},
		{status: 500, body: "no\xff luck with " + secretPathOfTests}:               {},
		{status: 404, body: "no such hook " + secretPathOfTests + " on this host"}: {blocked: true},
		{status: 401}:                         {blocked: true},
		{status: 302}:                         {blocked: true},
		{status: 400, body: "bad card"}:       {refused: true},
		{status: 413, body: "much too large"}: {refused: true},
	}
}
