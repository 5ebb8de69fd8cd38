// Package fakeslack is a Slack to test against: the few methods of its Web API that Gatewatch calls, and incoming
// webhooks and Socket Mode, with Slack's documented limits and errors. It is an http.Handler and an http.RoundTripper, which needs no
// socket and so works on the clock of testing/synctest.
package fakeslack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The one workspace of the fake.
const (
	Token       = "xoxb-1234-fake-secret"
	Channel     = "#pay-alerts"
	ChannelID   = "C0PAYALERTS"
	WebhookPath = "/services/T0/B0/fakesecretpath"
)

// Slack's limits on how often: one message a second for a channel, about fifty changes a minute. The first one leaves
// a little for clocks.
const (
	postSpacing   = 990 * time.Millisecond
	updatesMinute = 50
)

// Server is the fake. All its methods are safe for concurrent use.
type Server struct {
	mu       sync.Mutex
	messages []*Message
	files    []File
	calls    []Call
	answers  map[string][]Answer // by method, "" for any
	scopes   []string
	lastTS   int64
	lastPost time.Time
	updates  []time.Time
	after    func(method string)
	came     chan struct{}

	chartless  bool   // the workspace has no chart blocks
	base       string // the address that calls come to
	patience   time.Duration
	tickets    []string
	links      []*link
	turn       int
	envelopes  int
	last       map[string]any
	receipts   map[string]chan json.RawMessage
	answerURLs map[string]*answerURL
	whispers   []Whisper
	groups     map[string][]string
}

// Message is a message in the channel.
type Message struct {
	TS, ThreadTS string
	Text         string
	Blocks       []map[string]any
	// Metadata is what the app attached: event_type and event_payload.
	Metadata map[string]any
	// Broadcast: the reply stands in the channel, too.
	Broadcast bool
	// Edits counts the changes. History has every version as All would give it, the present one last.
	Edits   int
	History []string
	Deleted bool
	// locked is the error that a change gets.
	locked string
}

// Call is one call of a method.
type Call struct {
	Method string
	At     time.Time
	Form   url.Values
}

// Answer is what the fake does with a call instead of what was asked.
type Answer struct {
	// Status and RetryAfter make an HTTP error.
	Status     int
	RetryAfter string
	// Err is the error of the API, or the text of a webhook's answer.
	Err string
	// Stall lets the caller wait until it gives up.
	Stall bool
	// Taken does what was asked before the answer says something else.
	Taken bool
	// Pass answers as usual: it stands for a call that the ones after it are counted from.
	Pass bool
}

// New returns a workspace whose app has the scopes that Gatewatch may use.
func New() *Server {
	return &Server{
		patience: ackTime, answers: map[string][]Answer{}, came: make(chan struct{}, 1000),
		scopes:   []string{"chat:write", "channels:history", "files:write", "usergroups:read", "commands"},
		receipts: map[string]chan json.RawMessage{}, answerURLs: map[string]*answerURL{}, groups: map[string][]string{},
	}
}

// Answer sets what the next calls of a method ("" for any) get; after them all is well.
func (s *Server) Answer(method string, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[method] = append(s.answers[method], answers...)
}

// BePatient lets the fake wait longer than Slack does for the receipts of what people press: on a busy machine, in tests
// that run by its clock, somebody would press again what was taken.
func (s *Server) BePatient() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = time.Minute
}

// After sets what is called when the fake has done what was asked, before the caller hears of it.
func (s *Server) After(f func(method string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = f
}

// Revoke takes a scope away from the app.
func (s *Server) Revoke(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = slices.DeleteFunc(s.scopes, func(one string) bool { return one == scope })
}

// RefuseCharts makes it a workspace that does not know blocks with charts.
func (s *Server) RefuseCharts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chartless = true
}

// Delete deletes the message, as a user may.
func (s *Server) Delete(ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(ts); m != nil {
		m.Deleted = true
	}
}

// Lock makes changes of the message fail with err: edit_window_closed, cant_update_message …
func (s *Server) Lock(ts, err string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(ts); m != nil {
		m.locked = err
	}
}

// Messages returns the messages that are not deleted, as they are now, in the order of their posting.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range s.messages {
		if !m.Deleted {
			all = append(all, *m)
		}
	}
	return all
}

// Heads returns the messages that stand in the channel itself.
func (s *Server) Heads() []Message {
	return slices.DeleteFunc(s.Messages(), func(m Message) bool { return m.ThreadTS != "" })
}

// Replies returns the messages in the thread of ts.
func (s *Server) Replies(ts string) []Message {
	return slices.DeleteFunc(s.Messages(), func(m Message) bool { return m.ThreadTS != ts })
}

// Calls returns the calls of a method, or of all of them for "".
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(c Call) bool { return method != "" && c.Method != method })
}

// Came gets a value after each call.
func (s *Server) Came() <-chan struct{} { return s.came }

// RoundTrip answers without a socket.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	s.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// ServeHTTP answers a call of the API (at /METHOD), a webhook, or an upload.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/link/") {
		s.serveLink(w, r)
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/")
	body, _ := io.ReadAll(io.LimitReader(r.Body, 10<<20))
	if r.URL.Path == WebhookPath {
		method = "webhook"
	}
	in := newRequest(r, method, body)
	s.mu.Lock()
	s.base = in.host
	s.calls = append(s.calls, Call{method, time.Now(), in.form})
	a, planned := s.planned(method)
	s.mu.Unlock()
	defer func() {
		select {
		case s.came <- struct{}{}:
		default:
		}
	}()
	if a.Stall {
		if a.Taken {
			s.serve(in)
		}
		<-r.Context().Done() // the caller gives up
		return
	}
	if planned && !a.Taken {
		refuse(w, a, method)
		return
	}
	out := s.serve(in)
	if planned {
		refuse(w, a, method)
		return
	}
	out.write(w, method)
}

// planned returns the answer that a test wants for this call.
func (s *Server) planned(method string) (Answer, bool) {
	for _, key := range []string{method, ""} {
		if next := s.answers[key]; len(next) > 0 {
			s.answers[key] = next[1:]
			return next[0], !next[0].Pass
		}
	}
	return Answer{}, false
}

func (s *Server) serve(in request) (out reply) {
	s.mu.Lock()
	out = s.handle(in)
	after := s.after
	s.mu.Unlock()
	if after != nil && out.err == "" {
		after(in.method)
	}
	return out
}

func refuse(w http.ResponseWriter, a Answer, method string) {
	if a.RetryAfter != "" {
		w.Header().Set("Retry-After", a.RetryAfter)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
		io.WriteString(w, a.Err)
		return
	}
	reply{err: a.Err}.write(w, method)
}

// newTS returns a timestamp, which is the name of a message in its channel.
func (s *Server) newTS() string {
	s.lastTS = max(s.lastTS+1, time.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1_000_000, s.lastTS%1_000_000)
}

func (s *Server) find(ts string) *Message {
	for _, m := range s.messages {
		if m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}
