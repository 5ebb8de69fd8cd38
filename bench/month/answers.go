package main

import (
	"context"
	"fmt"
	"time"

	"gatewatch/detect"
	"gatewatch/series"
)

// answers are those to the queries of the watcher, asked for many minutes at once.
type answers struct {
	store   *series.Memory
	queries []string
	ready   map[question][]detect.Point
}

type question struct {
	query string
	at    int64 // seconds since 1970
}

func newAnswers(store *series.Memory, cfg detect.Config) *answers {
	a := &answers{store: store}
	for _, w := range cfg.Watches {
		a.queries = append(a.queries, w.Query)
		if w.Total != "" {
			a.queries = append(a.queries, w.Total)
		}
	}
	return a
}

// prepare asks for each minute of a time.
func (a *answers) prepare(ctx context.Context, of span) error {
	a.ready = map[question][]detect.Point{}
	from := of.from.Add(time.Minute - 1).Truncate(time.Minute)
	if !from.Before(of.to) {
		return nil
	}
	for _, query := range a.queries {
		lines, err := a.store.QueryRange(ctx, query, from, of.to.Add(-time.Second), time.Minute)
		if err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		for _, line := range lines {
			for _, s := range line.Samples {
				at := question{query, s.Time.Unix()}
				a.ready[at] = append(a.ready[at], detect.Point{Labels: line.Labels, Value: s.Value})
			}
		}
	}
	return nil
}

// Query returns what was asked for.
func (a *answers) Query(_ context.Context, query string, at time.Time) ([]detect.Point, error) {
	return a.ready[question{query, at.Unix()}], nil
}
