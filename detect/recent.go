package detect

import (
	"math"
	"slices"
)

// recentLength is how many observations a detector remembers one by one.
const recentLength = 144

// recent are the last observations, the latest last.
type recent struct {
	Values  []float32
	Weights []float32 // of rates: what they are shares of
}

func (r *recent) add(v float64) { r.Values = push(r.Values, v, recentLength) }

func (r *recent) addShare(share, of float64) {
	r.add(share)
	r.Weights = push(r.Weights, of, recentLength)
}

// push appends v, and drops the first one when there are most already.
func push(all []float32, v float64, most int) []float32 {
	if len(all) >= most {
		copy(all, all[len(all)-most+1:])
		all = all[:most-1]
	}
	return append(all, float32(v))
}

// last returns the last n values, or as many as there are.
func (r *recent) last(n int) []float32 { return r.Values[max(0, len(r.Values)-n):] }

// median returns the median of the last n values, NaN when there are none.
func (r *recent) median(n int) float64 {
	var buffer [recentLength]float32
	return median(append(buffer[:0], r.last(n)...))
}

// spread returns mean and standard deviation of the last n values.
func (r *recent) spread(n int) (mean, deviation float64) {
	last := r.last(n)
	for _, v := range last {
		mean += float64(v)
	}
	mean /= float64(len(last))
	for _, v := range last {
		deviation += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(last)))
}

// pooled returns the last n shares taken together, and what they are shares of on average.
func (r *recent) pooled(n int) (share, of float64) {
	last, weights := r.last(n), r.Weights[max(0, len(r.Weights)-n):]
	sum := 0.0
	for i, v := range last {
		sum += float64(v) * float64(weights[i])
		of += float64(weights[i])
	}
	return sum / of, of / float64(len(last))
}

// median sorts all and returns the middle one, NaN when there is none.
func median(all []float32) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return float64(all[len(all)/2])
}
