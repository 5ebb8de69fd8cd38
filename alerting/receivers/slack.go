package receivers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"

	"gatewatch/internal/retry"
)

const (
	// slackTimeout is how long one call may take.
	slackTimeout = 15 * time.Second
	// slackSpacing is the time between two messages: Slack takes about one a second for a channel.
	slackSpacing = time.Second
)

// SlackOptions is what a Slack receiver needs beside its configuration.
type SlackOptions struct {
	// Page is where links in messages lead.
	Page Page
	// Threads is the folder that remembers which message tells of which incident. It is made when missing.
	Threads string
	Log     *slog.Logger
	// Chart makes charts for the threads; nil for none.
	Chart MakeChart
	// Metrics is where the receiver's own go; nil for nowhere.
	Metrics prometheus.Registerer
	// Transport carries the calls; nil for the default.
	Transport http.RoundTripper
}

// Slack sends notices to one Slack channel. With a bot token an incident is one message that is kept up to date, with a
// thread below it; a webhook can only post. All methods are safe for concurrent use.
type Slack struct {
	cfg    SlackConfig
	words  *words
	page   Page
	client *slack.Client
	http   *http.Client
	log    *slog.Logger

	chart     MakeChart
	charts    chan chartJob
	charted   *prometheus.CounterVec
	chartless bool // it was said that charts fail; Run's

	// groupsMu guards the members of user groups that were asked for.
	groupsMu sync.Mutex
	groups   map[string]members

	// mu is held while something is told.
	mu      sync.Mutex
	threads *threads
	next    time.Time // when the channel takes the next message
	blind   bool      // it was said that messages cannot be looked for
	// plotless: Slack refused a chart of its own.
	plotless bool
}

// NewSlack returns a receiver for the channel of cfg. It fails when the folder of its threads cannot be read.
func NewSlack(cfg SlackConfig, o SlackOptions) (*Slack, error) {
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	s := &Slack{
		cfg: cfg, groups: map[string]members{}, words: wordsFor(cfg.Language), page: o.Page, log: o.Log, chart: o.Chart, charts: make(chan chartJob, maxCharts),
		http: &http.Client{
			Timeout:       slackTimeout,
			Transport:     explained{transport},
			CheckRedirect: noRedirect,
		},
	}
	options := []slack.Option{slack.OptionHTTPClient(s.http)}
	if cfg.APIURL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimSuffix(cfg.APIURL, "/")+"/"))
	}
	s.charted = newChartMetric(o.Metrics, s.Name())
	s.client = slack.New(cfg.Token.Reveal(), options...)
	var err error
	if s.threads, err = openThreads(o.Threads, o.Log); err != nil {
		return nil, fmt.Errorf("slack: %w", err)
	}
	return s, nil
}

// Name returns the configured name, or "slack".
func (s *Slack) Name() string { return cmp.Or(s.cfg.Name, "slack") }

// message writes n for the channel.
func (s *Slack) message(ctx context.Context, n Notice, late time.Duration) *message {
	m := newMessage(n, late, s.words, s.page, time.Now())
	s.plot(ctx, m, &n)
	if s.cfg.AppToken != "" && n.Told.GroupKey != "" {
		m.buttons(&n, place{s.page.Host, s.threads.id, s.Name(), threadName(n.Told.GroupKey)})
	}
	m.call(s.mentions(&n))
	return m
}

// mentions are the people to call about n.
func (s *Slack) mentions(n *Notice) (who []string) {
	if n.Test || n.Resolved() || n.Acknowledged() {
		return nil
	}
	for _, one := range s.cfg.Mentions[severities[n.Rank()]] {
		who = append(who, mention(one))
	}
	return who
}

// Send tells n: as a new message, or in the message and the thread of its incident.
func (s *Slack) Send(ctx context.Context, n Notice, late time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.WebhookURL != "" || n.Told.GroupKey == "" {
		m := s.message(ctx, n, late)
		if failure := s.classify(s.inForm(m, func(m *message) error { return s.postPlain(ctx, m) })); failure != nil {
			return failure
		}
		return nil
	}
	if failure := s.classify(s.tell(ctx, n, late)); failure != nil {
		return failure
	}
	return nil
}

// inForm calls send with m and, when Slack refuses its form, with the same without a chart, and then as plain text.
func (s *Slack) inForm(m *message, send func(*message) error) error {
	err := send(m)
	refused := func() bool {
		failure := s.classify(err)
		return failure != nil && failure.Refused && m.blocks != nil && !isGone(err)
	}
	if less := m.unplot(); less != nil && refused() {
		if err = send(less); err == nil {
			s.log.Info("Slack takes no charts of its own here, pictures take their place")
			s.plotless = true
		}
	}
	if refused() {
		err = send(&message{text: m.text, broadcast: m.broadcast})
	}
	return err
}

// postPlain posts m where nothing is remembered of it.
func (s *Slack) postPlain(ctx context.Context, m *message) error {
	if s.cfg.WebhookURL == "" {
		_, _, err := s.call(ctx, m.options()...)
		return err
	}
	if !s.pace(ctx) {
		return context.Cause(ctx)
	}
	msg := &slack.WebhookMessage{Text: m.text}
	if m.blocks != nil {
		msg.Blocks = &slack.Blocks{BlockSet: m.blocks}
	}
	defer s.posted()
	return slack.PostWebhookCustomHTTPContext(ctx, s.cfg.WebhookURL.Reveal(), s.http, msg)
}

// options are the parts of m in a call.
func (m *message) options() []slack.MsgOption {
	options := []slack.MsgOption{slack.MsgOptionText(m.text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
	if m.blocks != nil {
		options = append(options, slack.MsgOptionBlocks(m.blocks...))
	}
	return options
}

// call posts a message to the channel and returns the channel's id and the message's timestamp.
func (s *Slack) call(ctx context.Context, options ...slack.MsgOption) (channel, ts string, err error) {
	if !s.pace(ctx) {
		return "", "", context.Cause(ctx)
	}
	defer s.posted()
	return s.client.PostMessageContext(ctx, s.cfg.Channel, options...)
}

// pace waits until the channel takes another message. It returns false when ctx ended before.
func (s *Slack) pace(ctx context.Context) bool {
	return retry.Sleep(ctx, time.Until(s.next))
}

func (s *Slack) posted() { s.next = time.Now().Add(slackSpacing) }

// update changes a message.
func (s *Slack) update(ctx context.Context, t *thread, ts string, m *message) error {
	return s.inForm(m, func(m *message) error {
		options := m.options()
		if m.blocks == nil {
			// What is not mentioned would stay.
			options = append(options, slack.MsgOptionBlocks())
		}
		_, _, _, err := s.client.UpdateMessageContext(ctx, t.Channel, ts, options...)
		return err
	})
}

// isGone tells whether a message can be changed no more, or its thread takes nothing.
func isGone(err error) bool {
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	if !ok {
		return false
	}
	switch answer.Err {
	case "message_not_found", "edit_window_closed", "cant_update_message", "thread_not_found",
		"restricted_action_thread_locked", "restricted_action_non_threadable_channel":
		return true
	}
	return false
}
