package web

import (
	"context"
	"fmt"
	"math"
	"time"
)

// maxPoints bounds the points of one line; an agent that has just started shows minPoints of them.
const maxPoints, minPoints = 1000, 18

// trend is how success and latency went over a time range, for all providers from two range queries.
type trend struct {
	Times []time.Time
	// ByProvider are the attempts by outcome of each provider, an entry for each of Times.
	ByProvider map[string][]counts
	// All is the sum over the providers.
	All []counts
	// P95 is the 95th percentile of the latency of each provider; NaN where there was none.
	P95 map[string][]float64
}

const attemptsOver = `sum by (provider, outcome) (increase(payment_attempts_total[%s]))`

const quantileOver = `histogram_quantile(%g, sum by (provider, le) (rate(payment_attempt_duration_seconds_bucket[%s])))`

// trend returns the lines of the range that ends about now.
func (s *source) trend(ctx context.Context, r timeRange) (*trend, error) {
	return s.trends.get(ctx, r.Name, r.fresh, func(ctx context.Context) (*trend, error) {
		return s.queryTrend(ctx, r)
	})
}

func (s *source) queryTrend(ctx context.Context, r timeRange) (*trend, error) {
	// Aligned to the step, so that a point keeps its value from one refresh to the next.
	to := s.now().Truncate(r.Step)
	t := &trend{ByProvider: map[string][]counts{}, P95: map[string][]float64{}}
	for at := to.Add(-r.Span); !at.After(to) && len(t.Times) < maxPoints; at = at.Add(r.Step) {
		t.Times = append(t.Times, at)
	}
	from, window := t.Times[0], promDuration(r.rateWindow())
	lines, err := s.series.QueryRange(ctx, fmt.Sprintf(attemptsOver, window), from, to, r.Step)
	if err != nil {
		return nil, fmt.Errorf("query attempts: %w", err)
	}
	t.All = make([]counts, len(t.Times))
	for _, l := range lines {
		t.addAttempts(l, r.Step)
	}
	t.trim()
	lines, err = s.series.QueryRange(ctx, fmt.Sprintf(quantileOver, 0.95, window), from, to, r.Step)
	if err != nil {
		return nil, fmt.Errorf("query latency: %w", err)
	}
	for _, l := range lines {
		t.P95[l.Labels["provider"]] = t.align(l, r.Step)
	}
	return t, nil
}

// trim cuts off the time before the first attempt, down to minPoints.
func (t *trend) trim() {
	first := 0
	for first < len(t.Times)-minPoints && t.All[first].all() == 0 {
		first++
	}
	t.Times, t.All = t.Times[first:], t.All[first:]
	for p, attempts := range t.ByProvider {
		t.ByProvider[p] = attempts[first:]
	}
}

func (t *trend) addAttempts(l Line, step time.Duration) {
	provider := l.Labels["provider"]
	into := t.ByProvider[provider]
	if into == nil {
		into = make([]counts, len(t.Times))
		t.ByProvider[provider] = into
	}
	for i, v := range t.align(l, step) {
		into[i].add(l.Labels["outcome"], v)
		t.All[i].add(l.Labels["outcome"], v)
	}
}

// align returns the values of l at t.Times, NaN where it has none.
func (t *trend) align(l Line, step time.Duration) []float64 {
	values := make([]float64, len(t.Times))
	for i := range values {
		values[i] = math.NaN()
	}
	for _, p := range l.Points {
		if i := int(p.Time.Sub(t.Times[0]).Round(step) / step); i >= 0 && i < len(values) {
			values[i] = p.Value
		}
	}
	return values
}

// successes returns the success rate of each of the counts.
func successes(cs []counts) []float64 {
	rates := make([]float64, len(cs))
	for i := range cs {
		rates[i] = cs[i].success()
	}
	return rates
}

// promDuration writes d as PromQL does, in whole seconds.
func promDuration(d time.Duration) string { return itoa(int(d/time.Second)) + "s" }
