package web

import (
	"context"
	"fmt"
	"time"
)

// source asks the other parts of the agent, with caches before them.
type source struct {
	series     Series
	logs       Logs
	incidents  func() []Incident
	agent      func() Agent                // nil when nothing is known
	errors     func(limit int) ErrorGroups // nil when nothing is grouped
	objectives func() []Objective
	orders     func() []OrderFinding  // nil when orders are not followed
	unclassed  func() []UnclassedCode // nil when nothing remembers them
	deploy     func(version string)   // nil when it cannot be told
	now        func() time.Time

	trends    *cache[string, *trend]
	usuals    *cache[int64, map[string]*counts]
	losses    *cache[int64, map[string]*counts]
	overviews *cache[string, *overview]
	grounds   *cache[string, []ground]
	latests   *cache[string, []record]
	searches  *cache[string, LogResult]
}

// agentFresh is how long the facts about the agent serve all pages.
const agentFresh = time.Second

func newSource(d Deps) *source {
	s := &source{series: d.Series, logs: d.Logs, incidents: d.Incidents, errors: d.Errors, orders: d.Orders, objectives: d.Objectives, unclassed: d.Unclassed, deploy: d.Deployed, now: d.Now}
	if s.objectives == nil {
		s.objectives = func() []Objective { return nil }
	}
	if d.Agent != nil {
		agents := newCache[string, Agent](d.Now)
		s.agent = func() Agent {
			a, _ := agents.get(context.Background(), "", agentFresh, func(context.Context) (Agent, error) { return d.Agent(), nil })
			return a
		}
	}
	s.trends = newCache[string, *trend](d.Now)
	s.usuals = newCache[int64, map[string]*counts](d.Now)
	s.losses = newCache[int64, map[string]*counts](d.Now)
	s.overviews = newCache[string, *overview](d.Now)
	s.grounds = newCache[string, []ground](d.Now)
	s.latests = newCache[string, []record](d.Now)
	s.searches = newCache[string, LogResult](d.Now)
	return s
}

const (
	// usualSpan is what "usual" is taken over, and usualFresh how long it is shown.
	usualSpan, usualFresh = 24 * time.Hour, 30 * time.Second
	// presentMoment is left out of the usual, so that an incident is not taken for usual before an alert tells of it.
	presentMoment = 30 * time.Second
	// usualMargin is how long before an incident the usual ends: an alert fires some time after the first failure.
	usualMargin = 15 * time.Second
)

// usual returns the attempts of each provider over the day before an incident began; zero means over the day before
// the present moment.
func (s *source) usual(ctx context.Context, before time.Time) (map[string]*counts, error) {
	key := int64(0)
	if !before.IsZero() {
		key = before.Unix()
	}
	return s.usuals.get(ctx, key, usualFresh, func(ctx context.Context) (map[string]*counts, error) {
		at := s.now().Add(-presentMoment)
		if !before.IsZero() {
			at = before.Add(-usualMargin)
		}
		return s.attempts(ctx, at, usualSpan)
	})
}

// attempts returns the attempts of each provider over the span that ends at the time at.
func (s *source) attempts(ctx context.Context, at time.Time, span time.Duration) (map[string]*counts, error) {
	samples, err := s.series.Query(ctx, fmt.Sprintf(attemptsOver, promDuration(span)), at)
	if err != nil {
		return nil, fmt.Errorf("query attempts: %w", err)
	}
	by := map[string]*counts{}
	for _, one := range samples {
		p := one.Labels["provider"]
		if by[p] == nil {
			by[p] = &counts{}
		}
		by[p].add(one.Labels["outcome"], one.Value)
	}
	return by, nil
}

// latency returns the quantile q of the latency of each provider over the span that ends at the time at.
func (s *source) latency(ctx context.Context, at time.Time, span time.Duration, q float64) (map[string]float64, error) {
	samples, err := s.series.Query(ctx, fmt.Sprintf(quantileOver, q, promDuration(span)), at)
	if err != nil {
		return nil, fmt.Errorf("query latency: %w", err)
	}
	by := map[string]float64{}
	for _, one := range samples {
		by[one.Labels["provider"]] = one.Value
	}
	return by, nil
}

// value returns the single number that expr gives, or false when it gives none.
func (s *source) value(ctx context.Context, expr string, at time.Time) (float64, bool) {
	samples, err := s.series.Query(ctx, expr, at)
	if err != nil || len(samples) == 0 {
		return 0, false
	}
	return samples[0].Value, true
}
