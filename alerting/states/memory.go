package states

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// maxStarts bounds how many beginnings of an alert are remembered.
const maxStarts = 100

// memory is what is remembered of a rule.
type memory struct {
	policy Policy
	query  string
	// hold and keep are the rule's for and keep_firing_for.
	hold, keep time.Duration
	// own are the labels that the rule sets.
	own labels.Labels
	// emptyLabels are what the selectors of a query without any data say.
	emptyLabels labels.Labels

	alerts map[string]*trackedAlert
	seen   map[string]*seenSeries
	at     time.Time
	// emptySince is since when there are no data at all, and never were.
	emptySince time.Time
	// evaluated is true after the first evaluation that did not fail.
	evaluated    bool
	failures     int
	failingSince time.Time
	err          error
}

// seenSeries is a series of data, and when it was there last.
type seenSeries struct {
	Metric labels.Labels `json:"metric"`
	Last   time.Time     `json:"last"`
}

// trackedAlert is what the rule would think of an alert if nothing were held.
type trackedAlert struct {
	Metric labels.Labels `json:"metric"`
	Value  float64       `json:"value"`
	// Since is when the condition became true, zero when it is not; Absent since when a firing alert's is not.
	Since  time.Time `json:"since,omitzero"`
	Absent time.Time `json:"absent,omitzero"`
	Firing bool      `json:"firing,omitempty"`
	// Last is when the condition was true last.
	Last time.Time `json:"last,omitzero"`
	// Starts are when the alert began, the oldest first.
	Starts   []time.Time `json:"starts,omitempty"`
	Flapping bool        `json:"flapping,omitempty"`
	// NoDataSince is since when there are no data about it. Raised: that is all it says.
	NoDataSince time.Time `json:"no_data_since,omitzero"`
	Raised      bool      `json:"raised,omitempty"`
	// Annotations are those of when the condition was last seen to hold.
	Annotations labels.Labels `json:"annotations"`

	// hadData is true when there were data under the rule's present expression.
	hadData bool
	// resume is how often the rule, which knows nothing of it yet, is told after a restart that the alert is there: it keeps
	// firing for as long as keep_firing_for says then.
	resume int
}

// resumeTold is how often: the first evaluation looks up since when an alert is there, the second lets it fire.
const resumeTold = 2

func newMemory() *memory {
	return &memory{alerts: map[string]*trackedAlert{}, seen: map[string]*seenSeries{}}
}

// load makes m that of r, whose annotations were checked when its file was read.
func (m *memory) load(r *rules.AlertingRule, p parser.Parser) {
	query := r.Query().String()
	m.policy, _ = ReadPolicy(query, r.Annotations().Map(), p)
	m.hold, m.keep, m.own = r.HoldDuration(), r.KeepFiringFor(), r.Labels()
	m.emptyLabels = labels.EmptyLabels()
	if expr, err := p.ParseExpr(m.policy.dataQuery); err == nil {
		m.emptyLabels = equalities(expr)
	}
	if m.query != "" && m.query != query {
		// What another expression gave says nothing about the data of this one.
		m.seen, m.emptySince = map[string]*seenSeries{}, time.Time{}
		for _, a := range m.alerts {
			a.NoDataSince, a.hadData = time.Time{}, false
		}
	}
	m.query = query
}

// rewind makes times to come now: where the clock was set back, an alert would be held until it is that late again.
func (m *memory) rewind(now time.Time) {
	cut := func(at *time.Time) {
		if at.After(now) {
			*at = now
		}
	}
	cut(&m.emptySince)
	cut(&m.failingSince)
	for _, series := range m.seen {
		cut(&series.Last)
	}
	for _, a := range m.alerts {
		for _, at := range []*time.Time{&a.Since, &a.Absent, &a.Last, &a.NoDataSince} {
			cut(at)
		}
		for i := range a.Starts {
			cut(&a.Starts[i])
		}
	}
}

// equalities returns the labels that the only selector of expr asks for.
func equalities(expr parser.Expr) labels.Labels {
	all := parser.ExtractSelectors(expr)
	if len(all) != 1 {
		return labels.EmptyLabels()
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, matcher := range all[0] {
		if matcher.Type == labels.MatchEqual && matcher.Name != labels.MetricName {
			b.Set(matcher.Name, matcher.Value)
		}
	}
	return b.Labels()
}

// active notes that the condition holds at t, and tells whether something changed that a restart should know.
func (a *trackedAlert) active(m *memory, flapping FlappingConfig, t time.Time) (changed bool) {
	before := a.Flapping
	if a.Since.IsZero() {
		a.Since, changed = t, true
	}
	if !a.Absent.IsZero() {
		a.Absent, changed = time.Time{}, true
	}
	a.Last = t
	if !a.Firing && t.Sub(a.Since) >= m.hold {
		a.Firing, changed = true, true
		a.Starts = append(a.Starts, t)
	}
	a.forgetStarts(t.Add(-time.Duration(flapping.Within)))
	a.Flapping = flapping.Times > 0 && len(a.Starts)-1 > flapping.Times
	return changed || before != a.Flapping
}

// quiet notes that the condition does not hold at t.
func (a *trackedAlert) quiet(m *memory, t time.Time) (changed bool) {
	if a.Last.IsZero() {
		a.Last, changed = t, true // it was true until the restart
	}
	if !a.Firing {
		changed = changed || !a.Since.IsZero()
		a.Since = time.Time{}
		return changed
	}
	if a.Absent.IsZero() {
		a.Absent, changed = t, true
	}
	if t.Sub(a.Absent) >= m.keep {
		a.Firing, a.Raised, changed = false, false, true
		a.Since, a.Absent, a.NoDataSince = time.Time{}, time.Time{}, time.Time{}
	}
	return changed
}

func (a *trackedAlert) forgetStarts(before time.Time) {
	a.Starts = slices.DeleteFunc(a.Starts, func(start time.Time) bool { return start.Before(before) })
	if n := len(a.Starts) - maxStarts; n > 0 {
		a.Starts = slices.Delete(a.Starts, 0, n)
	}
}

// forgettable tells whether nothing more can come of a.
func (a *trackedAlert) forgettable(t time.Time, within time.Duration) bool {
	a.forgetStarts(t.Add(-within))
	return !a.Firing && a.Since.IsZero() && !a.Flapping && len(a.Starts) == 0
}

// wantsData tells whether anything can come of knowing what there are data about.
func (m *memory) wantsData() bool {
	if m.policy.dataQuery == "" || m.policy.noData == chooseAlert {
		return m.policy.dataQuery != ""
	}
	for _, a := range m.alerts {
		if a.Firing {
			return true
		}
	}
	return false
}

// firing returns what the rule last said of the alerts that fire.
func (m *memory) firing(t time.Time) (all promql.Vector) {
	for _, a := range m.alerts {
		if a.Firing {
			all = append(all, a.sample(t))
		}
	}
	return all
}

// sample is what the expression gave last.
func (a *trackedAlert) sample(t time.Time) promql.Sample {
	value := a.Value
	if a.Raised {
		value = math.NaN()
	}
	return promql.Sample{Metric: a.Metric, F: value, T: timestamp.FromTime(t)}
}

// lingering counts the alerts that fire for keep_firing_for only.
func (m *memory) lingering(result promql.Vector) (n int) {
	for key, a := range m.alerts {
		if a.Firing && !has(result, key) {
			n++
		}
	}
	return n
}

// silentFor is for how long there have been no data about a, 0 when that is not worth saying.
func (m *memory) silentFor(a *trackedAlert) time.Duration {
	if a.NoDataSince.IsZero() || !a.Firing {
		return 0
	}
	if gone := m.at.Sub(a.NoDataSince); gone >= m.policy.noDataFor {
		return gone
	}
	return 0
}

// keyOf identifies what a rule's expression gives; the name of the metric does not become one of the alert's labels.
func keyOf(metric labels.Labels) string { return withoutName(metric).String() }

func withoutName(metric labels.Labels) labels.Labels {
	return labels.NewBuilder(metric).Del(labels.MetricName).Labels()
}

func has(v promql.Vector, key string) bool {
	return slices.ContainsFunc(v, func(one promql.Sample) bool { return keyOf(one.Metric) == key })
}

func covered(data promql.Vector, metric labels.Labels) bool {
	return slices.ContainsFunc(data, func(d promql.Sample) bool { return agree(d.Metric, metric) })
}

// agree tells whether the labels that both have are equal.
func agree(a, b labels.Labels) bool {
	same := true
	a.Range(func(l labels.Label) {
		if l.Name != labels.MetricName && b.Has(l.Name) && b.Get(l.Name) != l.Value {
			same = false
		}
	})
	return same
}
