package detect

import "math"

// normalLimit is about the deviation of a normal distribution with a probability of one in a million.
const normalLimit = 4.75

// leastEvents is expected at least, so that the first event of a quiet series is no wonder.
const leastEvents = 1

// judgeEvents tests a rate or a count against its expectation, with as much chance in it as the series has. It returns
// how the crowding is to be learnt.
func (d *Detector) judgeEvents(o Observation, r *Result, weight float64) func() {
	if r.Basis == NoBasis {
		return func() {}
	}
	var size, expected, variance float64 // of the number of events, if each came on its own
	if d.kind == Rate {
		// One more success and failure: a history without a failure does not make failures impossible.
		p := (r.Expected*weight + 1) / (weight + 2)
		size, expected, variance = o.Total, o.Total*p, o.Total*p*(1-p)
	} else {
		size = max(r.Expected, leastEvents)
		expected, variance = size, size
	}
	crowd := d.Crowding.factor(size)
	if d.Crowding.Seen >= warmUp {
		if d.kind == Rate {
			r.Surprise = binomial(o.Value/crowd, o.Total/crowd, expected/o.Total)
		} else {
			r.Surprise = poisson(o.Value/crowd, expected/crowd)
		}
		unit := 1.0
		if d.kind == Rate {
			unit = 1 / o.Total
		}
		far := unit * d.normal() * math.Sqrt(variance*crowd)
		r.Lower, r.Upper = max(0, unit*expected-far), unit*expected+far
		if d.kind == Rate {
			r.Upper = min(1, r.Upper)
		}
	}
	return func() { d.Crowding.learn(o.Value-expected, size, variance) }
}

// normal is about the deviation of a normal distribution with the probability of the limit.
func (d *Detector) normal() float64 { return normalLimit * math.Sqrt(d.limit/DefaultLimit) }

// crowding says by how much more than chance the numbers of a series vary: real events come in crowds, and what is usual
// differs from day to day. It is the share of the variance that grows with the square of the size, and moves so that one
// deviation of ten is beyond what it allows; a few large ones, an incident, hardly change it.
type crowding struct {
	Share float64
	Seen  float64
}

const (
	// crowdShare and crowdBeyond: of a normal distribution a tenth is beyond 1.645 standard deviations.
	crowdShare, crowdBeyond = 0.1, 1.645
	// crowdStep is how far the estimate moves for each deviation beyond, as a part of itself.
	crowdStep = 0.03
	// crowdFirst is where it begins, crowdLeast and crowdMost how far it goes.
	crowdFirst, crowdLeast, crowdMost = 0.003, 1e-6, 1
)

// factor returns by what the variance of so many events is greater than that of chance.
func (c *crowding) factor(size float64) float64 { return 1 + size*max(c.Share, crowdLeast) }

func (c *crowding) learn(deviation, size, variance float64) {
	if c.Seen == 0 {
		c.Share = crowdFirst
	}
	c.Seen++
	step := crowdStep * (1 + 10*math.Exp(-c.Seen/warmUp))
	if deviation*deviation > crowdBeyond*crowdBeyond*variance*c.factor(size) {
		c.Share = min(c.Share*math.Exp(step*(1-crowdShare)), crowdMost)
	} else {
		c.Share = max(c.Share*math.Exp(-step*crowdShare), crowdLeast)
	}
}
