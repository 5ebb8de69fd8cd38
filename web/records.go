package web

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// searchBudget is how long one search of the journal may take; the newest records found until then are shown.
	searchBudget = 2 * time.Second
	// searchFresh is how long a result serves all open pages with the same search.
	searchFresh = time.Second
	// pageLimit is the most records on the log page, latestLimit on the first page.
	pageLimit, latestLimit = 100, 14
	// latestScan is how many of the newest records are looked at for the first page, and latestBudget how long.
	latestScan, latestBudget = 400, time.Second
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

// latest returns newest records for the first page: errors first of all, then payments, then anything.
func (s *source) latest(ctx context.Context) ([]record, error) {
	return s.latests.get(ctx, "", searchFresh, func(ctx context.Context) ([]record, error) {
		res, err := s.logs.Search(ctx, LogQuery{Limit: latestScan, Budget: latestBudget})
		if err != nil {
			return nil, fmt.Errorf("search the journal: %w", err)
		}
		return chooseLatest(newestFirst(res.Hits)), nil
	})
}

func chooseLatest(hits []Hit) []record {
	var errors, payments, others []record
	for _, h := range hits {
		switch r := newRecord(h); {
		case r.troubled() && len(errors) < latestLimit*2/3:
			errors = append(errors, r)
		case r.Outcome != "":
			payments = append(payments, r)
		default:
			others = append(others, r)
		}
	}
	all := slices.Concat(errors, payments, others)
	all = all[:min(len(all), latestLimit)]
	slices.SortStableFunc(all, func(a, b record) int { return b.Time.Compare(a.Time) })
	return all
}

// troubled tells records of technical failures and of errors from the rest.
func (r *record) troubled() bool {
	switch r.Level {
	case "error", "fatal":
		return true
	}
	return technical(r.Outcome)
}

// newestFirst returns a sorted copy: the journal's order is that of arrival.
func newestFirst(hits []Hit) []Hit {
	hits = slices.Clone(hits)
	slices.SortStableFunc(hits, func(a, b Hit) int { return b.Time.Compare(a.Time) })
	return hits
}
