package routing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
)

// Way is one way of an alert to people: a route that it goes by.
type Way struct {
	// Receiver is the route's, Told the names of those who are told by it.
	Receiver string
	Told     []string
	// Route are the matchers from the root to the route, one text for each step that has some. Empty for the root.
	Route []string
	// GroupBy are the labels that make one incident; nil with All for all labels.
	GroupBy []string
	All     bool
	// Wait, Interval and Repeat are when a group of alerts is told first, after a change, and without one.
	Wait, Interval, Repeat time.Duration
	// Muted are the names of time intervals that mute the route at the time that was asked about.
	Muted []string
}

// Ways returns the ways of an alert with these labels at now, in the order of the routes.
func (p *Plan) Ways(labels map[string]string, now time.Time) []Way {
	var all []Way
	for _, r := range dispatch.NewRoute(p.Route, nil).Match(labelSet(labels)) {
		o := r.RouteOpts
		w := Way{
			Receiver: o.Receiver, Told: p.Receivers[o.Receiver], All: o.GroupByAll, Wait: o.GroupWait, Interval: o.GroupInterval, Repeat: o.RepeatInterval,
			Muted: p.mutedBy(&o, now),
		}
		// The key is that of the routes above, {…}/{…}; {} matches everything.
		for step := range strings.SplitSeq(r.Key(), "}/{") {
			if step = strings.Trim(step, "{}"); step != "" {
				w.Route = append(w.Route, "{"+step+"}")
			}
		}
		for name := range o.GroupBy {
			w.GroupBy = append(w.GroupBy, string(name))
		}
		slices.Sort(w.GroupBy)
		all = append(all, w)
	}
	return all
}

// mutedBy returns the intervals that mute a route.
func (p *Plan) mutedBy(o *dispatch.RouteOpts, now time.Time) []string {
	inside := func(name string) bool {
		for _, one := range p.Intervals[name] {
			if one.ContainsTime(now.UTC()) {
				return true
			}
		}
		return false
	}
	var muted []string
	for _, name := range o.MuteTimeIntervals {
		if inside(name) {
			muted = append(muted, name)
		}
	}
	if len(o.ActiveTimeIntervals) > 0 && !slices.ContainsFunc(o.ActiveTimeIntervals, inside) {
		muted = append(muted, "outside "+strings.Join(o.ActiveTimeIntervals, ", "))
	}
	return muted
}

// String writes the way in a line or two, for people.
func (w Way) String() string {
	route := "a route for all alerts"
	if len(w.Route) > 0 {
		route = strings.Join(w.Route, " / ")
	}
	group := "by " + strings.Join(w.GroupBy, ", ")
	switch {
	case w.All:
		group = "each alert by itself"
	case len(w.GroupBy) == 0:
		group = "all alerts of the route together"
	}
	text := fmt.Sprintf("%s, because of %s\n  grouped  %s; told after %v, changes after %v, again after %v", w.Receiver, route, group,
		model.Duration(w.Wait), model.Duration(w.Interval), model.Duration(w.Repeat))
	if len(w.Muted) > 0 {
		text += "\n  muted    " + strings.Join(w.Muted, ", ")
	}
	return text
}
