package main

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"gatewatch/event"
)

// warmUp and shortWarmUp are how long the rules learn before anything counts.
const (
	warmUp      = 8 * time.Hour
	shortWarmUp = time.Hour
)

// monday is when the simulation begins to count.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// plan is the time that is simulated, and the attempts a second of a provider by day.
type plan struct {
	from time.Time
	days int
	rate float64
	// once is for a first impression: one incident of each scenario that needs no hours, and nothing after it.
	once bool
}

// span is when the simulation begins, long enough before anything counts, and when it ends.
func (p plan) span() (from, to time.Time) {
	if p.once {
		at := p.from.Add(onceAt)
		return at.Add(-shortWarmUp), at.Add(15 * time.Minute)
	}
	return p.from.Add(-warmUp), p.from.AddDate(0, 0, p.days)
}

// onceAt is the time of day of the only incident, but for some seconds.
const onceAt = 10 * time.Hour

// scenario is what happens to one provider; docs/alerting-month.md says it in words. prepare sets its rate and its incidents.
type scenario struct {
	name    string
	hours   bool // that it needs
	prepare func(p plan, s *stream)
}

func scenarios() []scenario {
	systemError := []result{{event.ProviderDown, "SYSTEM_ERROR", 0}}
	timeouts := []result{{event.UnknownOutcome, timedOut, 0}}
	return []scenario{
		{"quiet-nights", true, func(p plan, s *stream) { s.rate = p.night }},
		{"promotions", false, promotions},
		{"low-volume", true, lowVolume},
		{"outage-whole", false, outage(1, systemError)},
		{"outage-whole-timeouts", false, outage(1, timeouts)},
		{"outage-50", false, outage(.5, systemError)},
		{"outage-10", false, outage(.1, systemError)},
		{"outage-5", false, outage(.05, systemError)},
		{"outage-5-timeouts", false, outage(.05, timeouts)},
		{"outage-silent", false, silent},
		{"outage-night", true, nightOutage},
		{"slow-decline", true, slowDecline},
		{"deploy-10", false, deploy(.1)},
		{"deploy-30", false, deploy(.3)},
		{"declines-8", false, outage(.08, []result{{event.IssuerPolicy, "DO_NOT_HONOUR", 0}})},
	}
}

func scenarioNames() (names []string) {
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

// streams returns the traffic of the scenarios whose names contain part.
func (p plan) streams(part string, seed uint64) (all []*stream) {
	for _, sc := range scenarios() {
		if !strings.Contains(sc.name, part) || p.once && sc.hours {
			continue
		}
		h := fnv.New64a()
		h.Write([]byte(sc.name))
		s := &stream{
			scenario: sc.name, rate: p.day, random: rand.New(rand.NewPCG(seed, h.Sum64())), source: event.Source{Dataset: "app"},
			methods: []method{{"card", 1}},
		}
		sc.prepare(p, s)
		slices.SortFunc(s.incidents, func(a, b incident) int { return a.from.Compare(b.from) })
		all = append(all, s)
	}
	return all
}

// day is traffic that is much the same all day.
func (p plan) day(at time.Time) float64 {
	return p.rate * (1 + .2*math.Sin(2*math.Pi*hours(at)/24))
}

// night is traffic that nearly ceases at 3 am: one attempt in two minutes and less, where by day there are ten a second.
func (p plan) night(at time.Time) float64 {
	awake := .5 - .5*math.Cos(2*math.Pi*(hours(at)-3)/24)
	return p.rate * (.001 + awake*awake*awake)
}

func hours(at time.Time) float64 { return at.Sub(at.Truncate(24 * time.Hour)).Hours() }

// daily calls f with three moments of each day, one in the morning, one at noon and one in the evening.
func (p plan) daily(s *stream, f func(time.Time)) {
	if p.once {
		f(p.from.Add(onceAt + time.Duration(s.random.Float64()*float64(20*time.Second))))
		return
	}
	for day := range p.days {
		for _, hour := range []int{7, 12, 17} {
			f(p.from.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + time.Duration(s.random.Float64()*float64(3*time.Hour))))
		}
	}
}

func promotions(p plan, s *stream) {
	const rise = time.Minute
	var times []incident // from and to alone
	p.daily(s, func(at time.Time) {
		times = append(times, incident{from: at, to: at.Add(30*time.Minute + time.Duration(s.random.Float64()*float64(90*time.Minute)))})
	})
	// how far up the traffic is, from 0 to 1
	up := func(at time.Time) float64 {
		for _, t := range times {
			if !at.Before(t.from) && at.Before(t.to.Add(rise)) {
				return min(1, float64(at.Sub(t.from))/float64(rise), float64(t.to.Add(rise).Sub(at))/float64(rise))
			}
		}
		return 0
	}
	s.rate = func(at time.Time) float64 { return p.night(at) / 3 * (1 + 9*up(at)) }
	s.strain = func(at time.Time) float64 { return 1 + .3*up(at) }
}

func always(share float64) func(time.Time) float64 { return func(time.Time) float64 { return share } }

func outage(share float64, fails []result) func(plan, *stream) {
	return func(p plan, s *stream) {
		p.daily(s, func(at time.Time) {
			s.incidents = append(s.incidents, incident{from: at, to: at.Add(15 * time.Minute), since: at, lost: always(share), fails: fails})
		})
	}
}

func silent(p plan, s *stream) {
	outage(1, nil)(p, s)
	for i := range s.incidents {
		s.incidents[i].silent = true
	}
}

func deploy(share float64) func(plan, *stream) {
	return func(p plan, s *stream) {
		s.methods = []method{{"card", 1 - share}, {"qr", share}}
		outage(1, []result{{event.Data, "PARAM_ERROR", 0}})(p, s)
		for i := range s.incidents {
			s.incidents[i].method = "qr"
		}
	}
}

func nightOutage(p plan, s *stream) {
	s.rate = p.night
	for day := range p.days {
		at := p.from.AddDate(0, 0, day).Add(3*time.Hour + time.Duration(s.random.Float64()*float64(time.Hour)))
		s.incidents = append(s.incidents, incident{
			from: at, to: at.Add(time.Hour), since: at, lost: always(1), fails: []result{{event.ProviderDown, "SYSTEM_ERROR", 0}},
		})
	}
}

func lowVolume(p plan, s *stream) {
	s.rate = always(4.0 / 3600)
	for day := 0; day < p.days; day += 2 {
		at := p.from.AddDate(0, 0, day).Add(time.Duration(s.random.Float64() * float64(16*time.Hour)))
		s.incidents = append(s.incidents, incident{
			from: at, to: at.Add(8 * time.Hour), since: at, lost: always(1), fails: []result{{event.ProviderDown, "SYSTEM_ERROR", 0}},
		})
	}
}

func slowDecline(p plan, s *stream) {
	const lasts, most, counts = 4 * time.Hour, .2, .05
	for day := range p.days {
		at := p.from.AddDate(0, 0, day).Add(8*time.Hour + time.Duration(s.random.Float64()*float64(8*time.Hour)))
		s.incidents = append(s.incidents, incident{
			from: at, to: at.Add(lasts), since: at.Add(time.Duration(float64(lasts) * counts / most)),
			lost:  func(t time.Time) float64 { return most * float64(t.Sub(at)) / float64(lasts) },
			fails: []result{{event.ProviderDown, "SYSTEM_ERROR", 0}, {event.IssuerPolicy, "DO_NOT_HONOUR", 0}},
		})
	}
}
