package detect

import "math"

const (
	// cusumSlack is the deviation, in standard deviations, that is no drift.
	cusumSlack = 1
	// cusumLimit is the sum of what is beyond it that is one.
	cusumLimit = 10
	// cusumMost bounds the deviation of one hour, so that a short incident is no drift.
	cusumMost = 2.5
)

// cusum finds small lasting deviations by summing them up, one for each hour.
type cusum struct{ Up, Down float64 }

// add takes a deviation in standard deviations. The sums stop a little above the limit, so that a drift that ended is
// over soon.
func (c *cusum) add(z float64) {
	z = min(max(z, -cusumMost), cusumMost)
	c.Up = min(max(0, c.Up+z-cusumSlack), 1.5*cusumLimit)
	c.Down = min(max(0, c.Down-z-cusumSlack), 1.5*cusumLimit)
}

// drift is 1 or more when the series drifts upwards, -1 or less when downwards.
func (c *cusum) drift() float64 {
	if c.Up >= c.Down {
		return c.Up / cusumLimit
	}
	return -c.Down / cusumLimit
}

// scale estimates the usual size of deviations in two numbers: it moves towards their median, whatever their outliers.
type scale struct {
	Size float64
	Seen float64
}

const (
	// normalDeviation is the standard deviation of a normal distribution by its median absolute deviation.
	normalDeviation = 1.4826
	// scaleMean is of how many first deviations the mean is taken instead.
	scaleMean = 10
	// scaleStep is how far the estimate moves, as a part of itself.
	scaleStep = 0.02
)

func (s *scale) learn(deviation float64) {
	deviation = math.Abs(deviation)
	s.Seen++
	switch step := max(scaleStep, 1/s.Seen); {
	case s.Seen <= scaleMean || s.Size == 0:
		s.Size += (deviation - s.Size) / min(s.Seen, 1/scaleStep)
	case deviation > s.Size:
		s.Size *= 1 + step
	case deviation < s.Size:
		s.Size *= 1 - step
	}
}

// deviation returns the standard deviation.
func (s *scale) deviation() float64 { return normalDeviation * s.Size }
