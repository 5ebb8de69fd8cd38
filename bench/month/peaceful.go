package main

import (
	"time"

	"gatewatch/event"
)

// everyDay calls f with midnight of each day, from before anything counts.
func (p plan) everyDay(f func(day int, midnight time.Time)) {
	first := p.from.Add(-warmUp)
	for day := 0; first.AddDate(0, 0, day).Before(p.from.AddDate(0, 0, p.days)); day++ {
		f(day, first.AddDate(0, 0, day))
	}
}

// some draws a time from 0 to most.
func (s *stream) some(most time.Duration) time.Duration {
	return time.Duration(s.random.Float64() * float64(most))
}

// maintenance closes the provider each night at the same time, when hardly anybody pays.
func maintenance(p plan, s *stream) {
	s.rate = p.night
	p.everyDay(func(_ int, midnight time.Time) {
		at := midnight.Add(2*time.Hour + 5*time.Minute)
		s.planned = append(s.planned, incident{
			from: at, to: at.Add(50 * time.Minute), since: at, lost: always(1), fails: []result{{event.ProviderDown, "SYSTEM_MAINTENANCE", 0}},
		})
	})
}

// oneCustomer pays again and again: 30 times in a quarter of an hour, where a hundred others pay in an hour. On one day the card is declined, on
// the next its bank does not answer.
func oneCustomer(p plan, s *stream) {
	const times, lasts = 30.0, 15 * time.Minute
	s.rate = always(100.0 / 3600)
	p.everyDay(func(day int, midnight time.Time) {
		ends := []result{{event.Customer, "NOTENOUGH", 0}}
		if day%2 == 1 {
			ends = []result{{event.ProviderDown, "BANK_ERROR", 0}}
		}
		at := midnight.Add(9*time.Hour + s.some(12*time.Hour))
		s.bursts = append(s.bursts, burst{span{at, at.Add(lasts)}, times / lasts.Seconds(), ends})
	})
}

// failingCards are those of a merchant who tries a list of them: one a second for ten minutes beside ten a second of others.
func failingCards(p plan, s *stream) {
	s.rate = p.day
	p.everyDay(func(_ int, midnight time.Time) {
		at := midnight.Add(9*time.Hour + s.some(12*time.Hour))
		s.fair = append(s.fair, span{at, at.Add(10 * time.Minute)})
		s.bursts = append(s.bursts, burst{span{at, at.Add(10 * time.Minute)}, p.rate / 10, []result{
			{event.Customer, "EXPIRED", 0}, {event.IssuerPolicy, "DO_NOT_HONOUR", 0}, {event.Fraud, "RISK", 0}, {event.Customer, "NOTENOUGH", 0},
		}})
	})
}

// salaryDay is the last day but one: four times the traffic, after days in which more and more accounts are empty.
func salaryDay(p plan, s *stream) {
	const before = 3 * 24 * time.Hour
	paid := p.from.AddDate(0, 0, p.days-2).Add(8 * time.Hour)
	s.rate = func(at time.Time) float64 {
		more := 1.0
		if since := at.Sub(paid); since >= 0 {
			more = 1 + 3*min(1, since.Hours())*max(0, 1-since.Hours()/36)
		}
		return p.night(at) / 2 * more
	}
	s.strain = func(at time.Time) float64 {
		switch until := paid.Sub(at); {
		case until > before:
			return 1
		case until > 0:
			return 1 + .5*(1-float64(until)/float64(before))
		}
		return 0.8
	}
}

// summerTime begins in the night to the last Sunday: from then on people are an hour earlier.
func summerTime(p plan, s *stream) {
	begins := p.from.AddDate(0, 0, p.days-1).Add(time.Hour)
	s.rate = func(at time.Time) float64 {
		if !at.Before(begins) {
			at = at.Add(time.Hour)
		}
		return p.night(at)
	}
}

// agentDown has the agent stop for so long once a day. The gateway goes on, and when the agent is back it counts from zero
// what was logged meanwhile.
func agentDown(length time.Duration) func(plan, *stream) {
	return func(p plan, s *stream) {
		s.rate = p.day
		p.everyDay(func(_ int, midnight time.Time) {
			at := midnight.Add(10*time.Hour + s.some(6*time.Hour)).Truncate(time.Minute)
			s.away = append(s.away, span{at, at.Add(length)})
		})
	}
}
