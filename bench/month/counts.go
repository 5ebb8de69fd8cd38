package main

import (
	"math"
	"slices"
	"strconv"
	"time"

	"gatewatch/event"
	"gatewatch/series"
)

// counts are the counters that the agent makes of the attempts at one provider, written straight into the store: to collect
// them through a registry would take longer than the rules. A test holds them to those of package logmetrics.
type counts struct {
	provider string
	store    *series.Memory
	before   time.Time // of the last sample, zero for none
	attempts map[countKey]*counter
	codes    map[countKey]*counter
	// by upper bound: attempts that took at most so long and longer than the bound before
	took    []float64
	buckets []*counter
	count   *counter
	sum     *counter
}

// countKey is an outcome, and the method or code with it.
type countKey struct {
	label   string
	outcome event.Outcome
}

// counter is one series.
type counter struct {
	value   float64
	track   *series.Track
	sampled bool
}

// operation is that of all attempts.
const operation = "authorize"

// bounds are those of payment_attempt_duration_seconds.
var bounds = [...]float64{.05, .1, .25, .5, 1, 1.5, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 80}

func newCounts(store *series.Memory, provider string) *counts {
	return &counts{provider: provider, store: store, attempts: map[countKey]*counter{}, codes: map[countKey]*counter{}}
}

// restart begins anew, as after the agent's.
func (c *counts) restart() { *c = *newCounts(c.store, c.provider) }

// observe counts an attempt that ended.
func (c *counts) observe(method string, r result, took time.Duration) {
	c.counter(c.attempts, "payment_attempts_total", "method", countKey{method, r.outcome}).value++
	c.counter(c.codes, "payment_codes_total", "code", countKey{r.code, r.outcome}).value++
	if c.took == nil {
		c.durations()
	}
	i, _ := slices.BinarySearch(bounds[:], took.Seconds())
	c.took[i]++
	c.count.value++
	c.sum.value += took.Seconds()
}

func (c *counts) counter(all map[countKey]*counter, name, label string, key countKey) *counter {
	if one := all[key]; one != nil {
		return one
	}
	one := c.newCounter(name, label, key.label, "outcome", key.outcome.String())
	all[key] = one
	return one
}

// newCounter returns a counter with labels, a name and a value each.
func (c *counts) newCounter(name string, pairs ...string) *counter {
	all := map[string]string{"__name__": name, "provider": c.provider}
	for pair := range slices.Chunk(pairs, 2) {
		all[pair[0]] = pair[1]
	}
	return &counter{track: c.store.Track(all)}
}

func (c *counts) durations() {
	const name = "payment_attempt_duration_seconds"
	c.took = make([]float64, len(bounds)+1)
	for _, b := range append(bounds[:], math.Inf(1)) {
		text := strconv.FormatFloat(b, 'g', -1, 64)
		if b == math.Trunc(b) && !math.IsInf(b, 1) {
			text = strconv.FormatFloat(b, 'f', 1, 64)
		}
		c.buckets = append(c.buckets, c.newCounter(name+"_bucket", "operation", operation, "le", text))
	}
	c.count = c.newCounter(name+"_count", "operation", operation)
	c.sum = c.newCounter(name+"_sum", "operation", operation)
}

// sample stores all counters. Like the agent it gives those that are new since the sample before a beginning at zero.
func (c *counts) sample(ts time.Time) (failed error) {
	add := func(one *counter, at time.Time, v float64) {
		if err := one.track.Add(at, v); err != nil {
			failed = err
		}
	}
	put := func(one *counter) {
		if !one.sampled && !c.before.IsZero() {
			add(one, c.before, 0)
		}
		one.sampled = true
		add(one, ts, one.value)
	}
	for _, one := range c.attempts {
		put(one)
	}
	for _, one := range c.codes {
		put(one)
	}
	sum := 0.0
	for i, one := range c.buckets {
		sum += c.took[i]
		one.value = sum
		put(one)
	}
	if c.count != nil {
		put(c.count)
		put(c.sum)
	}
	c.before = ts
	return failed
}
