package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	procstats "github.com/prometheus/client_golang/prometheus/collectors"

	"gatewatch/alerting"
	"gatewatch/collectors"
	"gatewatch/configs"
	"gatewatch/event"
	"gatewatch/fraud"
	"gatewatch/intents"
	"gatewatch/journal"
	"gatewatch/logmetrics"
	"gatewatch/patterns"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/redact"
	"gatewatch/series"
	"gatewatch/tail"
)

// agent is everything that runs on a host, put together and ready to run.
type agent struct {
	cfg      *configs.Config // as it was at the start
	log      *slog.Logger
	registry *prometheus.Registry
	started  time.Time
	crew     *crew
	reloads  *reloads

	journal    *journal.Journal
	store      *series.Store
	collectors *collectors.Set
	alerts     *alerting.Engine
	incidents  *incidents
	intents    *intents.Tracker
	fraud      *fraud.Watch
	patterns   *patterns.Tracker
	counts     *logmetrics.Metrics
	pipeline   pipeline.Parts
	notes      *pipeline.Notes
	tail       *tail.Metrics
	listener   net.Listener

	parts  []part         // that stay as they are
	units  []*unit        // that a reload may exchange
	closes []func() error // in the order of opening

	// live is what the configuration in effect is made into, for other goroutines.
	live atomic.Pointer[live]
}

// assemble builds the agent that cfg describes. listener serves the page and is closed with the agent. On error
// nothing stays open.
func assemble(cfg *configs.Config, listener net.Listener, log *slog.Logger) (_ *agent, err error) {
	a := &agent{cfg: cfg, log: log, registry: prometheus.NewRegistry(), started: time.Now(), listener: listener, crew: newCrew(log)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	a.closes = append(a.closes, func() error { return ignoreClosed(listener.Close()) })
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	a.registry.MustRegister(procstats.NewGoCollector(), procstats.NewProcessCollector(procstats.ProcessCollectorOpts{}), buildMetric())
	a.reloads = newReloads(a.registry)
	for _, step := range []func() error{
		a.openJournal, a.openSeries, a.addAlerting, a.addDetect, a.preparePipelines, a.addCollectors, a.addUnits, a.addPage,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// run works until ctx ends or a part fails, and reloads the configuration when it is asked to.
func (a *agent) run(ctx context.Context) error {
	for _, p := range a.parts {
		a.crew.start(p)
	}
	a.startUnits()
	err := a.work(ctx)
	a.crew.stopAll()
	return errors.Join(err, a.close())
}

func (a *agent) work(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-a.crew.failed:
			return err
		case answer := <-a.reloads.asked:
			err := a.reload(ctx)
			answer <- err
			if errors.Is(err, errNothingRuns) {
				return err
			}
		}
	}
}

// close closes in reverse what was opened.
func (a *agent) close() error {
	var errs []error
	for i := len(a.closes) - 1; i >= 0; i-- {
		errs = append(errs, a.closes[i]())
	}
	a.closes = nil
	return errors.Join(errs...)
}

func (a *agent) openJournal() (err error) {
	a.journal, err = journal.Open(filepath.Join(a.cfg.DataDir, "journal"), a.cfg.Journal, a.log, a.registry)
	if err != nil {
		return err
	}
	a.closes = append(a.closes, a.journal.Close)
	return nil
}

func (a *agent) openSeries() (err error) {
	a.store, err = series.Open(filepath.Join(a.cfg.DataDir, "series"), a.cfg.Series, a.registry, a.log, a.registry)
	if err != nil {
		return err
	}
	a.closes = append(a.closes, a.store.Close)
	return nil
}

func (a *agent) addAlerting() (err error) {
	a.alerts, err = alerting.New(a.alerting(a.cfg), a.store, filepath.Join(a.cfg.DataDir, "alerting"), hostname(), a.log, a.registry)
	if err != nil {
		return err
	}
	a.alerts.ShowLines(failingLines{a.journal})
	a.incidents = newIncidents(a.alerts)
	a.parts = append(a.parts,
		part{"alerting", a.alerts.Run},
		part{"series", func(ctx context.Context) error { return a.store.Run(ctx, a.alerts.Evaluate) }})
	return nil
}

// alerting returns what cfg says of alerts, with the page's address in it.
func (a *agent) alerting(cfg *configs.Config) alerting.Config {
	c := cfg.Alerting
	if c.ExternalURL == "" {
		c.ExternalURL = "http://" + a.listener.Addr().String()
	}
	return c
}

func (a *agent) addCollectors() error {
	set, err := collectors.New(a.cfg.Collectors, a.cfg.DataDir, a.notes, a.log, a.registry)
	if err != nil {
		return err
	}
	a.collectors = set
	a.parts = append(a.parts, part{"collectors", set.Run})
	return nil
}

// preparePipelines makes what the pipelines of all groups of logs share.
func (a *agent) preparePipelines() error {
	classifier, err := payment.New(a.cfg.Payments.Outcomes)
	if err != nil {
		return err
	}
	secret, err := customerSecret(a.cfg)
	if err != nil {
		return err
	}
	a.intents = intents.New(a.cfg.Payments.Intents, filepath.Join(a.cfg.DataDir, "orders.json.zst"), a.log, a.registry)
	a.parts = append(a.parts, part{"intents", a.intents.Run})
	a.fraud = fraud.New(filepath.Join(a.cfg.DataDir, "months.json"), a.log, a.registry)
	a.parts = append(a.parts, part{"fraud", a.fraud.Run})
	a.patterns = patterns.New(a.cfg.Patterns, filepath.Join(a.cfg.DataDir, "patterns.json"), a.log, a.registry)
	a.parts = append(a.parts, part{"patterns", a.patterns.Run})
	a.counts = logmetrics.New(a.registry, logmetrics.Limits{APIEnds: a.cfg.Payments.APIEnds})
	a.pipeline = pipeline.Parts{
		Host: hostname(), Redactor: redact.New(a.cfg.Redact, a.registry), Classifier: classifier, CustomerSecret: secret, Journal: a.journal,
		Observe: func(ev *event.Event) {
			a.patterns.Observe(ev)
			a.counts.Observe(ev)
			a.intents.Observe(ev)
			a.fraud.Observe(ev)
		},
		Metrics: pipeline.NewMetrics(a.registry), Log: a.log,
	}
	a.notes = pipeline.NewNotes(a.pipeline, a.registry)
	a.parts = append(a.parts, part{"notes", a.notes.Run}) // before what observes: it stops after
	a.tail = tail.NewMetrics(a.registry)
	return nil
}

func buildMetric() prometheus.Collector {
	b := buildInfo()
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "gatewatch_build_info", Help: "Always 1; the labels tell the build.",
		ConstLabels: prometheus.Labels{"version": b.version, "revision": b.revision, "goversion": b.goVersion},
	})
	g.Set(1)
	return g
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
