package receivers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"gatewatch/internal/retry"
)

const (
	// handshakeTimeout bounds the start of a connection.
	handshakeTimeout = 15 * time.Second
	// socketBuffer holds an answer as one frame: Slack takes 20 kB, and does not put frames together.
	socketBuffer = 32 << 10
	// tokenRetry is how long to wait when Slack refuses the token: somebody has to change something.
	tokenRetry = 5 * time.Minute
	// commandTimeout is how long the answer to a slash command may take: Slack waits for three seconds.
	commandTimeout = 1500 * time.Millisecond
)

// SocketOptions is what sockets need beside the channels they serve.
type SocketOptions struct {
	// Agent is this agent's name, the same that its messages have.
	Agent string
	// Dir is the folder for what was pressed and is not done yet. It is made when missing.
	Dir string
	Log *slog.Logger
	// Metrics is where the sockets' own go; nil for nowhere.
	Metrics prometheus.Registerer
	// Transport carries calls, Dial opens the connections of websockets; nil for the defaults.
	Transport http.RoundTripper
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Socket is a connection to Slack's Socket Mode: through it come presses of buttons and slash commands of one app.
type Socket struct {
	channels []*Slack // of the app, at least one
	desk     Desk
	agent    string
	client   *socketmode.Client
	http     *http.Client
	log      *slog.Logger
	up       atomic.Bool
	deeds    *prometheus.CounterVec
	desktop  *presses
}

// NewSockets returns a socket for each app token among the channels, none when there is no app token.
func NewSockets(channels []*Slack, desk Desk, o SocketOptions) ([]*Socket, error) {
	byToken := map[string]*Socket{}
	var all []*Socket
	for _, c := range channels {
		token := c.cfg.AppToken.Reveal()
		if token == "" {
			continue
		}
		if byToken[token] == nil {
			s, err := newSocket(c, desk, o)
			if err != nil {
				return nil, fmt.Errorf("slack: %w", err)
			}
			byToken[token] = s
			all = append(all, s)
		}
		byToken[token].channels = append(byToken[token].channels, c)
	}
	return all, nil
}

func newSocket(first *Slack, desk Desk, o SocketOptions) (*Socket, error) {
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	s := &Socket{
		desk: desk, agent: o.Agent, log: o.Log.With("receiver", first.Name()),
		http: &http.Client{Timeout: slackTimeout, Transport: transport, CheckRedirect: noRedirect},
	}
	opens := &http.Client{Transport: &pacedOpens{next: explained{transport}}, CheckRedirect: noRedirect}
	options := []slack.Option{slack.OptionHTTPClient(opens), slack.OptionAppLevelToken(first.cfg.AppToken.Reveal())}
	if first.cfg.APIURL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimSuffix(first.cfg.APIURL, "/")+"/"))
	}
	s.client = socketmode.New(slack.New(first.cfg.Token.Reveal(), options...), socketmode.OptionDialer(&websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, NetDialContext: o.Dial, HandshakeTimeout: handshakeTimeout, WriteBufferSize: socketBuffer,
	}))
	reg := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"receiver": first.Name()}, o.Metrics))
	s.deeds = reg.NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_slack_actions_total", Help: "Buttons that were pressed: done, late (somebody else was faster), refused or failed.",
	}, []string{"action", "result"})
	reg.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatewatch_slack_socket_up", Help: "Whether the connection for buttons stands.",
	}, func() float64 {
		if s.up.Load() {
			return 1
		}
		return 0
	})
	var err error
	s.desktop, err = openPresses(filepath.Join(o.Dir, first.Name()), o.Log)
	return s, err
}

// noRedirect keeps a call from carrying its token to where nobody configured it.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Run serves what comes through the socket until ctx ends, and connects again whenever the connection breaks.
func (s *Socket) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.connect(ctx) })
	g.Go(func() error { return s.listen(ctx) })
	g.Go(func() error { return s.work(ctx) })
	return g.Wait()
}

// connect keeps the connection. The library comes back only when Slack refuses the token.
func (s *Socket) connect(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.client.RunContext(ctx)
		s.up.Store(false)
		if ctx.Err() != nil {
			return nil
		}
		s.log.Error("no buttons: Slack refuses the app token", "err", s.scrub(err))
		if !retry.Sleep(ctx, tokenRetry) {
			return nil
		}
	}
	return nil
}

// listen takes what comes. Nothing here may take long: Slack wants its receipt within three seconds.
func (s *Socket) listen(ctx context.Context) error {
	failed := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-s.client.Events:
			switch event.Type {
			case socketmode.EventTypeConnecting:
				s.up.Store(false)
			case socketmode.EventTypeHello:
				if s.up.Store(true); failed {
					s.log.Info("buttons work again")
				}
				failed = false
			case socketmode.EventTypeConnectionError:
				if why, ok := event.Data.(*slack.ConnectionErrorEvent); ok && !failed {
					s.log.Warn("buttons do not work, connecting again", "err", s.scrub(why.ErrorObj))
					failed = true
				}
			default:
				s.serve(ctx, event)
			}
		}
	}
}

// serve answers what a person did.
func (s *Socket) serve(ctx context.Context, event socketmode.Event) {
	if event.Request == nil || event.Request.EnvelopeID == "" {
		return
	}
	var answer any
	switch data := event.Data.(type) {
	case slack.InteractionCallback:
		// What is not on disk before the receipt would be lost with the process.
		for _, p := range readPresses(&data, time.Now()) {
			s.desktop.add(p)
		}
	case slack.SlashCommand:
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		answer = s.command(ctx, &data)
		cancel()
	}
	if err := s.client.AckCtx(ctx, event.Request.EnvelopeID, answer); err != nil {
		s.log.Warn("giving Slack a receipt", "err", s.scrub(err))
	}
}

// scrub returns the text of an error without tokens and addresses.
func (s *Socket) scrub(err error) string {
	if err == nil {
		return ""
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error() // what is around it names the address with its ticket
	}
	text := s.channels[0].scrub(err)
	return strings.ReplaceAll(text, s.channels[0].cfg.AppToken.Reveal(), "<redacted>")
}
