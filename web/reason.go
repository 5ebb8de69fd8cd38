package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gatewatch/event"
)

// maxReasons bounds the reasons shown for one provider, minReason is the share that one must have.
const (
	maxReasons = 3
	minReason  = 0.05
)

// reason is a cause of failed attempts: a code of the provider, or an outcome class where there was no code.
type reason struct {
	Code, Outcome string
	// Share is of all failed attempts.
	Share float64
}

// codes returns the failed attempts of each provider by code.
func (s *source) codes(ctx context.Context, at time.Time, span time.Duration) (map[string][]Sample, error) {
	const expr = `sum by (provider, code, outcome) (increase(payment_codes_total{outcome!~"approved|pending"}[%s])) > 0`
	samples, err := s.series.Query(ctx, fmt.Sprintf(expr, promDuration(span)), at)
	if err != nil {
		return nil, fmt.Errorf("query codes: %w", err)
	}
	by := map[string][]Sample{}
	for _, one := range samples {
		p := one.Labels["provider"]
		by[p] = append(by[p], one)
	}
	return by, nil
}

// reasonsOf returns the most frequent causes of failed attempts, each code and, per outcome class, what had no code.
func reasonsOf(now *counts, codes []Sample) []reason {
	total := now.failed()
	if total < 0.5 {
		return nil
	}
	var all []reason
	coded := counts{}
	for _, c := range codes {
		code, outcome := c.Labels["code"], c.Labels["outcome"]
		if code == "" || code == unknown || code == "other" {
			continue
		}
		coded.add(outcome, c.Value)
		all = append(all, reason{code, outcome, c.Value / total})
	}
	for o := event.Customer; o <= event.Unclassed; o++ {
		if rest := now[o] - coded[o]; rest > 0 {
			all = append(all, reason{"", o.String(), rest / total})
		}
	}
	slices.SortFunc(all, func(a, b reason) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Code, b.Code))
	})
	for i := range all {
		if all[i].Share < minReason || i == maxReasons {
			return all[:i]
		}
		all[i].Share = min(all[i].Share, 1)
	}
	return all
}
