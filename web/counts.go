package web

import (
	"math"

	"gatewatch/event"
)

// counts are payment attempts by outcome class. They are estimates over a window, so they have fractions.
type counts [event.Unclassed + 1]float64

// add adds n attempts with the outcome of that name. A name outside the table counts as unclassed.
func (c *counts) add(outcome string, n float64) {
	if math.IsNaN(n) || n <= 0 {
		return
	}
	o, ok := event.ParseOutcome(outcome)
	if !ok {
		o = event.Unclassed
	}
	c[o] += n
}

func (c *counts) plus(d *counts) {
	for i := range c {
		c[i] += d[i]
	}
}

// all is the number of attempts.
func (c *counts) all() (n float64) {
	for _, one := range c {
		n += one
	}
	return n
}

// decided is the number of attempts that are not pending any more.
func (c *counts) decided() float64 { return c.all() - c[event.Pending] }

func (c *counts) failed() float64 { return c.decided() - c[event.Approved] }

// success is approved / (all − pending), NaN when nothing is decided.
func (c *counts) success() float64 { return c[event.Approved] / c.decided() }

// theirs are the attempts that failed on the provider's side, ours those that failed on our side.
func (c *counts) theirs() float64 { return c[event.ProviderDown] + c[event.UnknownOutcome] }
func (c *counts) ours() float64   { return c[event.MerchantConfig] + c[event.Throttled] }

// declined are the attempts that a customer, an issuer or a rule decided against.
func (c *counts) declined() float64 { return c.failed() - c.theirs() - c.ours() }

// wilson returns the confidence interval of the share k/n at z standard deviations.
func wilson(k, n, z float64) (lower, upper float64) {
	if n <= 0 {
		return 0, 1
	}
	p := min(max(k/n, 0), 1)
	mid := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (mid-half)/(1+z*z/n)), min(1, (mid+half)/(1+z*z/n))
}
