package main

import (
	"math"
	"math/rand/v2"
	"time"

	"gatewatch/event"
)

// stream is the traffic of one provider, and what is wrong with it when.
type stream struct {
	scenario  string
	rate      func(time.Time) float64 // attempts a second
	methods   []method
	incidents []incident
	// strain changes the share of declines: with promotions come customers who try for luck.
	strain func(time.Time) float64

	// planned are incidents that nobody wants to hear of.
	planned []incident
	// fair are times in which a warning is right, and a page is not.
	fair []span
	// bursts are attempts beside the others, with results of their own.
	bursts []burst
	// away is when the agent of the provider's host is down.
	away []span

	random *rand.Rand
	counts *counts
	mood   float64   // how far the share of declines is from its mean, as a logarithm
	moodAt time.Time // of the last change
	glitch time.Time // end of the last one
	past   [2]int    // incidents and planned ones that are over
	// coming are the beginnings and ends of attempts, by the span that they fall into.
	coming [ahead][]attempt
	now    int       // place in coming
	until  time.Time // end of the present span
	span   time.Duration
}

// ahead is how many spans lie before the latest beginning or end that is known.
const ahead = 32

// span is a time from one moment on and before another.
type span struct{ from, to time.Time }

// burst are further attempts, so many a second, with one of several results.
type burst struct {
	span
	rate float64
	ends []result
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

// attempts makes those of a span of time, and counts those whose ends are logged in it. Spans follow each other.
func (s *stream) attempts(from time.Time, length time.Duration) {
	s.change(from, length)
	s.until, s.span = from.Add(length), length
	for range s.poisson(s.rate(from) * length.Seconds()) {
		s.begin(attempt{at: s.within(from), method: s.method()})
	}
	for _, b := range s.bursts {
		if from.Before(b.from) || !from.Before(b.to) {
			continue
		}
		for range s.poisson(b.rate * length.Seconds()) {
			s.end(attempt{at: s.within(from), method: s.method(), result: b.ends[s.random.IntN(len(b.ends))]})
		}
	}
	for i := 0; i < len(s.coming[s.now]); i++ { // some begin and end now
		a := s.coming[s.now][i]
		if a.ended {
			s.counts.observe(a.method, a.result, a.took)
		} else {
			s.begin(a)
		}
	}
	s.coming[s.now] = s.coming[s.now][:0]
	s.now = (s.now + 1) % ahead
}

// within draws a moment of the present span.
func (s *stream) within(from time.Time) time.Time {
	return from.Add(time.Duration(s.random.Float64() * float64(s.span)))
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
	s.end(a)
}

// end decides when the end of an attempt is logged.
func (s *stream) end(a attempt) {
	a.ended, a.took = true, time.Duration(float64(medianAnswer)*math.Exp(0.6*s.random.NormFloat64()))
	if a.result.code == timedOut {
		a.took = timeOut
	}
	a.at = a.at.Add(a.took)
	s.later(a)
}

// later keeps what happens at another time.
func (s *stream) later(a attempt) {
	spans := 0
	if past := a.at.Sub(s.until); past >= 0 {
		spans = min(int(past/s.span)+1, ahead-1)
	}
	i := (s.now + spans) % ahead
	s.coming[i] = append(s.coming[i], a)
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
	for i, all := range [...][]incident{s.incidents, s.planned} {
		for s.past[i] < len(all) && a.at.After(all[s.past[i]].to.Add(longest)) {
			s.past[i]++
		}
		for j := s.past[i]; j < len(all) && !a.at.Before(all[j].from); j++ {
			in := &all[j]
			if a.at.Before(in.to) && (in.method == "" || in.method == a.method) && s.random.Float64() < in.lost(a.at) {
				return in
			}
		}
	}
	return nil
}

// longest is how far apart the beginnings of attempts are at most that are decided about at one time.
const longest = 10 * time.Minute

// result draws how an attempt ends while nothing is wrong. By night more of them are declined.
func (s *stream) result(at time.Time) result {
	if at.Before(s.glitch) && s.random.Float64() < glitchFails {
		return usual[len(usual)-2]
	}
	more := math.Exp(s.mood)
	more *= 1 + .4*asleep(at)
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

// asleep is 1 from midnight to 5, 0 from 7 to 10 in the evening, and between that at other times.
func asleep(at time.Time) float64 {
	h := hours(at)
	if h > 12 {
		return max(0, min(1, (h-22)/2))
	}
	return max(0, min(1, (7-h)/2))
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
