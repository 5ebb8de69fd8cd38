package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/journal"
)

const (
	// merchantCounts is how many different combinations are counted, merchantBudget how long that may take.
	merchantCounts = 5000
	merchantBudget = 200 * time.Millisecond
)

// technical are the outcomes of attempts that nobody declined.
var technical = [...]string{"provider_down", "unknown_outcome", "merchant_config", "throttled"}

// Merchants returns whose attempts with the provider failed for technical reasons, those with most in front.
func (f failingLines) Merchants(ctx context.Context, provider string, from, to time.Time, limit int) ([]receivers.Merchant, int, error) {
	found, err := f.journal.Count(ctx, journal.CountQuery{
		From: from, To: to, By: []string{"payment.provider", "payment.outcome", "payment.merchant"}, Limit: merchantCounts, Budget: merchantBudget,
	})
	failed := map[string]int{}
	for _, c := range found.Counts {
		if c.Values[0] == provider && slices.Contains(technical[:], c.Values[1]) && c.Values[2] != "" {
			failed[c.Values[2]] += c.Records
		}
	}
	var all []receivers.Merchant
	for name, n := range failed {
		all = append(all, receivers.Merchant{Name: name, Failed: n})
	}
	slices.SortFunc(all, func(a, b receivers.Merchant) int { return cmp.Or(b.Failed-a.Failed, cmp.Compare(a.Name, b.Name)) })
	shown := min(len(all), limit)
	return all[:shown], len(all) - shown, err
}
