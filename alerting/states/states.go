// Package states gives Prometheus' alert rules the states that they lack: no data, errors, flapping, too few events. What a
// rule wants is in annotations of its own, which a plain Prometheus takes for text.
package states

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// maxTracked bounds the alerts and series that are remembered. Others are as with Prometheus.
const maxTracked = 20_000

// States gives Prometheus' rules the states that they lack: no data, errors, flapping, too few events. It stands between
// the rules and their queries: an alert that goes on is one that its expression still gives. So the rules themselves, the
// series ALERTS and whoever asks for alerts agree.
//
// The rules' manager asks through Query, rules that were loaded are made known with Load, and groups are evaluated with
// Eval. It belongs to one goroutine; only recording rules may ask from several.
type States struct {
	plain    rules.QueryFunc
	flapping FlappingConfig
	memories map[string]*memory
	groups   map[string]*groupMemory
	current  *groupMemory
	// changed is set when there is something that a restart should know.
	changed bool
	tracked int
	dropped int
}

// groupMemory finds the memories of a group's rules.
type groupMemory struct {
	limit   int
	byQuery map[ruleID]*memory
	rules   map[*rules.AlertingRule]*memory
}

// ruleID is a rule as queries know it.
type ruleID struct{ name, labels, query string }

// New returns the states of rules whose queries plain answers.
func New(plain rules.QueryFunc, flapping FlappingConfig) *States {
	return &States{plain: plain, flapping: flapping, memories: map[string]*memory{}, groups: map[string]*groupMemory{}}
}

// Load makes groups those that are evaluated. What is remembered of a rule's alerts outlives its change.
func (s *States) Load(groups map[string]*rules.Group) {
	memories := map[string]*memory{}
	s.groups = make(map[string]*groupMemory, len(groups))
	p := parser.NewParser(parser.Options{})
	for key, g := range groups {
		known := &groupMemory{limit: g.Limit(), byQuery: map[ruleID]*memory{}, rules: map[*rules.AlertingRule]*memory{}}
		for _, r := range g.AlertingRules() {
			id := ruleID{r.Name(), r.Labels().String(), r.Query().String()}
			name := fmt.Sprint(key, "\x00", id.name, id.labels)
			for n := 1; memories[name] != nil; n++ { // the same alert with several conditions
				name = fmt.Sprint(key, "\x00", id.name, id.labels, n)
			}
			m := s.memories[name]
			if m == nil {
				m = newMemory()
			}
			m.load(r, p)
			memories[name], known.byQuery[id], known.rules[r] = m, m, m
		}
		s.groups[key] = known
	}
	s.memories = memories
	s.count()
}

// SetFlapping says from now on when alerts are held.
func (s *States) SetFlapping(c FlappingConfig) { s.flapping = c }

// count finds out how much is remembered.
func (s *States) count() {
	s.tracked = 0
	for _, m := range s.memories {
		s.tracked += len(m.alerts) + len(m.seen)
	}
}

// Eval evaluates a group at ts.
func (s *States) Eval(ctx context.Context, g *rules.Group, ts time.Time) {
	s.EvalWith(g, func() { g.Eval(ctx, ts) })
}

// EvalWith is Eval where eval itself evaluates the group.
func (s *States) EvalWith(g *rules.Group, eval func()) {
	s.current = s.groups[rules.GroupKey(g.File(), g.Name())]
	s.count()
	eval()
	if s.current == nil {
		return
	}
	for r, m := range s.current.rules {
		m.tell(r)
	}
	s.current = nil
}

// Idle tells whether nothing goes on or begins in a group by itself, whatever time it is.
func (s *States) Idle(g *rules.Group) bool {
	known := s.groups[rules.GroupKey(g.File(), g.Name())]
	if known == nil {
		return true
	}
	for _, m := range known.rules {
		if m.policy.noData == chooseAlert || m.failures > 0 {
			return false
		}
		for _, a := range m.alerts {
			if a.Firing || a.Flapping || !a.Since.IsZero() {
				return false
			}
		}
	}
	return true
}

// Query answers what rules ask. For the expression of an alert rule it is what the rule shall think.
func (s *States) Query(ctx context.Context, query string, t time.Time) (promql.Vector, error) {
	origin := rules.FromOriginContext(ctx)
	if origin.Kind != rules.KindAlerting || origin.Query != query || s.current == nil {
		return s.plain(ctx, query, t)
	}
	m := s.current.byQuery[ruleID{origin.Name, origin.Labels.String(), query}]
	if m == nil || m.at.Equal(t) { // a template asks the same
		return s.plain(ctx, query, t)
	}
	if m.at.IsZero() || t.Before(m.at) {
		m.rewind(t)
	}
	m.at = t
	a, err := s.ask(ctx, m, query, t)
	if _, stopped := errors.AsType[promql.ErrQueryCanceled](err); stopped {
		return nil, err
	}
	if err == nil {
		var result promql.Vector
		if result, err = s.conclude(m, a, t, s.current.limit); err == nil {
			m.evaluated, m.failures, m.err, m.failingSince = true, 0, nil, time.Time{}
			return result, nil
		}
	}
	return s.fail(m, t, err)
}

// answers are what the queries of a rule give.
type answers struct{ result, data, counts promql.Vector }

func (s *States) ask(ctx context.Context, m *memory, query string, t time.Time) (a answers, err error) {
	if a.result, err = s.plain(ctx, query, t); err != nil {
		return a, err
	}
	if m.wantsData() {
		if a.data, err = s.plain(ctx, m.policy.dataQuery, t); err != nil {
			return a, fmt.Errorf("%s: %w", policyDataQuery, err)
		}
	}
	if m.policy.countQuery != "" && len(a.result) > 0 {
		if a.counts, err = s.plain(ctx, m.policy.countQuery, t); err != nil {
			return a, fmt.Errorf("%s: %w", policyCountQuery, err)
		}
	}
	return a, nil
}

// conclude makes of the answers what the rule shall see.
func (s *States) conclude(m *memory, a answers, t time.Time, limit int) (promql.Vector, error) {
	result := m.enough(a)
	result = append(result, s.missing(m, result, a.data, t)...)
	result = append(result, s.step(m, result, t)...)
	// Prometheus forgets all alerts of a rule that has too many, and nobody would hear of their end.
	if n := len(result) + m.lingering(result); limit > 0 && n > limit {
		return nil, fmt.Errorf("exceeded limit of %d with %d alerts", limit, n)
	}
	return result, nil
}

// enough leaves out what too few events lie beneath, unless it fires already.
func (m *memory) enough(a answers) promql.Vector {
	if m.policy.countQuery == "" {
		return a.result
	}
	return slices.DeleteFunc(slices.Clone(a.result), func(one promql.Sample) bool {
		if known := m.alerts[keyOf(one.Metric)]; known != nil && known.Firing {
			return false
		}
		return !slices.ContainsFunc(a.counts, func(c promql.Sample) bool {
			return agree(c.Metric, one.Metric) && c.F >= m.policy.minCount
		})
	})
}

// step moves on what is known of the rule's alerts, of which those in result are active, and returns what is held.
func (s *States) step(m *memory, result promql.Vector, t time.Time) (held promql.Vector) {
	active := map[string]bool{}
	for _, one := range result {
		key := keyOf(one.Metric)
		active[key] = true
		a := m.alerts[key]
		if a == nil {
			if !s.room() {
				continue
			}
			a = &trackedAlert{Metric: withoutName(one.Metric)}
			m.alerts[key] = a
		}
		if !math.IsNaN(one.F) && !math.IsInf(one.F, 0) {
			a.Value = one.F
		}
		a.resume = 0
		s.changed = a.active(m, s.window(m), t) || s.changed
	}
	for key, a := range m.alerts {
		if active[key] {
			continue
		}
		s.changed = a.quiet(m, t) || s.changed
		if a.Flapping {
			if w := s.window(m); w.Times > 0 && t.Sub(a.Last) < time.Duration(w.Hold) {
				held = append(held, a.sample(t))
				continue
			}
			a.Flapping, s.changed = false, true
		}
		if a.Firing && a.resume > 0 {
			a.resume--
			held = append(held, a.sample(t))
			continue
		}
		if a.forgettable(t, time.Duration(s.flapping.Within)) {
			delete(m.alerts, key)
			s.changed = true
		}
	}
	return held
}

// window is when and how often alerts of the rule may come back.
func (s *States) window(m *memory) FlappingConfig {
	if m.policy.steady {
		return FlappingConfig{}
	}
	return s.flapping
}

// room counts one more that is remembered, if there is room.
func (s *States) room() bool {
	if s.tracked >= maxTracked {
		s.dropped++
		return false
	}
	s.tracked++
	return true
}

// fail decides what becomes of the alerts of a rule that failed. An error leaves them as they are.
func (s *States) fail(m *memory, t time.Time, err error) (promql.Vector, error) {
	if m.failures++; m.failingSince.IsZero() {
		m.failingSince = t
	}
	m.err = err
	over := t.Sub(m.failingSince) >= errorKeepLimit
	var result promql.Vector
	switch {
	case m.policy.onError == chooseOK, m.policy.onError == chooseKeep && over:
	case m.policy.onError == chooseAlert && m.failures >= failuresUntilAlert:
		if result = m.firing(t); len(result) == 0 {
			result = promql.Vector{s.raised(m, labels.EmptyLabels(), time.Time{}, t)}
		}
	case !m.evaluated:
		// The rule does not know yet what fired before the restart.
		if result = m.firing(t); len(result) == 0 {
			return nil, err
		}
	default:
		return nil, err
	}
	return append(result, s.step(m, result, t)...), nil
}

// Counts returns how many alerts flap, and how many go on or began for want of data.
func (s *States) Counts() (flapping, noData int) {
	for _, m := range s.memories {
		for _, a := range m.alerts {
			if a.Flapping {
				flapping++
			}
			if m.silentFor(a) > 0 {
				noData++
			}
		}
	}
	return flapping, noData
}

// TakeDropped returns how much was not remembered since the last call.
func (s *States) TakeDropped() int {
	n := s.dropped
	s.dropped = 0
	return n
}
