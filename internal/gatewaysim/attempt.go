package gatewaysim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// attempt is one payment attempt that has ended.
type attempt struct {
	at       time.Time
	provider *provider
	result   result
	latency  time.Duration
	method   string
	currency string
	amount   int64 // minor units
	merchant int
	number   int64
	// order and placed are the number and time of its order, try counts the attempts to pay it.
	order    int64
	placed   time.Time
	try      int
	trace    [2]uint64
	client   string
	incident bool
}

// traffic draws attempts.
type traffic struct {
	rng       *rand.Rand
	providers []provider
	total     float64 // weights of the providers
	number    int64
}

func newTraffic(seed uint64) *traffic {
	t := &traffic{rng: rand.New(rand.NewPCG(seed, 0x67617465)), providers: providers(), number: 100000}
	for i := range t.providers {
		t.total += t.providers[i].weight
	}
	return t
}

// next draws the attempt that ends at at. The incident's provider fails when the incident has lasted for failing; a
// negative value means that there is none.
func (t *traffic) next(at time.Time, failing time.Duration) attempt {
	p := t.pickProvider()
	a := attempt{at: at, provider: p, merchant: t.rng.IntN(40), trace: [2]uint64{t.rng.Uint64(), t.rng.Uint64()}}
	t.number += 1 + t.rng.Int64N(3)
	a.number = t.number
	a.method = pick(t.rng, p.methods)
	a.currency = pick(t.rng, p.currencies)
	a.amount = t.amount(p.amount, a.currency)
	a.client = fmt.Sprintf("%d.%d.%d.%d", pick(t.rng, []int{101, 113, 120, 183, 223}), t.rng.IntN(256), t.rng.IntN(256), 1+t.rng.IntN(254))
	a.latency = logNormal(t.rng, p.median, p.sigma)
	a.result = t.pickResult(p)
	if failing >= 0 && p.name == IncidentProvider {
		t.fail(&a, failing)
	}
	a.order, a.placed, a.try = a.number, a.begun(), 1
	return a
}

// fail makes a what an attempt is during the incident.
func (t *traffic) fail(a *attempt, failing time.Duration) {
	switch x := t.rng.Float64(); {
	// Nobody has waited for longer than the incident lasts.
	case x < incidentTimeoutShare && failing >= providerTimeout:
		a.result, a.latency = incidentTimeout(), providerTimeout+time.Duration(t.rng.IntN(40))*time.Millisecond
	case x < incidentTimeoutShare+incidentErrorShare:
		a.result, a.latency = incidentError(), logNormal(t.rng, 1800*time.Millisecond, 0.5)
	default:
		return
	}
	a.incident = true
}

func (t *traffic) pickProvider() *provider {
	x := t.rng.Float64() * t.total
	for i := range t.providers {
		if x -= t.providers[i].weight; x < 0 {
			return &t.providers[i]
		}
	}
	return &t.providers[0]
}

// named returns the provider of that canonical name.
func (t *traffic) named(name string) *provider {
	for i := range t.providers {
		if t.providers[i].name == name {
			return &t.providers[i]
		}
	}
	return &t.providers[0]
}

func (t *traffic) pickResult(p *provider) result {
	var total float64
	for _, r := range p.results {
		total += r.weight
	}
	x := t.rng.Float64() * total
	for _, r := range p.results {
		if x -= r.weight; x < 0 {
			return r
		}
	}
	return p.results[0]
}

// amount draws an amount in minor units around a median in major units.
func (t *traffic) amount(median float64, currency string) int64 {
	major := median * math.Exp(t.rng.NormFloat64()*0.9)
	switch currency {
	case "JPY":
		return max(1, int64(major*150))
	case "HKD":
		major *= 8
	}
	return max(1, int64(major*100))
}

// count draws how many attempts end in a span: Poisson around the rate, which swings slowly so that charts look alive.
func (t *traffic) count(rate float64, since, span time.Duration) int {
	swing := 1 + 0.12*math.Sin(since.Seconds()/40) + 0.05*math.Sin(since.Seconds()/7)
	mean := rate * swing * span.Seconds()
	if mean > 100 {
		// Far from zero a normal distribution is as good, and needs one number.
		return max(0, int(math.Round(mean+t.rng.NormFloat64()*math.Sqrt(mean))))
	}
	limit, n := math.Exp(-mean), 0
	for x := t.rng.Float64(); x > limit; x *= t.rng.Float64() {
		n++
	}
	return n
}

func logNormal(rng *rand.Rand, median time.Duration, sigma float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(rng.NormFloat64()*sigma))
}

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

// traceID is the attempt's trace id in the W3C form.
func (a *attempt) traceID() string { return fmt.Sprintf("%016x%016x", a.trace[0], a.trace[1]) }

// begun is when the client's request came.
func (a *attempt) begun() time.Time { return a.at.Add(-a.latency) }

// transaction is the number that the provider gave to the attempt, in the provider's form.
func (a *attempt) transaction() string {
	at := a.begun().Local()
	switch a.provider.name {
	case "wechatpay":
		return fmt.Sprintf("42000027%02d%s%010d", a.number%90+10, at.Format("20060102"), a.number*7919%1e10)
	case "alipay":
		return fmt.Sprintf("%s2200%016d", at.Format("20060102"), 1400000000000000+a.number*104729%1e15)
	case "unionpay":
		return fmt.Sprintf("%s%07d", at.Format("20060102150405"), a.number*31%1e7)
	case "stripe":
		return fmt.Sprintf("pi_3%016x", a.trace[1])
	case "paypal":
		return fmt.Sprintf("%017X", a.trace[1])
	}
	return fmt.Sprintf("txn_%012x", a.trace[1]>>16)
}
