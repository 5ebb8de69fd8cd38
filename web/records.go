package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatewatch/event"
)

const (
	// searchBudget is how long one search of the journal may take; the newest records found until then are shown.
	searchBudget = 2 * time.Second
	// searchFresh is how long a result serves all open pages with the same search.
	searchFresh = time.Second
	// pageLimit is the most records on the log page, latestLimit on the first page, of which latestErrors may be errors.
	pageLimit, latestLimit, latestErrors = 100, 14, 9
	// latestSpan is how old an error on the first page may be, and latestBudget how long one search for it may take.
	latestSpan, latestBudget = 15 * time.Minute, 500 * time.Millisecond
)

// search returns the records of the state's page, and the state of the page after it, or nil when there is none.
func (s *source) search(ctx context.Context, st logState) (LogResult, *logState, error) {
	res, err := s.searches.get(ctx, st.Link(), searchFresh, func(ctx context.Context) (LogResult, error) {
		return s.logs.Search(ctx, st.query(s.now(), pageLimit+1))
	})
	if err != nil {
		return res, nil, fmt.Errorf("search the journal: %w", err)
	}
	hits := newestFirst(res.Hits)
	for skip := st.Skip; skip > 0 && len(hits) > 0 && hits[0].Time.UnixMilli() == st.Before; skip-- {
		hits = hits[1:]
	}
	full := len(hits) > pageLimit
	if full {
		hits = hits[:pageLimit]
	}
	res.Hits = hits
	last := res.Reached
	if len(hits) > 0 && (full || last.IsZero()) {
		last = hits[len(hits)-1].Time
	}
	if !full && res.Complete || last.IsZero() {
		return res, nil, nil
	}
	older := st.older(last, hits)
	return res, &older, nil
}

// troubles are what the first page looks for beside the newest records, so that errors are seen among many payments.
var troubles = [...]Match{
	{event.Level.String(), "error"},
	{outcomeField, event.ProviderDown.String()},
	{outcomeField, event.UnknownOutcome.String()},
	{outcomeField, event.MerchantConfig.String()},
}

// latest returns the newest errors and payments for the first page.
func (s *source) latest(ctx context.Context) ([]record, error) {
	return s.latests.get(ctx, "", searchFresh, func(ctx context.Context) ([]record, error) {
		newest, err := s.logs.Search(ctx, LogQuery{Limit: 2 * latestLimit, Budget: latestBudget})
		if err != nil {
			return nil, fmt.Errorf("search the journal: %w", err)
		}
		var errors []Hit
		for _, m := range troubles {
			q := LogQuery{From: s.now().Add(-latestSpan), Equal: []Match{m}, Limit: latestErrors, Budget: latestBudget}
			found, err := s.logs.Search(ctx, q)
			if err != nil {
				return nil, fmt.Errorf("search the journal: %w", err)
			}
			errors = append(errors, found.Hits...)
		}
		return chooseLatest(newestFirst(errors), newestFirst(newest.Hits)), nil
	})
}

// chooseLatest takes the newest of the errors, and fills up with payments first and then with anything.
func chooseLatest(errors, newest []Hit) []record {
	chosen := map[string]bool{}
	var all []record
	take := func(hits []Hit, limit int, wanted func(*record) bool) {
		for _, h := range hits {
			r := newRecord(h)
			if len(all) >= limit {
				return
			}
			if !chosen[r.ID] && wanted(&r) {
				chosen[r.ID] = true
				all = append(all, r)
			}
		}
	}
	take(errors, latestErrors, func(*record) bool { return true })
	take(newest, latestLimit, func(r *record) bool { return r.Outcome != "" })
	take(newest, latestLimit, func(*record) bool { return true })
	slices.SortStableFunc(all, func(a, b record) int { return b.Time.Compare(a.Time) })
	return all
}

// newestFirst returns a sorted copy: the journal's order is that of arrival.
func newestFirst(hits []Hit) []Hit {
	hits = slices.Clone(hits)
	slices.SortStableFunc(hits, func(a, b Hit) int { return b.Time.Compare(a.Time) })
	return hits
}
