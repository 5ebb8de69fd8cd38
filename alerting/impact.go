package alerting

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"gatewatch/alerting/receivers"
)

const (
	// lostQuery is the annotation with the PromQL that counts lost payments. $range in it becomes the time from a
	// little before the alert to its end.
	lostQuery = "lost_query"
	// impactLead is how long before its first true evaluation an incident may have begun.
	impactLead    = 30 * time.Second
	maxImpact     = 24 * time.Hour
	impactTimeout = 2 * time.Second
)

// Fill puts in what the incident cost by now, lines that show it, and what people did about it.
func (e *Engine) Fill(ctx context.Context, n *receivers.Notice, now time.Time) {
	for i := range n.Alerts {
		n.Alerts[i].Lost = e.lostPayments(ctx, n.Alerts[i], now)
	}
	e.addLines(ctx, n, now)
	e.desk.Look(ctx, n)
}

// Stand puts in what people did about the incident by now.
func (e *Engine) Stand(ctx context.Context, n *receivers.Notice) { e.desk.Stand(ctx, n) }

// Firing returns the firing alert with the key as of the last evaluation.
func (e *Engine) Firing(key string) (receivers.Alert, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.alerts {
		if e.alerts[i].State == stateFiring && e.alerts[i].key() == key {
			a := e.alerts[i]
			return receivers.Alert{
				Name: a.Name, Severity: a.Severity, Verdict: a.Verdict, Labels: a.Labels, Annotations: a.Annotations, Since: a.Since, Value: a.Value,
			}, true
		}
	}
	return receivers.Alert{}, false
}

// lostPayments counts what an alert cost by now, or until its end. It returns nil for alerts that cannot say so.
func (e *Engine) lostPayments(ctx context.Context, a receivers.Alert, now time.Time) *float64 {
	expr := a.Annotations[lostQuery]
	if expr == "" {
		return nil
	}
	end := now
	if !a.Ended.IsZero() {
		end = a.Ended
	}
	span := min(max(end.Sub(a.Since), 0), maxImpact) + impactLead
	expr = strings.ReplaceAll(expr, "$range", fmt.Sprintf("%ds", int(math.Ceil(span.Seconds()))))
	ctx, cancel := context.WithTimeout(ctx, impactTimeout)
	defer cancel()
	result, err := e.query(ctx, expr, end)
	if err != nil || len(result) == 0 || math.IsNaN(result[0].F) || math.IsInf(result[0].F, 0) {
		return nil
	}
	lost := math.Round(result[0].F)
	return &lost
}
