package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Objective is a service level objective.
type Objective struct {
	Name string
	// Share is the share of events that shall be good, Window over how long.
	Share  float64
	Window time.Duration
}

// objectivesBody is what the page of objectives shows.
type objectivesBody struct {
	Rows   []objectiveRow
	Errors []string
}

// objectiveRow is an objective for one set of labels.
type objectiveRow struct {
	Objective
	// Of names the labels: what of the objective the row is about; "" for all.
	Of string
	// Good is the share of good events of the window so far, Left the share of the error budget that is left, Burn how many
	// times faster than allowed it went in the last hour. NaN when nothing was counted.
	Good, Left, Burn float64
	Events           float64
	State            state
}

// burnFast is the burn rate over an hour that wakes people: it takes 2 % of the budget of 30 days.
const burnFast = 14.4

func (s *server) objectivesPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	l := s.views.language(lang)
	p := s.page(r, "objectives", lang)
	p.Title = l.text("nav.objectives")
	var body objectivesBody
	var err error
	if body.Rows, err = s.objectiveRows(r.Context()); err != nil {
		body.Errors = append(body.Errors, l.text("error.series", s.failed(r.Context(), "series", err)))
	}
	p.Body = body
	s.render(w, r, http.StatusOK, p)
}

// objectiveRows returns the objectives in the order of the configuration, those of one with the least budget first.
func (s *source) objectiveRows(ctx context.Context) ([]objectiveRow, error) {
	rows := map[string]*objectiveRow{}
	at := s.now()
	for _, one := range []struct {
		metric string
		set    func(*objectiveRow, float64)
	}{
		{"slo:period_sli_error:ratio", func(o *objectiveRow, v float64) { o.Good = 1 - v }},
		{"slo:period_error_budget_remaining:ratio", func(o *objectiveRow, v float64) { o.Left = v }},
		{"slo:current_burn_rate:ratio", func(o *objectiveRow, v float64) { o.Burn = v }},
		{"slo:period_events_total:sum", func(o *objectiveRow, v float64) { o.Events = v }},
	} {
		samples, err := s.series.Query(ctx, one.metric, at)
		if err != nil {
			return nil, fmt.Errorf("query objectives: %w", err)
		}
		for _, sample := range samples {
			of := partLabels(sample.Labels)
			key := sample.Labels["slo"] + "\x00" + of
			if rows[key] == nil {
				rows[key] = &objectiveRow{Objective: Objective{Name: sample.Labels["slo"]}, Of: of, Good: math.NaN(), Left: math.NaN(), Burn: math.NaN()}
			}
			one.set(rows[key], sample.Value)
		}
	}
	var all []objectiveRow
	for _, o := range s.objectives() {
		all = append(all, rowsOf(o, rows)...)
	}
	return all, nil
}

// rowsOf returns the rows of one objective; one that says that nothing was counted when there are none.
func rowsOf(o Objective, rows map[string]*objectiveRow) []objectiveRow {
	var own []objectiveRow
	for _, row := range rows {
		if row.Name == o.Name {
			row.Objective = o
			row.State = row.judge()
			own = append(own, *row)
		}
	}
	if len(own) == 0 {
		return []objectiveRow{{Objective: o, Good: math.NaN(), Left: math.NaN(), Burn: math.NaN()}}
	}
	slices.SortFunc(own, func(a, b objectiveRow) int {
		return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(a.Of, b.Of))
	})
	return own
}

func (o *objectiveRow) judge() state {
	switch {
	case o.Left < 0 || o.Burn > burnFast:
		return failing
	case o.Burn > 1:
		return worse
	}
	return well
}

// partLabels writes the labels that tell the parts of one objective from each other.
func partLabels(labels map[string]string) string {
	var names, values []string
	for name := range labels {
		if name != "slo" && name != "__name__" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		values = append(values, labels[name])
	}
	return strings.Join(values, " · ")
}
