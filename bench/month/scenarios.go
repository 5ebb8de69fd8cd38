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

// warmUp and shortWarmUp are how long the rules learn before anything counts. The profiles of the anomalies know the hours
// of the day after three days.
const (
	warmUp      = 4 * 24 * time.Hour
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
	alone   bool // on a host of its own
	prepare func(p plan, s *stream)
}

func scenarios() []scenario {
	systemError := []result{{event.ProviderDown, "SYSTEM_ERROR", 0}}
	timeouts := []result{{event.UnknownOutcome, timedOut, 0}}
	return []scenario{
		{name: "quiet-nights", hours: true, prepare: func(p plan, s *stream) { s.rate = p.night }},
		{name: "promotions", prepare: promotions},
		{name: "maintenance", hours: true, prepare: maintenance},
		{name: "one-customer", hours: true, prepare: oneCustomer},
		{name: "failing-cards", hours: true, prepare: failingCards},
		{name: "salary-day", hours: true, prepare: salaryDay},
		{name: "summer-time", hours: true, prepare: summerTime},
		{name: "agent-restarted", hours: true, alone: true, prepare: agentDown(30 * time.Second)},
		{name: "agent-down", hours: true, alone: true, prepare: agentDown(time.Hour)},
		{name: "low-volume", hours: true, prepare: lowVolume},
		{name: "outage-whole", prepare: outage(1, systemError)},
		{name: "outage-whole-timeouts", prepare: outage(1, timeouts)},
		{name: "outage-50", prepare: outage(.5, systemError)},
		{name: "outage-10", prepare: outage(.1, systemError)},
		{name: "outage-5", prepare: outage(.05, systemError)},
		{name: "outage-5-timeouts", prepare: outage(.05, timeouts)},
		{name: "outage-silent", prepare: silent},
		{name: "outage-night", hours: true, prepare: nightOutage},
		{name: "slow-decline", hours: true, prepare: slowDecline},
		{name: "deploy-10", prepare: deploy(.1)},
		{name: "deploy-30", prepare: deploy(.3)},
		{name: "declines-8", prepare: outage(.08, []result{{event.IssuerPolicy, "DO_NOT_HONOUR", 0}})},
	}
}

func scenarioNames() (names []string) {
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

// perGateway is how many scenarios share a gateway.
const perGateway = 5

// gateways returns the traffic of the scenarios whose names contain part, as providers of gateways.
func (p plan) gateways(part string, seed uint64) (all [][]*stream) {
	var open []*stream
	for _, sc := range scenarios() {
		if !strings.Contains(sc.name, part) || p.once && sc.hours {
			continue
		}
		h := fnv.New64a()
		h.Write([]byte(sc.name))
		s := &stream{scenario: sc.name, rate: p.day, random: rand.New(rand.NewPCG(seed, h.Sum64())), methods: []method{{"card", 1}}}
		sc.prepare(p, s)
		slices.SortFunc(s.incidents, func(a, b incident) int { return a.from.Compare(b.from) })
		if sc.alone {
			all = append(all, []*stream{s})
			continue
		}
		if open = append(open, s); len(open) == perGateway {
			all, open = append(all, open), nil
		}
	}
	if len(open) > 0 {
		all = append(all, open)
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
		f(p.from.Add(onceAt + s.some(20*time.Second)))
		return
	}
	for day := range p.days {
		for _, hour := range []int{7, 12, 17} {
			f(p.from.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + s.some(3*time.Hour)))
		}
	}
}

func promotions(p plan, s *stream) {
	const rise = time.Minute
	var times []incident // from and to alone
	p.daily(s, func(at time.Time) {
		times = append(times, incident{from: at, to: at.Add(30*time.Minute + s.some(90*time.Minute))})
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
		at := p.from.AddDate(0, 0, day).Add(3*time.Hour + s.some(time.Hour))
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
		at := p.from.AddDate(0, 0, day).Add(8*time.Hour + s.some(8*time.Hour))
		s.incidents = append(s.incidents, incident{
			from: at, to: at.Add(lasts), since: at.Add(time.Duration(float64(lasts) * counts / most)),
			lost:  func(t time.Time) float64 { return most * float64(t.Sub(at)) / float64(lasts) },
			fails: []result{{event.ProviderDown, "SYSTEM_ERROR", 0}, {event.IssuerPolicy, "DO_NOT_HONOUR", 0}},
		})
	}
}
