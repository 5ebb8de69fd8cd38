package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gatewatch/event"
)

const (
	// overviewFresh is how long one computed overview serves all open pages.
	overviewFresh = time.Second
	// lossFresh is how long an estimate of lost payments is shown.
	lossFresh = 3 * time.Second
	// maxRows bounds the providers on the page.
	maxRows = 40
	// unknown is the label value of what a log does not say, as the metrics write it.
	unknown = "unknown"
)

// overview is everything on the first page but the log.
type overview struct {
	At     time.Time
	Range  timeRange
	Rows   []row
	Hidden int
	// All and Usual are sums over the providers.
	All, Usual counts
	PerMin     float64
	Trend      *trend
	Active     []Incident
	Ground     []ground
}

// row is one provider.
type row struct {
	Provider          string
	Now, Usual        counts
	PerMin, P50, P95  float64
	State             state
	Side              string
	Reasons           []reason
	Rates, UsualRates []float64
	// Since is when it stopped being well, zero while it is well or when that is not known.
	Since time.Time
	// Lost is about how many payments more than usual did not succeed since then; NaN when that is not known.
	Lost float64
	// Incidents are the active ones of this provider, the worst first.
	Incidents []Incident
}

func (s *source) overview(ctx context.Context, r timeRange) (*overview, error) {
	return s.overviews.get(ctx, r.Name, overviewFresh, func(ctx context.Context) (*overview, error) {
		return s.queryOverview(ctx, r)
	})
}

func (s *source) queryOverview(ctx context.Context, r timeRange) (*overview, error) {
	at := s.now()
	o := &overview{At: at, Range: r, Active: activeIncidents(s.incidents())}
	var err error
	if o.Trend, err = s.trend(ctx, r); err != nil {
		return nil, err
	}
	now, err := s.attempts(ctx, at, r.Window)
	if err != nil {
		return nil, err
	}
	if err := s.addRows(ctx, o, now); err != nil {
		return nil, err
	}
	o.Ground = s.groundOf(ctx, at, o.Active)
	return o, nil
}

func (s *source) addRows(ctx context.Context, o *overview, now map[string]*counts) error {
	p50, err := s.latency(ctx, o.At, o.Range.Window, 0.50)
	if err != nil {
		return err
	}
	p95, err := s.latency(ctx, o.At, o.Range.Window, 0.95)
	if err != nil {
		return err
	}
	perMin, err := s.perMinute(ctx, o.At, o.Range.Window)
	if err != nil {
		return err
	}
	codes, err := s.codes(ctx, o.At, o.Range.Window)
	if err != nil {
		return err
	}
	for _, p := range providersOf(o, now) {
		w := row{Provider: p, P50: valueOr(p50, p), P95: valueOr(p95, p), PerMin: valueOr(perMin, p), Lost: math.NaN()}
		if c := now[p]; c != nil {
			w.Now = *c
		}
		if err := s.assess(ctx, &w, o); err != nil {
			return err
		}
		w.Reasons = reasonsOf(&w.Now, codes[p])
		o.Rows = append(o.Rows, w)
		o.All.plus(&w.Now)
		o.Usual.plus(&w.Usual)
		if !math.IsNaN(w.PerMin) {
			o.PerMin += w.PerMin
		}
	}
	sortRows(o.Rows)
	undecideTogether(o.Rows)
	if len(o.Rows) > maxRows {
		o.Hidden = len(o.Rows) - maxRows
		o.Rows = o.Rows[:maxRows]
	}
	return nil
}

// assess adds to w how well the provider is, since when it is not, and what that cost.
func (s *source) assess(ctx context.Context, w *row, o *overview) error {
	var began time.Time
	for _, one := range o.Active {
		if one.Provider != w.Provider || one.Orders {
			continue
		}
		w.Incidents = append(w.Incidents, one)
		if began.IsZero() || one.Since.Before(began) {
			began = one.Since
		}
	}
	if err := s.addUsual(ctx, w, began); err != nil {
		return err
	}
	attempts := o.Trend.ByProvider[w.Provider]
	w.Rates = successes(attempts)
	w.State, w.Side = judge(&w.Now, &w.Usual)
	for _, one := range w.Incidents {
		w.State = max(w.State, severityState(one.Severity))
		if one.Side != "" {
			w.Side = one.Side
		}
	}
	if w.State == well {
		return nil
	}
	if began.IsZero() {
		began = worseSince(o.Trend.Times, attempts, w.Usual.success())
		if err := s.addUsual(ctx, w, began); err != nil {
			return err
		}
	}
	w.Since = began
	return s.addLost(ctx, w, o.At)
}

// addUsual sets w.Usual to the attempts before the time began, or to none if there were too few.
func (s *source) addUsual(ctx context.Context, w *row, began time.Time) error {
	usual, err := s.usual(ctx, began)
	if err != nil {
		return err
	}
	w.Usual = counts{}
	if c := usual[w.Provider]; c != nil && c.decided() >= minDecided {
		w.Usual = *c
	}
	return nil
}

// addLost estimates the payments lost since w.Since: what would usually have succeeded, less what did.
func (s *source) addLost(ctx context.Context, w *row, at time.Time) error {
	if w.Since.IsZero() || w.Usual.decided() == 0 {
		return nil
	}
	since, err := s.losses.get(ctx, w.Since.Unix(), lossFresh, func(ctx context.Context) (map[string]*counts, error) {
		return s.attempts(ctx, at, min(max(at.Sub(w.Since), minRateWindow), usualSpan))
	})
	if err != nil {
		return err
	}
	if c := since[w.Provider]; c != nil {
		w.Lost = max(0, c.decided()*w.Usual.success()-c[event.Approved])
	}
	return nil
}

// worseSince returns the first time of the last stretch in which the success rate was below usual, or the technical
// failures were too many for any provider.
func worseSince(times []time.Time, attempts []counts, usual float64) time.Time {
	var since time.Time
	for i := len(attempts) - 1; i >= 0; i-- {
		rate := attempts[i].success()
		if math.IsNaN(rate) {
			continue
		}
		technical := (attempts[i].theirs() + attempts[i].ours()) / attempts[i].decided()
		if !(rate < usual-worseBy || technical > alwaysWorse) {
			break
		}
		since = times[i]
	}
	return since
}

func (s *source) perMinute(ctx context.Context, at time.Time, span time.Duration) (map[string]float64, error) {
	const expr = `60 * sum by (provider) (rate(payment_attempts_total[%s]))`
	samples, err := s.series.Query(ctx, fmt.Sprintf(expr, promDuration(min(span, 5*time.Minute))), at)
	if err != nil {
		return nil, fmt.Errorf("query attempts a minute: %w", err)
	}
	by := map[string]float64{}
	for _, one := range samples {
		by[one.Labels["provider"]] = one.Value
	}
	return by, nil
}

// providersOf returns the providers that have attempts now, in the range, or an active incident.
func providersOf(o *overview, now map[string]*counts) []string {
	set := map[string]bool{}
	for p := range now {
		set[p] = true
	}
	for p := range o.Trend.ByProvider {
		set[p] = true
	}
	for _, one := range o.Active {
		if one.Provider != "" && !one.Orders {
			set[one.Provider] = true
		}
	}
	all := make([]string, 0, len(set))
	for p := range set {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// sortRows puts what is wrong first, then the larger providers. Sizes are compared by their magnitude, so that two
// alike do not change places all the time.
func sortRows(rows []row) {
	magnitude := func(w *row) int { return int(math.Log2(w.Usual.all() + w.Now.all() + 1)) }
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.State, a.State), cmp.Compare(magnitude(&b), magnitude(&a)), cmp.Compare(a.Provider, b.Provider))
	})
}

// undecideTogether takes back whose fault it is when so many fail together that it is hardly each provider's own; what
// an alert says stays.
func undecideTogether(rows []row) {
	var bad []row
	for _, w := range rows {
		if w.State == failing {
			bad = append(bad, w)
		}
	}
	if !together(bad, len(rows)) {
		return
	}
	for i := range rows {
		if w := &rows[i]; w.State > well && len(w.Incidents) == 0 {
			w.Side = ""
		}
	}
}

func valueOr(m map[string]float64, key string) float64 {
	if v, ok := m[key]; ok {
		return v
	}
	return math.NaN()
}
