package alerting

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

const (
	// defaultInterval is how often groups without an interval of their own are evaluated.
	defaultInterval = 15 * time.Second
	// outageTolerance is how long the agent may have been down for pending alerts to go on where they were.
	outageTolerance = time.Hour
)

// group is a group of rules and when it is due.
type group struct {
	*rules.Group
	due      time.Time
	restored bool
	failing  map[string]bool
}

// evaluation is what one call of Evaluate finds.
type evaluation struct {
	ts time.Time
	// silent keeps alerts from being sent while a group only finds its state again.
	silent bool
}

// Evaluate evaluates the rule groups that are due at ts. The series store calls it after each sample, so that no rule
// waits for a clock of its own.
func (e *Engine) Evaluate(ctx context.Context, ts time.Time) {
	e.evaluating.Lock()
	defer e.evaluating.Unlock()
	began := time.Now()
	ran := false
	// In the order of their names: rules of one group may use what another recorded.
	for _, key := range slices.Sorted(maps.Keys(e.groups)) {
		g := e.groups[key]
		// Samples have tiny irregularities: a group that would be due in a moment is due now.
		if ts.Before(g.due.Add(-g.Interval()/10)) && !g.due.After(ts.Add(2*g.Interval())) {
			continue
		}
		g.due = ts.Truncate(g.Interval()).Add(g.Interval())
		e.evaluate(ctx, g, ts)
		ran = true
	}
	if !ran && len(e.ending.alerts) == 0 || ctx.Err() != nil {
		return
	}
	e.publish(ctx, ts)
	if e.heartbeat != nil {
		e.heartbeat.tick()
	}
	e.metrics.evaluation.Set(time.Since(began).Seconds())
	e.metrics.lastEvaluation.Set(float64(ts.UnixMilli()) / 1000)
}

func (e *Engine) evaluate(ctx context.Context, g *group, ts time.Time) {
	if !g.restored {
		// The first evaluation tells which alerts there are, so that it can be looked up since when. Only the one
		// after it says so to others.
		e.current = evaluation{ts: ts, silent: true}
		g.Eval(ctx, ts)
		g.RestoreForState(ts)
		g.restored = true
		ts = ts.Add(time.Millisecond)
	}
	e.current = evaluation{ts: ts}
	rules.DefaultEvalIterationFunc(ctx, g.Group, ts)
	e.metrics.evaluations.Inc()
	e.reportFailures(g)
}

// reportFailures logs a rule that cannot be evaluated when that begins, and counts every time.
func (e *Engine) reportFailures(g *group) {
	for _, r := range g.Rules() {
		err := r.LastError()
		if _, stopped := errors.AsType[promql.ErrQueryCanceled](err); stopped {
			continue
		}
		switch {
		case err != nil:
			e.metrics.failures.Inc()
			if !g.failing[r.Name()] {
				e.log.Error("evaluating rule", "rule", r.Name(), "group", g.Name(), "file", g.File(), "err", err)
			}
			g.failing[r.Name()] = true
		default:
			delete(g.failing, r.Name())
		}
	}
}

// notify receives the alerts of one rule after each evaluation of it.
func (e *Engine) notify(ctx context.Context, _ string, alerts ...*rules.Alert) {
	if e.current.silent {
		return
	}
	for _, a := range alerts {
		ends := a.ResolvedAt
		if !ends.IsZero() && e.current.ts.Sub(ends) > endRepeat {
			continue // Prometheus would repeat it for a quarter of an hour.
		}
		e.hand(ctx, savedAlert{Labels: a.Labels.Map(), Annotations: a.Annotations.Map(), Since: a.ActiveAt, Ended: ends})
	}
}

// hand passes an alert on: to the relay when there is one, and to the receivers here when there is none or no member of
// the cluster can be reached.
func (e *Engine) hand(ctx context.Context, a savedAlert) {
	if e.relay == nil || e.relay.put(a) {
		e.tellHere(ctx, a)
	}
}

func (e *Engine) tellHere(ctx context.Context, a savedAlert) {
	e.dispatch.put(ctx, a.Labels, a.Annotations, a.Since, a.Ended)
}

// end hands on that an alert is over which no rule speaks of any more.
func (e *Engine) end(ctx context.Context, a savedAlert, at time.Time) {
	a.Ended = at
	e.hand(ctx, a)
	e.ending.alerts = append(e.ending.alerts, a)
}

// publish tells subscribers and the page what is active, and ends what was active before a restart and is no more.
func (e *Engine) publish(ctx context.Context, ts time.Time) {
	var active []Alert
	for _, g := range e.groups {
		for _, r := range g.Rules() {
			if ar, ok := r.(*rules.AlertingRule); ok {
				for _, a := range ar.ActiveAlerts() {
					active = append(active, toAlert(a))
				}
			}
		}
	}
	sortAlerts(active)
	e.ending.repeat(active, ts, func(a savedAlert) { e.hand(ctx, a) })
	for _, a := range e.lost.update(active, ts) {
		e.end(ctx, a, ts)
	}
	e.lost.save(e.lostFile(), active, e.log)
	e.announce(active, ts)
}

func toAlert(a *rules.Alert) Alert {
	return newAlert(a.State.String(), a.Labels.Map(), a.Annotations.Map(), a.ActiveAt, a.Value)
}

// load reads the rules of cfg in place of the present ones. Groups that did not change go on undisturbed, changed
// ones keep the state of their alerts.
func (e *Engine) load(cfg Config) error {
	files, err := ruleFiles(cfg)
	if err != nil {
		return err
	}
	loaded, errs := e.manager.LoadGroups(defaultInterval, labels.EmptyLabels(), cfg.ExternalURL, nil, false, files...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	groups := make(map[string]*group, len(loaded))
	for key, g := range loaded {
		old := e.groups[key]
		if old != nil && old.Equals(g) {
			groups[key] = old
			continue
		}
		if old != nil {
			g.CopyState(old.Group)
		}
		groups[key] = &group{Group: g, failing: map[string]bool{}}
	}
	e.groups = groups
	e.metrics.rules.Set(float64(e.countRules()))
	return nil
}

func (e *Engine) countRules() (n int) {
	for _, g := range e.groups {
		n += len(g.Rules())
	}
	return n
}

// Reload reads the rule files again, as cfg names them. On a mistake in one of them all old rules stay and the error
// (invalid.Mistakes) says what is wrong. Alerts of rules that are gone end.
func (e *Engine) Reload(ctx context.Context, cfg Config) error {
	e.evaluating.Lock()
	defer e.evaluating.Unlock()
	before := e.groups
	if err := e.load(cfg); err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, a := range e.activeIn(e.groups) {
		kept[a.key()] = true
	}
	now := time.Now()
	for _, a := range e.activeIn(before) {
		if !kept[a.key()] {
			e.end(ctx, saved(a), now)
		}
	}
	return nil
}

func (e *Engine) activeIn(groups map[string]*group) []Alert {
	var all []Alert
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			for _, a := range r.ActiveAlerts() {
				if a.State == rules.StateFiring {
					all = append(all, toAlert(a))
				}
			}
		}
	}
	return all
}
