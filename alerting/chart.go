package alerting

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"

	"gatewatch/alerting/receivers"
)

const (
	// chartQuery and chartExpected are annotations with the PromQL of the chart in messages and of what is usual.
	chartQuery    = "chart_query"
	chartExpected = "chart_expected_query"
	// A chart begins chartLead before the incident and is at most maxChart long, in chartPoints points.
	chartLead    = 30 * time.Minute
	maxChart     = 24 * time.Hour
	chartPoints  = 180
	minChartStep = 5 * time.Second
)

// chart returns the metric around the alert: what its annotations ask for, or the success rate of the provider that
// it is about.
func (e *Engine) chart(ctx context.Context, a receivers.Alert, now time.Time) *receivers.Chart {
	expr, expected := strings.TrimSpace(a.Annotations[chartQuery]), strings.TrimSpace(a.Annotations[chartExpected])
	c := receivers.Chart{Since: a.Since, Until: now, To: now}
	if expr == "" && aboutAttempts(&a) {
		expr = fmt.Sprintf("provider:payment_success:ratio1m{provider=%q}", a.Labels["provider"])
		expected = fmt.Sprintf("provider:payment_success:usual{provider=%q}", a.Labels["provider"])
		c.Percent = true
	}
	if expr == "" {
		return nil
	}
	if !a.Ended.IsZero() {
		c.Until = a.Ended
		c.To = a.Ended.Add(min(now.Sub(a.Ended), chartLead))
	}
	c.From = a.Since.Add(-chartLead)
	if oldest := c.To.Add(-maxChart); c.From.Before(oldest) {
		c.From = oldest
	}
	c.Step = max(c.To.Sub(c.From)/chartPoints, minChartStep).Truncate(time.Second)
	c.Title = cmp.Or(strings.TrimSpace(a.Annotations["chart_title"]), a.Name)
	if c.Values = e.line(ctx, expr, &c); len(c.Values) < 2 {
		return nil
	}
	if first := c.Values[0].At; first.After(c.From) {
		c.From = first // the metric is younger than the chart
	}
	if expected != "" {
		c.Expected = e.line(ctx, expected, &c)
	}
	return &c
}

// line returns the points of the first series that expr gives, nil when it gives none.
func (e *Engine) line(ctx context.Context, expr string, c *receivers.Chart) []receivers.Point {
	query, err := e.store.PromQL().NewRangeQuery(ctx, e.store, promql.NewPrometheusQueryOpts(false, 0), expr, c.From, c.To, c.Step)
	if err != nil {
		e.log.Warn("query of a chart", "query", expr, "err", err)
		return nil
	}
	defer query.Close()
	result := query.Exec(ctx)
	matrix, err := result.Matrix()
	if err != nil || len(matrix) == 0 {
		return nil
	}
	var points []receivers.Point
	for _, p := range matrix[0].Floats {
		if !math.IsNaN(p.F) && !math.IsInf(p.F, 0) {
			points = append(points, receivers.Point{At: time.UnixMilli(p.T), Value: p.F})
		}
	}
	return points
}
