package web

import (
	"cmp"
	"slices"
	"time"
)

// severityState grades an alert's severity. An alert that only informs leaves everything well.
func severityState(severity string) state {
	switch severity {
	case "critical", "page":
		return failing
	case "info", "none":
		return well
	}
	return worse
}

// active tells whether the incident lasts.
func (i *Incident) active() bool { return i.Until.IsZero() }

// length is how long the incident lasted, or lasts already.
func (i *Incident) length(now time.Time) time.Duration {
	if i.active() {
		return now.Sub(i.Since)
	}
	return i.Until.Sub(i.Since)
}

// activeIncidents returns those of all that last, the worst first, then the oldest.
func activeIncidents(all []Incident) []Incident {
	var active []Incident
	for _, one := range all {
		if one.active() {
			active = append(active, one)
		}
	}
	slices.SortStableFunc(active, func(a, b Incident) int {
		return cmp.Or(cmp.Compare(severityState(b.Severity), severityState(a.Severity)), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	return active
}

// endedIncidents returns those of all that ended, the latest first.
func endedIncidents(all []Incident) []Incident {
	var ended []Incident
	for _, one := range all {
		if !one.active() {
			ended = append(ended, one)
		}
	}
	slices.SortStableFunc(ended, func(a, b Incident) int {
		return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.ID, b.ID))
	})
	return ended
}
