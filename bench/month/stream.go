package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gatewatch/event"
	"gatewatch/logmetrics"
)

// stream is the traffic of one provider, and what is wrong with it when.
type stream struct {
	scenario  string
	rate      func(time.Time) float64 // attempts a second
	methods   []method
	incidents []incident
	// strain changes the share of declines: with promotions come customers who try for luck.
	strain func(time.Time) float64

	random *rand.Rand
	source event.Source
	mood   float64   // how far the share of declines is from its mean, as a logarithm
	moodAt time.Time // of the last change
	coming []attempt // beginnings and ends of attempts, the first of them first
	glitch time.Time // end of the last one
}

// method is a payment method and its share of the attempts.
type method struct {
	name  string
	share float64
}

// incident is a span of time in which payments are lost.
type incident struct {
	from, to time.Time
	// since is from when on it should be found: the beginning, but for those that creep.
	since time.Time
	// lost is the share of the attempts that fails, 1 of those of one method alone when method is not "". Silent ones do
	// not even begin.
	lost   func(time.Time) float64
	method string
	silent bool
	fails  []result
}

// attempt is one that will begin, or whose end will be logged.
type attempt struct {
	at     time.Time
	method string
	result result // of a customer's attempt before this; that of this one when it has ended
	ended  bool
	took   time.Duration
}

// result is how an attempt ends, and its share of all.
type result struct {
	outcome event.Outcome
	code    string
	share   float64
}

// usual is how attempts end when all is well: 92 % are approved, one in two hundred fails for technical reasons.
var usual = [...]result{
	{event.Customer, "NOTENOUGH", .035},
	{event.Customer, "EXPIRED", .01},
	{event.IssuerPolicy, "DO_NOT_HONOUR", .025},
	{event.Fraud, "RISK", .005},
	{event.ProviderDown, "SYSTEM_ERROR", .003},
	{event.UnknownOutcome, timedOut, .002},
}

var approved = result{event.Approved, "SUCCESS", 0}

const (
	// moodEvery, moodKept and moodMoves make the share of declines wander by some 12 % of itself, over hours.
	moodEvery = 10 * time.Minute
	moodKept  = 0.9
	moodMoves = 0.05
	// retried is the share of declined customers who try again at once, and again.
	retried = 0.3
	// glitches happen so often a day; for that long so many attempts fail. Nobody wants to hear of them.
	glitches     = 2.0
	glitchLasts  = 2 * time.Second
	glitchFails  = 0.2
	medianAnswer = 400 * time.Millisecond
	timeOut      = 30 * time.Second
	// timedOut is the code of attempts whose end is logged only then.
	timedOut = "timeout"
)

// attempts makes those of a span of time, and counts those whose ends are logged in it.
func (s *stream) attempts(from time.Time, span time.Duration, counts *logmetrics.Metrics) {
	s.change(from, span)
	to := from.Add(span)
	for range s.poisson(s.rate(from) * span.Seconds()) {
		s.begin(attempt{at: from.Add(time.Duration(s.random.Float64() * float64(span))), method: s.method()})
	}
	for len(s.coming) > 0 && s.coming[0].at.Before(to) {
		a := s.coming[0]
		s.coming = s.coming[1:]
		if !a.ended {
			s.begin(a)
			continue
		}
		ev := event.Event{Source: &s.source, Time: a.at, Duration: a.took}
		ev.Payment = event.Payment{
			Provider: s.scenario, Method: a.method, Operation: "authorize", Outcome: a.result.outcome, Code: a.result.code,
		}
		counts.Observe(&ev)
	}
}

// begin decides how an attempt ends, unless that is known, and when that is logged.
func (s *stream) begin(a attempt) {
	if in := s.incident(a); in != nil {
		if in.silent {
			return
		}
		a.result = in.fails[s.random.IntN(len(in.fails))]
	} else if a.result.code == "" {
		a.result = s.result(a.at)
	}
	if refused := a.result.outcome == event.Customer || a.result.outcome == event.IssuerPolicy; refused && s.random.Float64() < retried {
		again := a
		again.at = a.at.Add(10*time.Second + time.Duration(s.random.Float64()*float64(50*time.Second)))
		s.later(again)
	}
	a.ended, a.took = true, time.Duration(float64(medianAnswer)*math.Exp(0.6*s.random.NormFloat64()))
	if a.result.code == timedOut {
		a.took = timeOut
	}
	a.at = a.at.Add(a.took)
	s.later(a)
}

// later keeps what happens at another time.
func (s *stream) later(a attempt) {
	i, _ := slices.BinarySearchFunc(s.coming, a, func(x, y attempt) int { return x.at.Compare(y.at) })
	s.coming = slices.Insert(s.coming, i, a)
}

// change moves what wanders by itself.
func (s *stream) change(at time.Time, span time.Duration) {
	if at.Sub(s.moodAt) >= moodEvery {
		s.mood = moodKept*s.mood + moodMoves*s.random.NormFloat64()
		s.moodAt = at
	}
	if s.random.Float64() < glitches*span.Hours()/24 {
		s.glitch = at.Add(glitchLasts)
	}
}

// incident returns the one that an attempt falls into, or nil.
func (s *stream) incident(a attempt) *incident {
	for i := range s.incidents {
		in := &s.incidents[i]
		if a.at.Before(in.from) || !a.at.Before(in.to) || in.method != "" && in.method != a.method {
			continue
		}
		if s.random.Float64() < in.lost(a.at) {
			return in
		}
	}
	return nil
}

// result draws how an attempt ends while nothing is wrong. By night more of them are declined.
func (s *stream) result(at time.Time) result {
	if at.Before(s.glitch) && s.random.Float64() < glitchFails {
		return usual[len(usual)-2]
	}
	more := math.Exp(s.mood)
	if at.Hour() < 6 {
		more *= 1.4
	}
	if s.strain != nil {
		more *= s.strain(at)
	}
	draw := s.random.Float64()
	for _, r := range usual {
		share := r.share
		if !r.outcome.Technical() {
			share *= more
		}
		if draw -= share; draw < 0 {
			return r
		}
	}
	return approved
}

func (s *stream) method() string {
	draw := s.random.Float64()
	for _, m := range s.methods {
		if draw -= m.share; draw < 0 {
			return m.name
		}
	}
	return s.methods[0].name
}

// poisson draws how many of many independent events happen.
func (s *stream) poisson(mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*s.random.NormFloat64())))
	}
	n, p := 0, s.random.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= s.random.Float64()
	}
	return n
}
