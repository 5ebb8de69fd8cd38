package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/logmetrics"
	"gatewatch/series"
)

// gateway is a payment gateway with what the agent makes of its logs.
type gateway struct {
	streams  []*stream
	interval time.Duration
	counts   *logmetrics.Metrics
	store    *series.Memory
	alerts   *alerting.Replay
}

// defaultPacks are the shipped rules about payment attempts.
func defaultPacks() []string { return []string{"payments"} }

// newGateway has the providers of streams, and the agent's own settings.
func newGateway(packs []string, streams []*stream) (*gateway, error) {
	reg := prometheus.NewRegistry()
	kept := series.DefaultConfig()
	g := &gateway{streams: streams, interval: time.Duration(kept.Interval), counts: logmetrics.New(reg, logmetrics.Limits{})}
	g.store = series.NewMemory(kept, reg)
	cfg := alerting.DefaultConfig()
	cfg.Packs, cfg.Rules = packs, nil
	var err error
	g.alerts, err = alerting.NewReplay(cfg, g.store)
	return g, err
}

// progressEvery is how often in simulated time people are told how far it is.
const progressEvery = 12 * time.Hour

// run simulates from a sample to another one.
func (g *gateway) run(ctx context.Context, from, to time.Time) error {
	began := time.Now()
	for at := from; at.Before(to); at = at.Add(g.interval) {
		for _, s := range g.streams {
			s.attempts(at.Add(-g.interval), g.interval, g.counts)
		}
		if err := g.store.Sample(ctx, at); err != nil {
			return err
		}
		g.alerts.Evaluate(ctx, at)
		if err := ctx.Err(); err != nil {
			return err
		}
		if past := at.Sub(from); past > 0 && past%progressEvery == 0 {
			fmt.Fprintf(os.Stderr, "%g days simulated in %v\n", past.Hours()/24, time.Since(began).Round(time.Second))
		}
	}
	return nil
}

// episodes returns what fired, or why that is not to be trusted.
func (g *gateway) episodes() ([]alerting.Episode, error) {
	var failed []error
	for rule, err := range g.alerts.Failures() {
		failed = append(failed, fmt.Errorf("rule %s: %w", rule, err))
	}
	return g.alerts.Episodes(), errors.Join(failed...)
}
