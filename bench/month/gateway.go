package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"gatewatch/alerting"
	"gatewatch/detect"
	"gatewatch/series"
)

// gateway is a payment gateway with what the agent makes of its logs.
type gateway struct {
	streams  []*stream
	interval time.Duration
	store    *series.Memory
	alerts   replay
	watcher  *detect.Watcher // nil without the pack anomalies
	answers  *answers        // to its queries
}

// replay evaluates the rules of a span of time.
type replay interface {
	Evaluate(ctx context.Context, from, to time.Time, step time.Duration) error
	Episodes() []alerting.Episode
	Failures() map[string]error
}

// defaultPacks are the shipped rules about payment attempts.
func defaultPacks() []string { return []string{"payments", "anomalies"} }

const (
	// together is the time whose rules are evaluated at once.
	together = time.Hour
	// retention is longer than any rule looks back; the store keeps up to twice as much.
	retention = 7 * time.Hour
	// settle is how long after its start the agent looks for no anomalies.
	settle = 10 * time.Minute
)

// newGateway has the providers of streams, and the agent's own settings.
func newGateway(o options, streams []*stream) (*gateway, error) {
	reg := prometheus.NewRegistry()
	kept := series.DefaultConfig()
	g := &gateway{streams: streams, interval: time.Duration(kept.Interval)}
	kept.Retention = model.Duration(retention)
	g.store = series.NewMemory(kept, reg)
	for _, s := range streams {
		s.counts = newCounts(g.store, s.scenario)
	}
	cfg := alerting.DefaultConfig()
	cfg.Packs, cfg.Rules = o.packNames(), nil
	if slices.Contains(cfg.Packs, "anomalies") {
		watched := detect.DefaultConfig()
		g.answers = newAnswers(g.store, watched)
		g.watcher = detect.New(watched, "", g.answers, slog.New(slog.DiscardHandler), reg)
	}
	var err error
	if o.stepwise {
		var one *alerting.Replay
		one, err = alerting.NewReplay(cfg, g.store)
		g.alerts = stepwise{one}
	} else {
		g.alerts, err = alerting.NewSpanReplay(cfg, g.store)
	}
	return g, err
}

// run simulates from a sample to another one.
func (g *gateway) run(ctx context.Context, from, to time.Time) error {
	for at := from; at.Before(to); {
		end := at.Add(together).Truncate(together)
		if end.After(to) {
			end = to
		}
		if err := g.block(ctx, at, end); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// block makes the samples of a span of time, then has anomalies looked for and the rules evaluated where the agent is up.
func (g *gateway) block(ctx context.Context, from, to time.Time) error {
	up := []span{{from, to}}
	for at := from; at.Before(to); at = at.Add(g.interval) {
		for _, s := range g.streams {
			s.attempts(at.Add(-g.interval), g.interval)
		}
		if g.down(at) {
			up = g.stay(up, at)
			continue
		}
		for _, s := range g.streams {
			if err := s.counts.sample(at); err != nil {
				return err
			}
		}
	}
	for _, u := range up {
		if !u.from.Before(u.to) {
			continue
		}
		if err := g.watch(ctx, u); err != nil {
			return err
		}
		if err := g.alerts.Evaluate(ctx, u.from, u.to, g.interval); err != nil {
			return err
		}
	}
	return nil
}

// down tells whether the agent is.
func (g *gateway) down(at time.Time) bool {
	return slices.ContainsFunc(g.streams[0].away, func(s span) bool { return !at.Before(s.from) && at.Before(s.to) })
}

// stay has no sample at a time, and returns when the agent is up. What is logged meanwhile is read, and counted from zero, when the
// agent is back.
func (g *gateway) stay(up []span, at time.Time) []span {
	if !g.down(at.Add(-g.interval)) {
		for _, s := range g.streams {
			s.counts.restart()
		}
	}
	last := &up[len(up)-1]
	next := span{at.Add(g.interval), last.to}
	last.to = at
	return append(up, next)
}

// watch has anomalies looked for once a minute, but not soon after the agent's start.
func (g *gateway) watch(ctx context.Context, up span) error {
	if g.watcher == nil {
		return nil
	}
	if err := g.answers.prepare(ctx, up); err != nil {
		return err
	}
	for at := up.from.Add(time.Minute - 1).Truncate(time.Minute); at.Before(up.to); at = at.Add(time.Minute) {
		if slices.ContainsFunc(g.streams[0].away, func(s span) bool { return s.from.Before(at) && at.Before(s.to.Add(settle)) }) {
			continue
		}
		g.watcher.Evaluate(ctx, at)
		if err := g.store.Sample(ctx, at); err != nil {
			return err
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

// stepwise evaluates as the agent does.
type stepwise struct{ *alerting.Replay }

func (r stepwise) Evaluate(ctx context.Context, from, to time.Time, step time.Duration) error {
	for at := from; at.Before(to); at = at.Add(step) {
		r.Replay.Evaluate(ctx, at)
	}
	return ctx.Err()
}
