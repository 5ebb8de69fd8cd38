package alerting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"

	rulefiles "gatewatch/alerting/rules"
)

// SpanReplay is a Replay for long simulations. It evaluates a whole span of time whose samples are stored already: each
// recording rule once, as a range query, and then the alerts one time after another, at those times at which they can give
// anything. That is many times faster and finds the same, but for two things. A rule sees what a later rule or
// group records at the same instant, where the agent sees what it recorded the last time. And alerts have no annotations that ask
// queries, so that their verdict is open.
type SpanReplay struct {
	*Replay
	recordings []*recording        // in the order of their dependencies
	alerts     map[string]*bounded // by query
	queries    map[*rules.AlertingRule]string
	store      Storage
}

// NewSpanReplay returns a replay of the rules of cfg on the series in store. It fails when a rule file has mistakes, when
// recording rules depend on each other in a circle, or when one depends on alerts.
func NewSpanReplay(cfg Config, store Storage) (*SpanReplay, error) {
	external, err := url.Parse(cfg.ExternalURL)
	if err != nil {
		return nil, fmt.Errorf("external_url: %w", err)
	}
	l := &spanLoader{Loader: cfg.sources().Loader()}
	s := &SpanReplay{store: store, alerts: map[string]*bounded{}, queries: map[*rules.AlertingRule]string{}}
	plain := rules.EngineQueryFunc(store.PromQL(), store)
	s.Replay, err = newReplay(cfg, store, external, l, func(ctx context.Context, query string, t time.Time) (promql.Vector, error) {
		if b := s.alerts[query]; b != nil && !b.may[t.UnixMilli()] {
			return nil, nil
		}
		return plain(ctx, query, t)
	})
	if err != nil {
		return nil, err
	}
	for _, g := range s.groups {
		for _, r := range g.AlertingRules() {
			query := r.Query().String()
			if _, again := s.alerts[query]; again {
				s.alerts[query] = nil // two rules ask the same, maybe at other times
			} else if bound, ok := withoutAlerts(r.Query()); ok {
				s.alerts[query] = &bounded{query: bound.String(), every: g.Interval()}
			}
			s.queries[r] = query
		}
	}
	s.recordings, err = inOrder(l.recordings)
	return s, err
}

// Evaluate evaluates all groups at their times from a time on and before another one, both whole multiples of step and of
// the groups' intervals. Spans follow each other without gaps, but for times at which nothing shall be evaluated.
func (s *SpanReplay) Evaluate(ctx context.Context, from, to time.Time, step time.Duration) error {
	for _, r := range s.recordings {
		if err := s.record(ctx, r, from, to); err != nil {
			return fmt.Errorf("rule %s: %w", r.name, err)
		}
	}
	for _, b := range s.alerts {
		if b == nil {
			continue
		}
		b.may = map[int64]bool{}
		err := s.ask(ctx, b.query, b.every, from, to, func(one promql.Series) {
			for _, p := range one.Floats {
				b.may[p.T] = true
			}
		})
		if err != nil {
			return fmt.Errorf("query %s: %w", b.query, err)
		}
	}
	for at := from; at.Before(to); at = at.Add(step) {
		for _, g := range s.groups {
			if g.isDue(at) && !s.idle(g, at) {
				s.evaluate(ctx, g, at)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// idle tells whether nothing would come of an evaluation: no alert can begin, and there is none that could go on or end.
func (s *SpanReplay) idle(g *replayGroup, at time.Time) bool {
	for _, r := range g.AlertingRules() {
		if b := s.alerts[s.queries[r]]; b == nil || b.may[at.UnixMilli()] {
			return false
		}
		active := false
		r.ForEachActiveAlert(func(*rules.Alert) { active = true }) // and those that ended lately
		if active {
			return false
		}
	}
	return s.states.Idle(g.Group)
}

// bounded is the expression of an alert, and the times at which it can give anything.
type bounded struct {
	query string
	every time.Duration
	may   map[int64]bool // by milliseconds since 1970
}

// recording is a recording rule.
type recording struct {
	name   string
	query  string
	labels map[string]string
	every  time.Duration
	needs  []string           // names of series
	last   map[string]*result // of the last time, by their labels
}

// result is a series that a recording rule gives.
type result struct {
	lset labels.Labels
	ref  storage.SeriesRef
	seen int64 // milliseconds since 1970
}

// ask evaluates a query at each multiple of every from a time on and before another one.
func (s *SpanReplay) ask(ctx context.Context, query string, every time.Duration, from, to time.Time, give func(promql.Series)) error {
	first := from.Add(every - 1).Truncate(every)
	if !first.Before(to) {
		return nil
	}
	q, err := s.store.PromQL().NewRangeQuery(ctx, s.store, nil, query, first, to.Add(-time.Millisecond).Truncate(every), every)
	if err != nil {
		return err
	}
	defer q.Close()
	all, err := q.Exec(ctx).Matrix()
	for _, one := range all {
		give(one)
	}
	return err
}

// record stores what a recording rule gives. Like Prometheus it marks where a series ends.
func (s *SpanReplay) record(ctx context.Context, r *recording, from, to time.Time) error {
	// Several series may become one, such as those of two names.
	points := map[*result][]promql.FPoint{}
	err := s.ask(ctx, r.query, r.every, from, to, func(one promql.Series) {
		k := r.result(one.Metric)
		if points[k] == nil {
			points[k] = slices.Clone(one.Floats)
			return
		}
		points[k] = append(points[k], one.Floats...)
		slices.SortFunc(points[k], func(a, b promql.FPoint) int { return cmp.Compare(a.T, b.T) })
	})
	app := s.store.Appender(ctx)
	first, every := from.Add(r.every-1).Truncate(r.every).UnixMilli(), r.every.Milliseconds()
	for key, k := range r.last {
		err = errors.Join(err, k.write(app, points[k], first, every))
		if next := k.seen + every; next < to.UnixMilli() {
			if next >= first {
				err = errors.Join(err, k.put(app, next, staleNaN()))
			}
			delete(r.last, key)
		}
	}
	return errors.Join(err, app.Commit())
}

// write stores points, and ends where some are missing.
func (k *result) write(app storage.Appender, points []promql.FPoint, first, every int64) error {
	for _, p := range points {
		if next := k.seen + every; next >= first && next < p.T {
			if err := k.put(app, next, staleNaN()); err != nil {
				return err
			}
		}
		if err := k.put(app, p.T, p.F); err != nil {
			return err
		}
		k.seen = p.T
	}
	return nil
}

func (k *result) put(app storage.Appender, t int64, v float64) (err error) {
	k.ref, err = app.Append(k.ref, k.lset, t, v)
	return err
}

// result returns the series that a rule makes of one.
func (r *recording) result(of labels.Labels) *result {
	b := labels.NewBuilder(of)
	b.Set(labels.MetricName, r.name)
	for name, value := range r.labels {
		b.Set(name, value)
	}
	lset := b.Labels()
	key := lset.String()
	if r.last[key] == nil {
		r.last[key] = &result{lset: lset}
	}
	return r.last[key]
}

// annotationPrefix begins the names of annotations that say what is to be done about missing data and the like.
const annotationPrefix = "gatewatch_"

// spanLoader reads rule files without their recording rules, which it keeps, and without annotations that ask queries.
type spanLoader struct {
	rulefiles.Loader
	recordings []*recording
}

// Load reads a file as Loader does.
func (l *spanLoader) Load(name string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	all, errs := l.Loader.Load(name, ignoreUnknown, scheme)
	if len(errs) > 0 {
		return all, errs
	}
	for i := range all.Groups {
		g := &all.Groups[i]
		every := time.Duration(g.Interval)
		if every == 0 {
			every = defaultInterval
		}
		var alerts []rulefmt.Rule
		for _, r := range g.Rules {
			if r.Record == "" {
				for name, text := range r.Annotations {
					if strings.Contains(text, "query") && !strings.HasPrefix(name, annotationPrefix) {
						delete(r.Annotations, name)
					}
				}
				alerts = append(alerts, r)
				continue
			}
			one := &recording{name: r.Record, query: r.Expr, labels: r.Labels, every: every, last: map[string]*result{}}
			expr, err := l.Parse(r.Expr)
			if err != nil {
				return nil, []error{err}
			}
			one.needs = seriesNames(expr)
			l.recordings = append(l.recordings, one)
		}
		g.Rules = alerts
	}
	return all, nil
}

// inOrder sorts rules so that each comes after those that record what it needs.
func inOrder(all []*recording) (sorted []*recording, err error) {
	left := slices.Clone(all)
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(r *recording) bool {
			return !slices.ContainsFunc(left, func(other *recording) bool { return slices.Contains(r.needs, other.name) })
		})
		if i < 0 {
			return nil, fmt.Errorf("recording rules that depend on each other: %s", left[0].name)
		}
		if slices.Contains(left[i].needs, alertsSeries) {
			return nil, fmt.Errorf("recording rule %s depends on alerts", left[i].name)
		}
		sorted = append(sorted, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return sorted, nil
}
