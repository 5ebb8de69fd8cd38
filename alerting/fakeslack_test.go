package alerting_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

const (
	fakeToken   = "xoxb-1234-fake-secret"
	fakeChannel = "#pay-alerts"
	webhookPath = "/services/T0/B0/fakesecretpath"
)

// fakeSlack takes messages as Slack does, by token and by webhook, and refuses what is over Slack's documented limits.
type fakeSlack struct {
	*httptest.Server

	mu       sync.Mutex
	messages []slackMessage
	answers  []answer // for the next calls; then all is well
	calls    int
	came     chan struct{}
}

// slackMessage is a message that the fake took.
type slackMessage struct {
	Text   string
	Blocks []map[string]any
	raw    string
}

// answer is what the fake does instead of taking a message.
type answer struct {
	status     int
	retryAfter string
	err        string // error of the API, or the text of the webhook's answer
	stall      bool
}

func newFakeSlack(t *testing.T, answers ...answer) *fakeSlack {
	f := &fakeSlack{answers: answers, came: make(chan struct{}, 100)}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSlack) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	webhook := r.URL.Path == webhookPath
	if len(f.answers) > 0 {
		a := f.answers[0]
		f.answers = f.answers[1:]
		if a != (answer{}) {
			f.refuse(w, r, a, webhook)
			return
		}
	}
	m, err := read(r, body, webhook)
	if err == "" {
		err = m.check()
	}
	if err != "" {
		f.refuse(w, r, answer{err: err}, webhook)
		return
	}
	f.messages = append(f.messages, m)
	f.came <- struct{}{}
	if webhook {
		io.WriteString(w, "ok")
		return
	}
	fmt.Fprintf(w, `{"ok":true,"channel":"C1","ts":"%d.000100"}`, time.Now().Unix())
}

func (f *fakeSlack) refuse(w http.ResponseWriter, r *http.Request, a answer, webhook bool) {
	if a.stall {
		// The client gives up, or the test ends.
		<-r.Context().Done()
		return
	}
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	switch {
	case a.status != 0:
		w.WriteHeader(a.status)
		io.WriteString(w, a.err)
	case webhook:
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, a.err)
	default:
		fmt.Fprintf(w, `{"ok":false,"error":%q}`, a.err)
	}
}

func read(r *http.Request, body []byte, webhook bool) (m slackMessage, err string) {
	m.raw = string(body)
	if webhook {
		var in struct {
			Text   string
			Blocks []map[string]any
		}
		if json.Unmarshal(body, &in) != nil {
			return m, "invalid_payload"
		}
		m.Text, m.Blocks = in.Text, in.Blocks
		return m, ""
	}
	r.Body = io.NopCloser(strings.NewReader(m.raw))
	if r.ParseForm() != nil || r.URL.Path != "/chat.postMessage" {
		return m, "unknown_method"
	}
	if r.Form.Get("token") != fakeToken && r.Header.Get("Authorization") != "Bearer "+fakeToken {
		return m, "invalid_auth"
	}
	if r.Form.Get("channel") != fakeChannel {
		return m, "channel_not_found"
	}
	m.Text = r.Form.Get("text")
	if blocks := r.Form.Get("blocks"); blocks != "" && json.Unmarshal([]byte(blocks), &m.Blocks) != nil {
		return m, "invalid_blocks_format"
	}
	return m, ""
}

// markup is what may stand between < and > in a text: links and dates.
var markup = regexp.MustCompile(`<(https?://[^<>|]+|!date\^\d+\^[^<>|]+)\|[^<>]*>`)

// check holds the message to Slack's limits.
func (m *slackMessage) check() (err string) {
	if m.Text == "" {
		return "no_text"
	}
	if utf8.RuneCountInString(m.Text) > 4000 {
		return "msg_too_long"
	}
	if len(m.Blocks) > 50 {
		return "invalid_blocks: more than 50"
	}
	total := 0
	for _, b := range m.Blocks {
		why := checkBlock(b, &total)
		if why != "" {
			return "invalid_blocks: " + why
		}
	}
	if total > 13_000 {
		return "msg_blocks_too_long"
	}
	return ""
}

func checkBlock(b map[string]any, total *int) (why string) {
	text := func(v any, limit int) bool {
		o, _ := v.(map[string]any)
		s, _ := o["text"].(string)
		n := utf8.RuneCountInString(s)
		*total += n
		plain := o["type"] == "plain_text"
		return n >= 1 && n <= limit && (plain || !strings.ContainsAny(markup.ReplaceAllString(s, ""), "<>"))
	}
	list := func(v any, most, limit int) bool {
		all, _ := v.([]any)
		for _, one := range all {
			if !text(one, limit) {
				return false
			}
		}
		return len(all) >= 1 && len(all) <= most
	}
	ok := true
	switch b["type"] {
	case "header":
		ok = text(b["text"], 150)
	case "section":
		ok = (b["text"] != nil || b["fields"] != nil) && (b["text"] == nil || text(b["text"], 3000)) &&
			(b["fields"] == nil || list(b["fields"], 10, 2000))
	case "context":
		ok = list(b["elements"], 10, 3000)
	case "divider":
	default:
		ok = false
	}
	if !ok {
		return fmt.Sprint(b)
	}
	return ""
}

// wait returns the messages once there are n of them.
func (f *fakeSlack) wait(t *testing.T, n int) []slackMessage {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		f.mu.Lock()
		got := append([]slackMessage(nil), f.messages...)
		f.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-f.came:
		case <-timeout:
			t.Fatalf("Slack has %d messages, want %d", len(got), n)
		}
	}
}

// all returns the text of every block.
func (m *slackMessage) all() string {
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				b.WriteString(s + "\n")
				return
			}
			for _, name := range []string{"text", "fields", "elements"} {
				walk(v[name])
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	for _, block := range m.Blocks {
		walk(block)
	}
	return b.String()
}
