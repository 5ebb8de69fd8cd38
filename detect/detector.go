package detect

import (
	"math"
	"time"
)

// Kind says what the numbers of a series are.
type Kind string

// The kinds of series.
const (
	Rate  Kind = "rate"  // a share: successes of attempts
	Count Kind = "count" // events in a span of time
	Gauge Kind = "gauge" // any other number, such as a latency
)

const (
	// warmUp is how many observations come before the first score.
	warmUp = 100
	// recentSpan is the number of observations whose level is expected where no season is known.
	recentSpan = 60
	// onsetSpan is how many observations later the same surprise is news again.
	onsetSpan = 100
	// adaptAfter is after how many unusual observations in a row they are learnt as usual.
	adaptAfter = 720
	// driftWarmUp is how many hours are compared with their expectation before a drift is looked for.
	driftWarmUp = 48
)

// DefaultLimit is the surprise from which on an observation is unusual: one in a million.
const DefaultLimit = 6

// Observation is one value of a series.
type Observation struct {
	Time  time.Time
	Value float64 // of rates: the successes
	Total float64 // of rates: the attempts, above 0
}

// Result is what a detector thinks of an observation.
type Result struct {
	// Value is the observation; of rates, the share.
	Value float64
	// Expected is what is usual; NaN while Basis is NoBasis.
	Expected float64
	// Lower and Upper are the values at which a score of 1 begins; NaN during the warm-up. A gauge may have a score
	// of 1 between them, for its unrest.
	Lower, Upper float64
	// Surprise is -log10 of the probability of such an observation; 0 during the warm-up.
	Surprise float64
	// Score is the surprise by its limit: from 1 on the observation is unusual.
	Score float64
	// Onset is the surprise where it is greater than each of the last hundred, otherwise 0: it tells the beginning of an
	// incident, and when it gets worse.
	Onset float64
	// Drift is at least 1 when the series has been above its expectation hour by hour for long enough to be sure, and at
	// most -1 when below.
	Drift float64
	// Basis is what Expected rests on.
	Basis Basis
}

// Detector watches one series. It belongs to one goroutine.
type Detector struct {
	kind  Kind
	limit float64
	state
}

// state is what a detector knows, as it is saved.
type state struct {
	Profile   profile
	Recent    recent
	Tails     []tail    // of a gauge, by view
	Crowding  crowding  // of rates and counts
	Hourly    scale     // deviations of hours
	Drift     cusum     // of hours
	Surprises []float32 // the last ones
	Unusual   int       // observations in a row that were
}

// NewDetector returns a detector. From a surprise of limit on, observations are unusual and hardly learnt from.
func NewDetector(kind Kind, limit float64) *Detector {
	d := &Detector{kind: kind, limit: limit}
	d.Tails = make([]tail, d.tails())
	return d
}

func (d *Detector) tails() int {
	if d.kind == Gauge {
		return views
	}
	return 0
}

// Observe judges an observation by those before it, then learns from it. Observations come in the order of their times,
// about evenly spaced.
func (d *Detector) Observe(o Observation) Result {
	d.closeHour(o.Time)
	r := Result{Value: o.Value, Lower: math.NaN(), Upper: math.NaN()}
	if d.kind == Rate {
		r.Value = o.Value / o.Total
	}
	var weight float64
	r.Expected, weight, r.Basis = d.expect(o.Time)
	var learn func()
	switch d.kind {
	case Gauge:
		learn = d.judgeGauge(&r)
	case Rate:
		crowd := d.judgeEvents(o, &r, weight)
		learn = func() { crowd(); d.Recent.addShare(r.Value, o.Total) }
	default:
		crowd := d.judgeEvents(o, &r, weight)
		learn = func() { crowd(); d.Recent.add(r.Value) }
	}
	r.Score = r.Surprise / d.limit
	r.Onset = d.onset(r.Surprise)
	r.Drift = d.Drift.drift()
	d.learn(o, &r, learn)
	return r
}

// closeHour looks at the hour that ended, if one did, as a whole.
func (d *Detector) closeHour(t time.Time) {
	hour, value, ok := d.Profile.advance(t, d.kind == Rate)
	if !ok {
		return
	}
	expected, _, basis := d.Profile.usualAt(hour)
	if basis < HourOfWeek {
		return
	}
	if one := d.Hourly.deviation(); d.Hourly.Seen >= driftWarmUp && one > 0 {
		d.Drift.add((value - expected) / one)
	}
	d.Hourly.learn(value - expected)
}

// expect returns what is usual at t, and of rates the number of attempts behind it.
func (d *Detector) expect(t time.Time) (value, weight float64, basis Basis) {
	if value, weight, basis = d.Profile.expect(t); basis != NoBasis {
		return value, weight, basis
	}
	if len(d.Recent.Values) < recentSpan {
		return math.NaN(), 0, NoBasis
	}
	if d.kind == Rate {
		value, weight = d.Recent.pooled(recentSpan)
		return value, weight, RecentLevel
	}
	return d.Recent.median(recentSpan), 1, RecentLevel
}

// onset returns the surprise if none of the last ones was as great, and remembers it.
func (d *Detector) onset(surprise float64) float64 {
	news := surprise
	for _, s := range d.Surprises {
		if s >= float32(surprise) {
			news = 0
			break
		}
	}
	d.Surprises = push(d.Surprises, surprise, onsetSpan)
	return news
}

// learn takes up what was seen. An incident must not become usual: it does not get into the profile, and little else is
// learnt of it. A share is learnt whatever it is: where the same hour fails day after day, that is usual, and of a single
// day the middle of several takes no notice.
func (d *Detector) learn(o Observation, r *Result, what func()) {
	d.Unusual++
	if r.Score < 1 {
		d.Unusual = 0
	}
	if d.kind == Rate || !d.incident() {
		d.Profile.learn(r.Value, o.Total)
	}
	if d.kind == Gauge || !d.incident() {
		what()
	}
}

// incident tells whether the series is unusual, and has not been so for so long that it is usual by now.
func (d *Detector) incident() bool { return d.Unusual > 0 && d.Unusual <= adaptAfter }
