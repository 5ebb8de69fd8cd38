package main

import (
	"slices"
	"time"

	"gatewatch/alerting"
)

const (
	// afterwards is how long after an incident alerts still belong to it: windows are up to half an hour long.
	afterwards = 30 * time.Minute
	critical   = "critical"
	// goal is how soon an incident shall be found.
	goal = 2 * time.Minute
)

// outcome is what came of a scenario.
type outcome struct {
	name      string
	incidents int
	// waits are the times from the beginning of incidents to the first alert, of those found; paged those to the first
	// critical one. An alert before the time from which on a creeping incident counts is one at once.
	waits, paged []time.Duration
	missed, late []incident
	// pages and warnings are false alerts.
	pages, warnings []alerting.Episode
	// uses say what each alert was good for, by its name.
	uses map[string]*use
}

// use counts the incidents that an alert found before all others, and the times that it fired for one and for none.
type use struct {
	severity            string
	first, told, untrue int
}

func (u *use) add(other *use) {
	u.first, u.told, u.untrue = u.first+other.first, u.told+other.told, u.untrue+other.untrue
}

// use returns that of an episode's alert.
func (o *outcome) use(e alerting.Episode) *use {
	if o.uses == nil {
		o.uses = map[string]*use{}
	}
	if o.uses[e.Alert] == nil {
		o.uses[e.Alert] = &use{severity: e.Severity}
	}
	return o.uses[e.Alert]
}

// score holds what fired against what was wrong. Alerts without a provider belong to the gateway: they are false when no
// incident explains them, and are counted under everything.
func score(streams []*stream, episodes []alerting.Episode, p plan) []outcome {
	all := make([]outcome, len(streams), len(streams)+1)
	rest := outcome{name: everything}
	for i, s := range streams {
		all[i] = outcome{name: s.scenario, incidents: len(s.incidents)}
		of := slices.DeleteFunc(slices.Clone(episodes), func(e alerting.Episode) bool { return e.Labels["provider"] != s.scenario })
		all[i].find(s.incidents, of)
		all[i].blame(s.incidents, slices.DeleteFunc(of, s.isFair), p)
	}
	var every []incident
	for _, s := range streams {
		every = append(every, s.incidents...)
	}
	rest.blame(every, slices.DeleteFunc(slices.Clone(episodes), func(e alerting.Episode) bool { return e.Labels["provider"] != "" }), p)
	if len(rest.pages)+len(rest.warnings) > 0 {
		all = append(all, rest)
	}
	return all
}

// isFair tells whether an alert is right where nothing is to be found.
func (s *stream) isFair(e alerting.Episode) bool {
	return e.Severity != critical && slices.ContainsFunc(s.fair, func(t span) bool {
		return !e.Fired.Before(t.from) && e.Fired.Before(t.to.Add(afterwards))
	})
}

// everything is the name of the row of alerts without a provider.
const everything = "(gateway)"

// find notes how long each incident waited.
func (o *outcome) find(incidents []incident, episodes []alerting.Episode) {
	for _, in := range incidents {
		first := func(severity string) (time.Duration, bool) {
			for _, e := range episodes { // in the order of time
				if !e.Fired.Before(in.from) && e.Fired.Before(in.to) && (severity == "" || e.Severity == severity) {
					if severity == "" {
						o.use(e).first++
					}
					return max(0, e.Fired.Sub(in.since)), true
				}
			}
			return 0, false
		}
		if wait, ok := first(""); ok {
			o.waits = append(o.waits, wait)
			if wait > goal {
				o.late = append(o.late, in)
			}
		} else {
			o.missed = append(o.missed, in)
		}
		if wait, ok := first(critical); ok {
			o.paged = append(o.paged, wait)
		}
	}
	slices.Sort(o.waits)
	slices.Sort(o.paged)
}

// blame notes the alerts that no incident explains.
func (o *outcome) blame(incidents []incident, episodes []alerting.Episode, p plan) {
	for _, e := range episodes {
		explained := slices.ContainsFunc(incidents, func(in incident) bool {
			return !e.Fired.Before(in.from) && e.Fired.Before(in.to.Add(afterwards))
		})
		if e.Fired.Before(p.from) {
			continue
		}
		if explained {
			o.use(e).told++
			continue
		}
		o.use(e).untrue++
		switch {
		case e.Severity == critical:
			o.pages = append(o.pages, e)
		default:
			o.warnings = append(o.warnings, e)
		}
	}
}
