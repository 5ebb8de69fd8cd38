package detect

import (
	"math"
	"slices"
)

const (
	// tailShare is the share of the observations that make the tail of a distribution, on each side.
	tailShare = 0.01
	// tailLeast and tailMost bound how many there are.
	tailLeast, tailMost = 10, 100
	// tailMemory is how many observations a tail looks back on: two weeks of minutes.
	tailMemory = 20_160
	// heaviest bounds the shape of the tail: in a heavier one nothing is improbable.
	heaviest = 0.5
	// quietShare is the part of the distance between both tails below which differences mean nothing.
	quietShare = 0.05
	// leastChange keeps rounding from being a surprise in series that hardly move, as a part of their size.
	leastChange = 1e-3
)

// tail learns how large and how small values get, and says how improbable a more extreme one is. It keeps the most
// extreme values on both sides and fits a generalised Pareto distribution to what is beyond the least of them (peaks
// over threshold).
type tail struct {
	Seen  uint32
	Upper peaks
	Lower peaks // with their signs changed
}

// peaks are the largest values of the last tailMemory observations, the largest first. One more than a tail has marks
// where it begins.
type peaks struct {
	Values []float32
	At     []uint32 // when, in observations
}

// learn adds an observation.
func (t *tail) learn(v float64) {
	t.Seen++
	t.Upper.learn(float32(v), t.Seen)
	t.Lower.learn(float32(-v), t.Seen)
}

func (p *peaks) learn(v float32, now uint32) {
	if i := slices.IndexFunc(p.At, func(at uint32) bool { return at+tailMemory <= now }); i >= 0 {
		p.remove(i)
	}
	if len(p.Values) > tailMost {
		if v <= p.Values[tailMost] {
			return
		}
		p.remove(tailMost)
	}
	i, _ := slices.BinarySearchFunc(p.Values, v, func(one, v float32) int {
		if one > v {
			return -1
		}
		return 1
	})
	p.Values, p.At = slices.Insert(p.Values, i, v), slices.Insert(p.At, i, now)
}

func (p *peaks) remove(i int) {
	p.Values, p.At = slices.Delete(p.Values, i, i+1), slices.Delete(p.At, i, i+1)
}

// surprise returns -log10 of the probability of a value as far out as v on its side, 0 for what is in neither tail.
// Differences below least mean nothing.
func (t *tail) surprise(v, least float64) float64 {
	lower, upper := t.fit(least)
	v = float64(float32(v)) // as those it is compared with
	return max(upper.surprise(v), lower.surprise(-v))
}

// bounds returns the values at which the surprise reaches limit.
func (t *tail) bounds(limit, least float64) (low, high float64) {
	lower, upper := t.fit(least)
	return -lower.at(limit), upper.at(limit)
}

// fit returns the distributions of both tails; that of the lower one has its signs changed.
func (t *tail) fit(least float64) (lower, upper pareto) {
	lower, upper = t.Lower.fit(t.Seen), t.Upper.fit(t.Seen)
	least += quietShare*(upper.start+lower.start) + leastChange*(math.Abs(upper.start)+math.Abs(lower.start)) + 1e-9
	return lower.atLeast(least), upper.atLeast(least)
}

// pareto is the distribution of what is beyond start, which a share of all observations is.
type pareto struct {
	start, share, mean, scale, shape float64
}

// fit finds the distribution by its moments.
func (p *peaks) fit(seen uint32) pareto {
	n := float64(min(seen, tailMemory))
	k := min(max(tailLeast, int(tailShare*n)), tailMost, len(p.Values)-1)
	if k < 1 {
		return pareto{start: math.Inf(1), share: 1, scale: 1}
	}
	start := float64(p.Values[k])
	sum, squares := 0.0, 0.0
	for _, v := range p.Values[:k] {
		beyond := float64(v) - start
		sum += beyond
		squares += beyond * beyond
	}
	d := pareto{start: start, share: float64(k) / n, mean: sum / float64(k)}
	d.scale = d.mean
	if variance := squares/float64(k) - d.mean*d.mean; variance > 0 {
		d.shape = min(max((1-d.mean*d.mean/variance)/2, 0), heaviest)
		d.scale *= 1 - d.shape
	}
	return d
}

// atLeast returns d, or a light tail with the mean least when that of d is less.
func (d pareto) atLeast(least float64) pareto {
	if d.mean < least {
		d.scale, d.shape = least, 0
	}
	return d
}

// straight is the shape below which the tail is an exponential one.
const straight = 1e-3

func (d pareto) surprise(v float64) float64 {
	if v <= d.start {
		return 0
	}
	x := (v - d.start) / d.scale
	if d.shape < straight {
		return x/math.Ln10 - math.Log10(d.share)
	}
	return math.Log10(1+d.shape*x)/d.shape - math.Log10(d.share)
}

// at is the inverse of surprise.
func (d pareto) at(surprise float64) float64 {
	surprise = max(0, surprise+math.Log10(d.share))
	if d.shape < straight {
		return d.start + d.scale*surprise*math.Ln10
	}
	return d.start + d.scale*(math.Pow(10, surprise*d.shape)-1)/d.shape
}
