package ruletest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// checkAlerts compares what fires now.
func (r *run) checkAlerts(c alertCase) {
	var want, got []string
	for _, a := range c.Expected {
		builder := labels.NewBuilder(labels.FromMap(a.Labels))
		want = append(want, alertLine(builder.Set(labels.AlertName, c.Name).Labels(), labels.FromMap(a.Annotations)))
	}
	for _, g := range r.groups {
		for _, rule := range g.AlertingRules() {
			if rule.Name() != c.Name {
				continue
			}
			for _, a := range rule.ActiveAlerts() {
				if a.State == rules.StateFiring {
					got = append(got, alertLine(a.Labels, a.Annotations))
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		r.fail(Failure{What: fmt.Sprintf("alert %s at %v", c.Name, c.EvalTime), Expected: want, Got: got})
	}
}

func alertLine(labels, annotations labels.Labels) string {
	return labels.String() + " annotations " + annotations.String()
}

// sample is an element of an expression's result.
type sample struct {
	labels    labels.Labels
	value     float64
	histogram string // in the notation of tests
}

func (s sample) String() string {
	if s.histogram != "" {
		return s.labels.String() + " " + s.histogram
	}
	return s.labels.String() + " " + strconv.FormatFloat(s.value, 'g', -1, 64)
}

// checkExpression compares the result of an expression.
func (r *run) checkExpression(ctx context.Context, c exprCase) {
	what := fmt.Sprintf("expression %s at %v", c.Expr, c.EvalTime)
	got, err := r.query(ctx, c.Expr, r.test.Start.Add(time.Duration(c.EvalTime)))
	if err != nil {
		r.fail(Failure{What: what, Err: err})
		return
	}
	want := make([]sample, 0, len(c.Expected))
	for _, e := range c.Expected {
		s, err := r.expected(e)
		if err != nil {
			r.fail(Failure{What: what, Err: fmt.Errorf("exp_samples: %s: %w", e.Labels, err)})
			return
		}
		want = append(want, s)
	}
	byLabels := func(a, b sample) int { return labels.Compare(a.labels, b.labels) }
	slices.SortFunc(want, byLabels)
	slices.SortFunc(got, byLabels)
	if !slices.EqualFunc(want, got, r.equal) {
		r.fail(Failure{What: what, Expected: lines(want), Got: lines(got)})
	}
}

func (r *run) query(ctx context.Context, expr string, at time.Time) ([]sample, error) {
	q, err := r.data.QueryEngine().NewInstantQuery(ctx, r.data.Queryable(), nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return nil, result.Err
	}
	switch v := result.Value.(type) {
	case promql.Scalar:
		return []sample{{value: v.V}}, nil
	case promql.Vector:
		all := make([]sample, len(v))
		for i, e := range v {
			all[i] = sample{e.Metric, e.F, promqltest.HistogramTestExpression(e.H)}
		}
		return all, nil
	}
	return nil, fmt.Errorf("the result is a %s, want numbers at one time", result.Value.Type())
}

func (r *run) expected(e expectedSample) (s sample, err error) {
	s.value = e.Value
	if s.labels, err = r.parser.ParseMetric(e.Labels); err != nil || e.Histogram == "" {
		return s, err
	}
	_, values, err := r.parser.ParseSeriesDesc("{} " + e.Histogram)
	if err != nil {
		return s, err
	}
	if len(values) != 1 || values[0].Histogram == nil {
		return s, errors.New("histogram is not one native histogram, such as {{schema:0 sum:5 count:4 buckets:[1 2 1]}}")
	}
	s.histogram = promqltest.HistogramTestExpression(values[0].Histogram)
	return s, nil
}

// equal compares two samples; with fuzzy_compare neighbouring numbers are equal.
func (r *run) equal(a, b sample) bool {
	same := a.value == b.value
	if r.file.FuzzyCompare {
		same = same || math.Nextafter(a.value, math.Inf(-1)) == b.value || math.Nextafter(a.value, math.Inf(1)) == b.value
	}
	return same && a.histogram == b.histogram && labels.Equal(a.labels, b.labels)
}

func lines(all []sample) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.String()
	}
	return out
}
