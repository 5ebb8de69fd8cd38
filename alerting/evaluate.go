package alerting

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"

	"gatewatch/alerting/states"
)

// outageTolerance is how long the agent may have been down for pending alerts to go on where they were.
const outageTolerance = time.Hour

// group is a group of rules and when it is due.
type group struct {
	*rules.Group
	due      time.Time
	restored bool
	failing  map[string]bool
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
		e.states.Eval(ctx, g.Group, ts)
		g.RestoreForState(ts)
		g.restored = true
		ts = ts.Add(time.Millisecond)
	}
	e.states.EvalWith(g.Group, func() { rules.DefaultEvalIterationFunc(ctx, g.Group, ts) })
	e.metrics.evaluations.Inc()
	e.reportFailures(g)
	if ctx.Err() == nil {
		e.tell(ctx, g, ts)
	}
}

// reportFailures logs a rule that cannot be evaluated when that begins, and counts every time. Rules may share a name.
func (e *Engine) reportFailures(g *group) {
	failing := map[string]bool{}
	for _, r := range g.Rules() {
		err := r.LastError()
		if _, stopped := errors.AsType[promql.ErrQueryCanceled](err); err == nil || stopped {
			continue
		}
		e.metrics.failures.Inc()
		if !g.failing[r.Name()] && !failing[r.Name()] {
			e.log.Error("evaluating rule", "rule", r.Name(), "group", g.Name(), "file", g.File(), "err", err)
		}
		failing[r.Name()] = true
	}
	for name := range failing {
		e.metrics.failed.WithLabelValues(g.Name(), name).Inc()
	}
	for name := range g.failing {
		if !failing[name] {
			e.metrics.failed.DeleteLabelValues(g.Name(), name)
		}
	}
	g.failing = failing
}

// tell hands on the alerts of a group that fire, and those that have just ended.
func (e *Engine) tell(ctx context.Context, g *group, ts time.Time) {
	for _, r := range g.AlertingRules() {
		var all []savedAlert
		r.ForEachActiveAlert(func(a *rules.Alert) {
			// Prometheus repeats an end for a quarter of an hour.
			if a.State == rules.StatePending || !a.ResolvedAt.IsZero() && ts.Sub(a.ResolvedAt) > endRepeat {
				return
			}
			all = append(all, savedAlert{Labels: withExternal(a.Labels, e.externalLabels), Annotations: states.Told(a), Since: a.ActiveAt, Ended: a.ResolvedAt})
		})
		for _, a := range all {
			e.hand(ctx, a)
		}
	}
}

// hand passes an alert on: to the relay when there is one, and to the receivers here when there is none or no member of
// the cluster can be reached.
func (e *Engine) hand(ctx context.Context, a savedAlert) {
	switch {
	case e.relay != nil && a.Ended.IsZero() && !e.relayed(a) && e.dispatch.mutes(a):
		// Alertmanagers know nothing of maintenance here: they hear of what still fires afterwards.
	case e.relay == nil || e.relay.Put(a.relayed()):
		e.tellHere(ctx, a)
	}
}

// relayed tells whether Alertmanagers were or will be told that the alert fires.
func (e *Engine) relayed(a savedAlert) bool { return e.relay != nil && e.relay.Fires(a.relayed()) }

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
	windows := e.dispatch.live().plan.Windows
	for _, g := range e.groups {
		for _, r := range g.Rules() {
			if ar, ok := r.(*rules.AlertingRule); ok {
				for _, a := range ar.ActiveAlerts() {
					one := toAlert(a, e.externalLabels)
					one.Muted = windows.Mutes(one.Labels, time.Now())
					active = append(active, one)
				}
			}
		}
	}
	sortAlerts(active)
	e.ending.repeat(active, ts, func(a savedAlert) { e.hand(ctx, a) })
	for _, a := range e.lost.update(active, ts) {
		e.end(ctx, a, ts)
	}
	e.lost.save(e.lostFile(), active, e.relayed, e.log)
	e.states.Save(e.statesFile(), e.log)
	flapping, noData := e.states.Counts()
	e.metrics.flapping.Set(float64(flapping))
	e.metrics.noData.Set(float64(noData))
	e.metrics.untracked.Add(float64(e.states.TakeDropped()))
	e.announce(active, ts)
}

func (e *Engine) statesFile() string { return filepath.Join(e.dir, "states.json") }

func toAlert(a *rules.Alert, external map[string]string) Alert {
	return newAlert(a.State.String(), withExternal(a.Labels, external), states.Told(a), a.ActiveAt, a.Value)
}

// read reads the rules of cfg, or returns every mistake in them. It changes nothing.
func (e *Engine) read(cfg Config) (map[string]*rules.Group, error) {
	files, err := cfg.sources().Find()
	if err != nil {
		return nil, err
	}
	options := e.options
	options.GroupLoader = cfg.sources().Loader()
	loaded, errs := rules.NewManager(&options).LoadGroups(defaultInterval, labels.FromMap(cfg.ExternalLabels), cfg.ExternalURL, nil, false, files...)
	return loaded, errors.Join(errs...)
}

// adopt makes of groups that were read those that go on: groups that did not change are the present ones, changed ones keep
// the state of their alerts.
func (e *Engine) adopt(loaded map[string]*rules.Group, cfg Config) map[string]*group {
	groups := make(map[string]*group, len(loaded))
	for key, g := range loaded {
		old := e.groups[key]
		if old != nil && old.Equals(g) && maps.Equal(cfg.ExternalLabels, e.externalLabels) {
			groups[key] = old
			continue
		}
		groups[key] = &group{Group: g, failing: map[string]bool{}}
		if old != nil {
			g.CopyState(old.Group)
		}
	}
	return groups
}

// use puts rules and labels into effect.
func (e *Engine) use(groups map[string]*group, cfg Config) {
	e.metrics.failed.Reset() // rules that still fail say so again
	e.groups, e.externalLabels = groups, maps.Clone(cfg.ExternalLabels)
	plain := make(map[string]*rules.Group, len(groups))
	for key, g := range groups {
		plain[key] = g.Group
	}
	e.states.SetFlapping(cfg.Flapping)
	e.states.Load(plain)
	e.showGroups()
	e.metrics.rules.Set(float64(e.countRules()))
}

func (e *Engine) countRules() (n int) {
	for _, g := range e.groups {
		n += len(g.Rules())
	}
	return n
}

func (e *Engine) activeIn(groups map[string]*group) []Alert {
	var all []Alert
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			for _, a := range r.ActiveAlerts() {
				if a.State == rules.StateFiring {
					all = append(all, toAlert(a, e.externalLabels))
				}
			}
		}
	}
	return all
}
