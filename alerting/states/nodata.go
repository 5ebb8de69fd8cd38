package states

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
)

// missing returns what goes on, or begins, for want of data.
func (s *States) missing(m *memory, result, data promql.Vector, t time.Time) (more promql.Vector) {
	if m.policy.noData == chooseOK {
		return nil
	}
	for key, a := range m.alerts {
		switch {
		case has(result, key) || covered(data, a.Metric):
			if !a.NoDataSince.IsZero() {
				a.NoDataSince, s.changed = time.Time{}, true
			}
			a.hadData = true
		case a.Firing && (a.hadData || !a.NoDataSince.IsZero()):
			if a.NoDataSince.IsZero() {
				a.NoDataSince, s.changed = t, true
			}
			if t.Sub(a.NoDataSince) < m.policy.noDataMax {
				more = append(more, a.sample(t))
			}
		}
	}
	if m.policy.noData == chooseAlert {
		more = append(more, s.raise(m, append(slices.Clone(result), more...), data, t)...)
	}
	return more
}

// raise returns an alert for each series that was there and is no more, and one when there never was any.
func (s *States) raise(m *memory, result, data promql.Vector, t time.Time) (more promql.Vector) {
	for _, d := range data {
		key := keyOf(d.Metric)
		if m.seen[key] == nil && s.room() {
			m.seen[key] = &seenSeries{Metric: withoutName(d.Metric)}
			s.changed = true
		}
		if known := m.seen[key]; known != nil {
			known.Last = t
		}
	}
	for key, known := range m.seen {
		gone := t.Sub(known.Last)
		switch {
		case gone >= m.policy.noDataMax:
			delete(m.seen, key)
			s.changed = true
		case gone >= m.policy.noDataFor && !has(result, key):
			more = append(more, s.raised(m, known.Metric, known.Last, t))
		}
	}
	if len(data) > 0 || len(m.seen) > 0 {
		m.emptySince = time.Time{}
		return more
	}
	if m.emptySince.IsZero() {
		m.emptySince = t
	}
	if t.Sub(m.emptySince) >= m.policy.noDataFor {
		more = append(more, s.raised(m, m.emptyLabels, m.emptySince, t))
	}
	return more
}

// raised is an alert that no value speaks for, for want of data since a time or, when that is zero, of a rule that works.
func (s *States) raised(m *memory, metric labels.Labels, noDataSince, t time.Time) promql.Sample {
	a := m.alerts[keyOf(metric)]
	if a == nil && s.room() {
		a = &trackedAlert{Metric: metric}
		m.alerts[keyOf(metric)] = a
	}
	if a != nil && !a.Raised {
		a.Raised, a.NoDataSince = true, noDataSince
	}
	return promql.Sample{Metric: metric, F: math.NaN(), T: timestamp.FromTime(t)}
}
