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
)

// outcome is what came of a scenario.
type outcome struct {
	name      string
	incidents int
	// waits are the times from the beginning of incidents to the first alert, of those found; paged those to the first
	// critical one. An alert before the time from which on a creeping incident counts is one at once.
	waits, paged []time.Duration
	missed       []incident
	// pages and warnings are false alerts.
	pages, warnings []alerting.Episode
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
		all[i].blame(s.incidents, of, p)
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

// everything is the name of the row of alerts without a provider.
const everything = "(gateway)"

// find notes how long each incident waited.
func (o *outcome) find(incidents []incident, episodes []alerting.Episode) {
	for _, in := range incidents {
		first := func(severity string) (time.Duration, bool) {
			for _, e := range episodes { // in the order of time
				if !e.Fired.Before(in.from) && e.Fired.Before(in.to) && (severity == "" || e.Severity == severity) {
					return max(0, e.Fired.Sub(in.since)), true
				}
			}
			return 0, false
		}
		if wait, ok := first(""); ok {
			o.waits = append(o.waits, wait)
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
		switch {
		case explained || e.Fired.Before(p.from):
		case e.Severity == critical:
			o.pages = append(o.pages, e)
		default:
			o.warnings = append(o.warnings, e)
		}
	}
}
