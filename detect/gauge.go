package detect

import "math"

// The numbers of observations that a gauge is looked at over.
const (
	shortSpan  = 12
	middleSpan = 48
	longSpan   = recentLength
)

// The ways to look at a gauge. A spike shows in the first two, a shift in the third, noise and silence in the fourth and
// fifth, the wrong time of day in the last.
const (
	viewValue  = iota
	viewChange // from the median of a moment ago
	viewLevel
	viewUnrest
	viewSlowUnrest
	viewSeason // from what is expected at this time
	views
)

// rounding is the part of a value that is lost in calculating with it.
const rounding = 1e-6

// look returns what is watched of a gauge; NaN for what is not known yet.
func (d *Detector) look(v float64, r *Result) [views]float64 {
	level, unrest := d.Recent.spread(middleSpan)
	_, slow := d.Recent.spread(longSpan)
	all := [views]float64{v, v - d.Recent.median(shortSpan), level, unrest, slow, math.NaN()}
	if r.Basis >= HourOfDay {
		all[viewSeason] = v - r.Expected
	}
	return all
}

// judgeGauge says how far out the most surprising view is in its own history, and which values would be. Nothing else
// is known of a gauge: the series itself tells what is improbable. It returns how the views are to be learnt.
func (d *Detector) judgeGauge(r *Result) func() {
	d.Recent.add(r.Value)
	seen := d.look(r.Value, r)
	least := rounding * math.Abs(r.Value)
	for i, v := range seen {
		if d.Tails[i].Seen < warmUp || math.IsNaN(v) {
			continue
		}
		r.Surprise = max(r.Surprise, d.Tails[i].surprise(v, least))
		if !ofValue(i) {
			continue
		}
		low, high := d.Tails[i].bounds(d.limit, least)
		if from := r.Value - v; math.IsNaN(r.Lower) {
			r.Lower, r.Upper = from+low, from+high
		} else {
			r.Lower, r.Upper = max(r.Lower, from+low), min(r.Upper, from+high)
		}
	}
	return func() { d.learnViews(seen, least) }
}

// ofValue tells whether a view is about the value alone, without those before it.
func ofValue(view int) bool { return view == viewValue || view == viewChange || view == viewSeason }

// incidentLearnt is how many observations of an incident are learnt.
const incidentLearnt = 3

// learnViews adds the views to their tails. An incident must not make the next one usual: what is beyond the limit is
// learnt as if it were just there, and of values only the first ones.
func (d *Detector) learnViews(seen [views]float64, least float64) {
	for i, v := range seen {
		if math.IsNaN(v) || d.incident() && d.Unusual > incidentLearnt && ofValue(i) {
			continue
		}
		if d.Tails[i].Seen >= warmUp {
			low, high := d.Tails[i].bounds(d.limit, least)
			v = min(max(v, low), high)
		}
		d.Tails[i].learn(v)
	}
}
