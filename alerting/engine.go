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
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting/desk"
	"gatewatch/alerting/ledger"
	"gatewatch/alerting/outbox"
	"gatewatch/alerting/receivers"
	"gatewatch/alerting/relay"
	"gatewatch/alerting/routing"
	"gatewatch/alerting/states"
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
	options rules.ManagerOptions

	host     string
	dispatch *dispatcher
	mail     *outbox.Room
	lines    Lines
	// posted are the alerts that others posted.
	posted *postedAlerts
	// desk is what people do about incidents, sockets are their ways to it.
	desk    *desk.Desk
	sockets *sockets
	// relay and heartbeat are nil when they are not configured.
	relay     *relay.Relay
	heartbeat *heartbeat

	// reloading is held while a configuration is put into effect.
	reloading sync.Mutex
	// evaluating is held while rules are evaluated or exchanged.
	evaluating     sync.Mutex
	groups         map[string]*group
	externalLabels map[string]string
	states         *states.States
	lost           lostAlerts
	ending         endings

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
	planned, plan, err := cfg.planned()
	if err != nil {
		return nil, err
	}
	external, err := url.Parse(cfg.ExternalURL)
	if err != nil {
		return nil, fmt.Errorf("alerting: external_url: %w", err)
	}
	if err := os.MkdirAll(dataDir, 0o750); err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	e := &Engine{
		store: store, dir: dataDir, log: log, host: host,
		metrics:     newMetrics(reg),
		query:       rules.EngineQueryFunc(store.PromQL(), store),
		groups:      map[string]*group{},
		subscribers: map[int]func(Change){},
	}
	e.states = states.New(e.query, cfg.Flapping)
	e.states.Read(e.statesFile(), log)
	e.options = rules.ManagerOptions{
		ExternalURL:     external,
		QueryFunc:       e.states.Query,
		NotifyFunc:      func(context.Context, string, ...*rules.Alert) {}, // tell does
		Context:         context.Background(),
		Appendable:      store,
		Queryable:       store,
		Logger:          slog.New(slog.DiscardHandler), // failing rules are reported once by evaluate
		OutageTolerance: outageTolerance,
		Metrics:         rules.NewGroupMetrics(nil),
	}
	loaded, err := e.read(cfg)
	if err != nil {
		return nil, err
	}
	e.use(e.adopt(loaded, cfg), cfg)
	e.lost = loadLost(e.lostFile(), log)
	if err := e.openDelivery(planned, plan, reg); err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	if err := e.openDesk(reg); err != nil {
		return nil, fmt.Errorf("alerting: %w", err)
	}
	if len(cfg.Alertmanagers) > 0 {
		e.relay = relay.New(relay.Options{
			Members: cfg.Alertmanagers, Host: host, Page: cfg.ExternalURL, Private: lostQuery,
			Direct: func(ctx context.Context, a relay.Alert) { e.tellHere(ctx, asSaved(a)) },
		}, log, reg)
		for _, a := range e.lost.alerts {
			if a.Relayed {
				// Maintenance that began before the restart does not let it end: it goes on to be told.
				e.relay.Put(a.relayed())
			}
		}
	}
	if cfg.Heartbeat != nil {
		e.heartbeat = newHeartbeat(*cfg.Heartbeat, log, reg)
	}
	e.logWarnings(plan.Warnings)
	return e, nil
}

// openDelivery makes what tells people.
func (e *Engine) openDelivery(cfg Config, plan *routing.Plan, reg prometheus.Registerer) error {
	told, err := ledger.Open(filepath.Join(e.dir, "nflog"), e.log)
	if err != nil {
		return err
	}
	e.mail = outbox.NewRoom(filepath.Join(e.dir, "outbox"), told, e, e.log, reg)
	if err := e.mail.Exchange(e.stations(cfg)); err != nil {
		return err
	}
	silences, err := desk.OpenSilences(filepath.Join(e.dir, "silences"), e.log, reg)
	if err != nil {
		return err
	}
	e.posted = openPosted(filepath.Join(e.dir, "posted.json"), e.log, reg)
	fired := append(slices.Collect(maps.Values(e.lost.alerts)), e.posted.saved()...)
	if e.dispatch, err = newDispatcher(e.dir, fired, silences, told, e.log); err != nil {
		return err
	}
	if err := e.posted.resume(context.Background(), e.dispatch.alerts, len(cfg.Alertmanagers) == 0); err != nil {
		return err
	}
	if err := e.dispatch.exchange(plan, e.mail.All()); err != nil {
		return err
	}
	e.dispatch.count(reg)
	return nil
}

// stations are the receivers that cfg wants.
func (e *Engine) stations(cfg Config) []outbox.Station {
	return newStations(cfg, e.dir, e.host, e.chart, e.log)
}

// newStations returns the receivers of cfg. What they have to remember they keep in dir.
func newStations(cfg Config, dir, host string, chart receivers.MakeChart, log *slog.Logger) []outbox.Station {
	var all []outbox.Station
	page := receivers.Page{URL: cfg.ExternalURL, RunbookURL: cfg.RunbookURL, Host: host, Links: cfg.Links}
	for _, c := range cfg.Slack {
		all = append(all, outbox.Station{
			Name: c.Name, Settings: [2]any{c, page}, MinSeverity: c.MinSeverity,
			Open: func(reg prometheus.Registerer) (receivers.Receiver, error) {
				return receivers.NewSlack(c, receivers.SlackOptions{
					Page: page, Threads: filepath.Join(dir, "threads", c.Name), Log: log.With("receiver", c.Name), Chart: chart, Metrics: reg,
				})
			},
		})
	}
	for _, r := range receivers.New(cfg.Receivers, page) {
		all = append(all, outbox.Station{
			Name: r.Receiver.Name(), Settings: r.Settings, MinSeverity: r.MinSeverity, Spacing: r.Spacing,
			Open: func(prometheus.Registerer) (receivers.Receiver, error) { return r.Receiver, nil },
		})
	}
	return all
}

// Run groups alerts and delivers messages until ctx ends. What is not delivered by then stays in the outbox.
func (e *Engine) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.dispatch.run(ctx) })
	if e.relay != nil {
		g.Go(func() error { return e.relay.Run(ctx) })
	}
	if e.heartbeat != nil {
		g.Go(func() error { return e.heartbeat.run(ctx) })
	}
	g.Go(func() error { return e.sockets.run(ctx) })
	g.Go(func() error { return e.mail.Run(ctx) })
	return g.Wait()
}

// Test sends a message that says it is a test to every receiver, and returns what they answered. It waits for no
// retries.
func (e *Engine) Test(ctx context.Context) error {
	boxes := e.mail.All()
	if len(boxes) == 0 {
		return errors.New("no receiver is configured")
	}
	var errs []error
	for _, box := range boxes {
		if err := box.Receiver().Send(ctx, receivers.TestNotice(time.Now()), 0); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", box.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Receivers tells how each receiver is doing.
func (e *Engine) Receivers() []outbox.Status {
	boxes := e.mail.All()
	all := make([]outbox.Status, len(boxes))
	for i, box := range boxes {
		all[i] = box.Status()
	}
	return all
}
