// Package alerting evaluates Prometheus alert rules on the embedded series store, groups what fires with
// Alertmanager's own packages, and tells people on Slack.
//
// A message on its way to Slack is a Notice in the Outbox, a folder that survives restarts: an alert is delivered or
// still being retried.
package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting/receivers"
)

// Storage is what rules read from and write to.
type Storage interface {
	storage.Queryable
	storage.Appendable
	// PromQL returns the engine that the rules' queries run on.
	PromQL() promql.QueryEngine
}

// Engine evaluates rules and delivers what they find. Evaluate belongs to one goroutine; all other methods are safe
// for concurrent use.
type Engine struct {
	store   Storage
	dir     string
	log     *slog.Logger
	metrics *metrics
	query   rules.QueryFunc
	manager *rules.Manager
	options *rules.ManagerOptions // the manager's

	dispatch *dispatcher
	outboxes []*outbox
	lines    Lines
	// desk is what people do about incidents, sockets are their ways to it.
	desk    *desk
	sockets []*receivers.Socket
	// relay and heartbeat are nil when they are not configured.
	relay     *relay
	heartbeat *heartbeat

	// evaluating is held while rules are evaluated or exchanged.
	evaluating sync.Mutex
	groups     map[string]*group
	states     *States
	lost       lostAlerts
	ending     endings

	// mu guards what other goroutines look at.
	mu          sync.Mutex
	loaded      []*rules.Group
	alerts      []Alert
	subscribers map[int]func(Change)
	subscribed  int
}

// New returns an engine that keeps its state in dataDir. host is named in messages. It fails when a rule file of cfg
// has mistakes (invalid.Mistakes with all of them) or dataDir cannot be written.
func New(cfg Config, store Storage, dataDir, host string, log *slog.Logger, reg prometheus.Registerer) (*Engine, error) {
	cfg.SetDefaults()
	external, err := url.Parse(cfg.ExternalURL)
	if err != nil {
		return nil, fmt.Errorf("alerting: external_url: %w", err)
	}
	if err := os.MkdirAll(dataDir, 0o750); err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	e := &Engine{
		store: store, dir: dataDir, log: log,
		metrics:     newMetrics(reg),
		query:       rules.EngineQueryFunc(store.PromQL(), store),
		groups:      map[string]*group{},
		subscribers: map[int]func(Change){},
	}
	e.states = NewStates(e.query, cfg.Flapping)
	e.states.read(e.statesFile(), log)
	e.options = &rules.ManagerOptions{
		ExternalURL:     external,
		QueryFunc:       e.states.Query,
		NotifyFunc:      func(context.Context, string, ...*rules.Alert) {}, // tell does
		Context:         context.Background(),
		Appendable:      store,
		Queryable:       store,
		Logger:          slog.New(slog.DiscardHandler), // failing rules are reported once by evaluate
		OutageTolerance: outageTolerance,
	}
	e.manager = rules.NewManager(e.options)
	if err := e.load(cfg); err != nil {
		return nil, err
	}
	ledger, err := openLedger(filepath.Join(dataDir, "nflog"), log)
	if err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	if err := e.addReceivers(cfg, ledger, host, reg); err != nil {
		return nil, err
	}
	silences, err := openSilences(filepath.Join(dataDir, "silences"), log, reg)
	if err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	if e.dispatch, err = newDispatcher(cfg, silences, ledger, e.outboxes, log); err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	if err := e.openDesk(host, reg); err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	if len(cfg.Alertmanagers) > 0 {
		e.relay = newRelay(cfg.Alertmanagers, host, cfg.ExternalURL, e.tellHere, log, reg)
	}
	if cfg.Heartbeat != nil {
		e.heartbeat = newHeartbeat(*cfg.Heartbeat, log, reg)
	}
	e.lost = loadLost(e.lostFile(), log)
	return e, nil
}

// addReceivers makes an outbox for each configured receiver.
func (e *Engine) addReceivers(cfg Config, ledger *ledger, host string, reg prometheus.Registerer) error {
	all, err := newReceivers(cfg, e.dir, host, e.chart, e.log, reg)
	if err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	for _, r := range all {
		box, err := openOutbox(filepath.Join(e.dir, "outbox"), r.Receiver, ledger, e, e.log, reg)
		if err != nil {
			return fmt.Errorf("alerting: %w", err)
		}
		box.minSeverity, box.spacing = r.MinSeverity, max(sendSpacing, r.Spacing)
		e.outboxes = append(e.outboxes, box)
	}
	return nil
}

// newReceivers makes the receivers of cfg. What they have to remember they keep in dir.
func newReceivers(
	cfg Config, dir, host string, chart receivers.MakeChart, log *slog.Logger, reg prometheus.Registerer,
) ([]receivers.Route, error) {
	var all []receivers.Route
	page := receivers.Page{URL: cfg.ExternalURL, RunbookURL: cfg.RunbookURL, Host: host, Links: cfg.Links}
	for _, c := range cfg.Slack {
		slack, err := receivers.NewSlack(c, receivers.SlackOptions{
			Page: page, Threads: filepath.Join(dir, "threads", c.Name), Log: log.With("receiver", c.Name), Chart: chart, Metrics: reg,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, receivers.Route{Receiver: slack, MinSeverity: c.MinSeverity})
	}
	return append(all, receivers.New(cfg.Receivers, page)...), nil
}

// Run groups alerts and delivers messages until ctx ends. What is not delivered by then stays in the outbox.
func (e *Engine) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.dispatch.run(ctx) })
	if e.relay != nil {
		g.Go(func() error { return e.relay.run(ctx) })
	}
	if e.heartbeat != nil {
		g.Go(func() error { return e.heartbeat.run(ctx) })
	}
	for _, s := range e.sockets {
		g.Go(func() error { return s.Run(ctx) })
	}
	for _, box := range e.outboxes {
		g.Go(func() error { return box.run(ctx) })
		if r, ok := box.receiver.(receivers.Runner); ok {
			g.Go(func() error { return r.Run(ctx) })
		}
	}
	return g.Wait()
}

// Test sends a message that says it is a test to every receiver, and returns what they answered. It waits for no
// retries.
func (e *Engine) Test(ctx context.Context) error {
	if len(e.outboxes) == 0 {
		return errors.New("no receiver is configured")
	}
	var errs []error
	for _, box := range e.outboxes {
		if err := box.receiver.Send(ctx, receivers.TestNotice(time.Now()), 0); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", box.receiver.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// Receivers tells how each receiver is doing.
func (e *Engine) Receivers() []ReceiverStatus {
	all := make([]ReceiverStatus, len(e.outboxes))
	for i, box := range e.outboxes {
		all[i] = box.status()
	}
	return all
}
