package gatewaysim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// tick is how often the gateways write; it bounds how late a line is.
const tick = 50 * time.Millisecond

// maxSpan is the longest time that one write covers.
const maxSpan = time.Second

// cardEvery is how many attempts lie between two lines with a card number.
const cardEvery = 700

// gateway is the simulation at work.
type gateway struct {
	cfg     Config
	log     *slog.Logger
	traffic *traffic
	started time.Time

	node, pay, web *logFile
	plan           plan
	attempts       int
	failing        bool // the incident is on
	doubled        bool // an order is to be paid twice
	told           bool // its first failing line is written
}

// Run writes the logs into dir, which must exist, until ctx is cancelled, and then returns nil with every file whole.
// An error means that a file could not be written.
func Run(ctx context.Context, dir string, cfg Config, log *slog.Logger) error {
	cfg = cfg.withDefaults()
	g := &gateway{cfg: cfg, log: log, traffic: newTraffic(cfg.Seed), started: time.Now()}
	for _, f := range []struct {
		to   **logFile
		name string
	}{{&g.node, NodeLog}, {&g.pay, JavaLog}, {&g.web, AccessLog}} {
		*f.to = &logFile{path: filepath.Join(dir, f.name), maxSize: cfg.RotateSize, maxAge: cfg.RotateEvery}
		if err := (*f.to).open(g.started); err != nil {
			return errors.Join(fmt.Errorf("start the simulated gateway: %w", err), g.close())
		}
	}
	g.script()
	return errors.Join(g.run(ctx), g.close())
}

func (g *gateway) run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	before := g.started
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if err := g.step(before, now); err != nil {
				return fmt.Errorf("simulated gateway: %w", err)
			}
			before = now
		}
	}
}

// step writes what happened between two ticks.
func (g *gateway) step(before, now time.Time) error {
	failing := g.incident(now)
	// A machine that slept is not made up for.
	span := min(now.Sub(before), maxSpan)
	var firstFailure time.Time
	n := g.traffic.count(g.cfg.Rate, now.Sub(g.started), span)
	for i := range n {
		before := span - span*time.Duration(i+1)/time.Duration(n)
		a := g.traffic.next(now.Add(-before), failing-before)
		if err := g.write(&a); err != nil {
			return err
		}
		if a.incident && firstFailure.IsZero() {
			firstFailure = a.at
		}
	}
	if err := g.plan.until(now); err != nil {
		return err
	}
	for _, f := range g.files() {
		if err := f.flush(now); err != nil {
			return err
		}
	}
	if !firstFailure.IsZero() && !g.told {
		g.told = true
		if g.cfg.OnFirstFailure != nil {
			g.cfg.OnFirstFailure(firstFailure)
		}
	}
	return nil
}

// incident returns how long the incident has lasted, or a negative value when there is none.
func (g *gateway) incident(now time.Time) time.Duration {
	since := now.Sub(g.started) - g.cfg.IncidentAfter
	on := g.cfg.IncidentAfter >= 0 && since >= 0 && since < g.cfg.IncidentFor
	switch {
	case on && !g.failing:
		g.log.Info("the simulated incident begins", "provider", IncidentProvider, "lasts", g.cfg.IncidentFor)
	case !on && g.failing:
		g.log.Info("the simulated incident is over", "provider", IncidentProvider)
		if g.cfg.OnHealed != nil {
			g.cfg.OnHealed(now)
		}
	}
	g.failing = on
	if !on {
		return -1
	}
	return since
}

// write logs one attempt, and what goes with it, in the files of its gateway.
func (g *gateway) write(a *attempt) error {
	g.attempts++
	chance := g.traffic.rng.Float64()
	nginx{g.web}.payment(a)
	if chance < 0.15 {
		nginx{g.web}.query(a)
	}
	if g.attempts%cardEvery == cardEvery/5 && g.debugging(a.at) {
		if err := g.forgottenCard(a); err != nil {
			return err
		}
	}
	g.follow(a)
	if !a.provider.java {
		return g.writeNode(a, chance)
	}
	j := java{g.pay}
	if chance < 0.12 {
		j.request(a)
	}
	j.result(a)
	if a.result.code == incidentTimeout().code && chance < 0.2 {
		j.stack(a)
	}
	if a.result.code == incidentError().code && chance < 0.1 {
		j.refusal(a)
	}
	if a.result.kind == approved && chance > 0.3 {
		return g.notify(a)
	}
	return nil
}

func (g *gateway) writeNode(a *attempt, chance float64) error {
	if chance < 0.3 {
		if err := a.pino(pinoDebug, a.at, "provider answered").appendTo(g.node); err != nil {
			return err
		}
	}
	// What was authorized is captured, and sometimes given back; issuers refuse neither.
	operation := "authorize"
	switch {
	case a.result.kind != approved:
	case chance > 0.96:
		operation = "refund"
	case chance > 0.88:
		operation = "capture"
	}
	return a.nodeResult(operation).appendTo(g.node)
}

// debugAfter is when, in the incident, somebody has the gateways log more than they should.
const debugAfter = 15 * time.Second

// debugging tells whether the gateways log card data: never before the incident, always when there is none.
func (g *gateway) debugging(at time.Time) bool {
	return g.cfg.IncidentAfter < 0 || at.Sub(g.started) >= g.cfg.IncidentAfter+debugAfter
}

// forgottenCard writes a line with card data, so that redaction has something to do.
func (g *gateway) forgottenCard(a *attempt) error {
	number := pick(g.traffic.rng, []string{"4242424242424242", "5555555555554444", "4111 1111 1111 1111", "378282246310005"})
	cvv := fmt.Sprint(100 + g.traffic.rng.IntN(900))
	if a.provider.java {
		java{g.pay}.card(a, number, cvv)
		return nil
	}
	return a.nodeDebug(number, cvv).appendTo(g.node)
}

func (g *gateway) files() []*logFile { return []*logFile{g.node, g.pay, g.web} }

func (g *gateway) close() error {
	var err error
	for _, f := range g.files() {
		if f != nil && f.file != nil {
			err = errors.Join(err, f.close(time.Now()))
		}
	}
	return err
}
