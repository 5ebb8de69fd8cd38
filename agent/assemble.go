package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	procstats "github.com/prometheus/client_golang/prometheus/collectors"

	"gatewatch/alerting"
	"gatewatch/collectors"
	"gatewatch/configs"
	"gatewatch/journal"
	"gatewatch/logmetrics"
	"gatewatch/outputs"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/redact"
	"gatewatch/series"
	"gatewatch/tail"
)

// agent is everything that runs on a host, put together and ready to run.
type agent struct {
	cfg      *configs.Config
	log      *slog.Logger
	registry *prometheus.Registry
	started  time.Time

	journal   *journal.Journal
	store     *series.Store
	alerts    *alerting.Engine
	incidents *incidents
	groups    tail.Groups
	elastic   *outputs.Elasticsearch // nil when none is configured
	listener  net.Listener

	parts  []part
	closes []func() error // in the order of opening
}

// assemble builds the agent that cfg describes. listener serves the page and is closed with the agent. On error
// nothing stays open.
func assemble(cfg *configs.Config, listener net.Listener, log *slog.Logger) (_ *agent, err error) {
	a := &agent{cfg: cfg, log: log, registry: prometheus.NewRegistry(), started: time.Now(), listener: listener}
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
	for _, step := range []func() error{
		a.openJournal, a.openSeries, a.addAlerting, a.addCollectors, a.addOutputs, a.addLogs, a.addPage,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// run works until ctx ends or a part fails.
func (a *agent) run(ctx context.Context) error {
	err := runParts(ctx, a.parts, a.log)
	return errors.Join(err, a.close())
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
	cfg := a.cfg.Alerting
	if cfg.ExternalURL == "" {
		cfg.ExternalURL = "http://" + a.listener.Addr().String()
	}
	a.alerts, err = alerting.New(cfg, a.store, filepath.Join(a.cfg.DataDir, "alerting"), hostname(), a.log, a.registry)
	if err != nil {
		return err
	}
	a.incidents = newIncidents(a.alerts)
	a.parts = append(a.parts,
		part{"alerting", a.alerts.Run},
		part{"series", func(ctx context.Context) error { return a.store.Run(ctx, a.alerts.Evaluate) }})
	return nil
}

func (a *agent) addCollectors() error {
	set, err := collectors.New(a.cfg.Collectors, a.log, a.registry)
	if err != nil {
		return err
	}
	a.parts = append(a.parts, part{"collectors", set.Run})
	return nil
}

func (a *agent) addOutputs() error {
	cfg := a.cfg.Outputs.Elasticsearch
	if cfg == nil {
		return nil
	}
	feed, err := a.journal.Consumer("elasticsearch")
	if err != nil {
		return err
	}
	a.closes = append(a.closes, feed.Close)
	deadLetters := filepath.Join(a.cfg.DataDir, "elasticsearch-dead-letters.jsonl")
	a.elastic, err = outputs.NewElasticsearch(*cfg, feed, deadLetters, a.log, a.registry)
	if err != nil {
		return err
	}
	a.parts = append(a.parts, part{"elasticsearch", a.elastic.Run})
	return nil
}

func (a *agent) addLogs() error {
	classifier, err := payment.New("")
	if err != nil {
		return err
	}
	parts := pipeline.Parts{
		Host: hostname(), Redactor: redact.New(a.cfg.Redact, a.registry), Classifier: classifier, Journal: a.journal,
		Observe: logmetrics.New(a.registry, logmetrics.Limits{}).Observe,
		Metrics: pipeline.NewMetrics(a.registry), Log: a.log,
	}
	metrics, marks := tail.NewMetrics(a.registry), a.journal.Marks()
	for _, cfg := range a.cfg.Logs {
		p, err := pipeline.New(cfg, parts)
		if err != nil {
			return err
		}
		g, err := tail.New(tail.Config{
			Globs: cfg.Paths, FromEnd: cfg.Start == pipeline.StartEnd, MaxLine: cfg.MaxLine,
			MaxOpen: cfg.MaxOpenFiles, Host: parts.Host,
		}, marks, a.log, metrics)
		if err != nil {
			return err
		}
		a.groups = append(a.groups, g)
		a.parts = append(a.parts, part{"logs " + cfg.Paths[0], func(ctx context.Context) error { return g.Run(ctx, p.Handle) }})
	}
	a.registry.MustRegister(a.groups)
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
