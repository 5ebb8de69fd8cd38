package routing

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// minGroupInterval bounds what a route may ask for.
const minGroupInterval = time.Second

// Route is a node of Alertmanager's tree of routes, in its format: https://prometheus.io/docs/alerting/latest/configuration/#route
type Route struct {
	// Name of the receiver that is told. Empty: that of the route above.
	Receiver string `yaml:"receiver,omitempty"`
	// Labels whose values make one incident of alerts. ["..."] is all labels. Empty: as the route above.
	GroupBy []string `yaml:"group_by,omitempty"`
	// Conditions on labels, all of which must hold, as in severity="critical" or provider=~"ali.*".
	Matchers []string `yaml:"matchers,omitempty"`
	// Older forms of conditions: labels and their values, labels and regular expressions.
	Match   map[string]string `yaml:"match,omitempty"`
	MatchRE map[string]string `yaml:"match_re,omitempty"`
	// Names of time intervals in which nobody is told by this route.
	MuteTimeIntervals []string `yaml:"mute_time_intervals,omitempty"`
	// Names of time intervals outside of which nobody is told by this route.
	ActiveTimeIntervals []string `yaml:"active_time_intervals,omitempty"`
	// Whether an alert that matches goes on to the routes beside this one.
	Continue bool `yaml:"continue,omitempty"`
	// Routes below, the first that matches counts.
	Routes []Route `yaml:"routes,omitempty"`
	// When a group of alerts is told first, again after a change, and again without one. Empty: as the route above.
	GroupWait      *model.Duration `yaml:"group_wait,omitempty"`
	GroupInterval  *model.Duration `yaml:"group_interval,omitempty"`
	RepeatInterval *model.Duration `yaml:"repeat_interval,omitempty"`
	// Alertmanager's labels of routes. They have no effect on messages.
	Labels map[string]string `yaml:"labels,omitempty"`
}

// reading turns a tree of routes into Alertmanager's.
type reading struct {
	m    *invalid.Mistakes
	plan *Plan
}

// root reads the root, which all alerts match.
func (r reading) root(c *Route) *amconfig.Route {
	if c.Receiver == "" {
		r.m.Add("route.receiver", "is needed: who is told of alerts that no route below is for")
	}
	if len(c.Matchers)+len(c.Match)+len(c.MatchRE) > 0 {
		r.m.Add("route", "must have no matchers: all alerts that no route below is for go here")
	}
	if len(c.MuteTimeIntervals)+len(c.ActiveTimeIntervals) > 0 {
		r.m.Add("route", "must have no time intervals: put them into a route below")
	}
	if c.Continue {
		r.m.Add("route.continue", "must not be true: there is no route beside the first one")
	}
	return r.route("route", c)
}

func (r reading) route(path string, c *Route) *amconfig.Route {
	out := &amconfig.Route{
		Receiver: c.Receiver, Continue: c.Continue, Match: c.Match, GroupWait: c.GroupWait, GroupInterval: c.GroupInterval,
		RepeatInterval: c.RepeatInterval, MuteTimeIntervals: c.MuteTimeIntervals, ActiveTimeIntervals: c.ActiveTimeIntervals,
		GroupByStr: c.GroupBy, Matchers: readMatchers(r.m, path+".matchers", c.Matchers), MatchRE: readMatchRE(r.m, path+".match_re", c.MatchRE),
	}
	if _, known := r.plan.Receivers[c.Receiver]; !known && c.Receiver != "" {
		r.m.Add(path+".receiver", "there is no receiver named %q, there are: %s", c.Receiver,
			strings.Join(slices.Sorted(maps.Keys(r.plan.Receivers)), ", "))
	}
	checkNames(r.m, path+".match", c.Match)
	checkNames(r.m, path+".labels", c.Labels)
	for name, value := range c.Labels {
		if out.Labels == nil {
			out.Labels = model.LabelSet{}
		}
		out.Labels[model.LabelName(name)] = model.LabelValue(value)
	}
	r.groupBy(path+".group_by", c.GroupBy, out)
	r.intervals(path+".mute_time_intervals", c.MuteTimeIntervals)
	r.intervals(path+".active_time_intervals", c.ActiveTimeIntervals)
	r.durations(path, c)
	for i := range c.Routes {
		out.Routes = append(out.Routes, r.route(index(path+".routes", i), &c.Routes[i]))
	}
	return out
}

func (r reading) groupBy(path string, names []string, out *amconfig.Route) {
	if names != nil {
		out.GroupBy = []model.LabelName{}
	}
	for i, name := range names {
		label := model.LabelName(name)
		switch {
		case name == "..." && len(names) > 1:
			r.m.Add(index(path, i), `"..." is all labels: leave the others away`)
		case name == "...":
			out.GroupBy, out.GroupByAll = nil, true
			return
		case !compat.IsValidLabelName(label):
			r.m.Add(index(path, i), "%q is no name of a label", name)
		case slices.Contains(out.GroupBy, label):
			r.m.Add(index(path, i), "%q is there twice", name)
		}
		out.GroupBy = append(out.GroupBy, label)
	}
}

func (r reading) intervals(path string, names []string) {
	for i, name := range names {
		if _, known := r.plan.Intervals[name]; !known {
			r.m.Add(index(path, i), "there is no time interval named %q in time_intervals", name)
		}
	}
}

func (r reading) durations(path string, c *Route) {
	if c.GroupWait != nil && *c.GroupWait < 0 {
		r.m.Add(path+".group_wait", "must not be negative")
	}
	if c.GroupInterval != nil && time.Duration(*c.GroupInterval) < minGroupInterval {
		r.m.Add(path+".group_interval", "must be at least %v, is %v", minGroupInterval, *c.GroupInterval)
	}
	if c.RepeatInterval != nil && *c.RepeatInterval <= 0 {
		r.m.Add(path+".repeat_interval", "must be more than 0")
	}
}

// readMatchers reads conditions as Alertmanager does.
func readMatchers(m *invalid.Mistakes, path string, lines []string) amcommon.Matchers {
	var all amcommon.Matchers
	for i, line := range lines {
		found, err := compat.Matchers(line, "config")
		if err != nil {
			m.Add(index(path, i), `%v: a matcher looks like severity="critical" or provider=~"ali.*"`, err)
		}
		all = append(all, found...)
	}
	return all
}

func readMatchRE(m *invalid.Mistakes, path string, in map[string]string) amcommon.MatchRegexps {
	checkNames(m, path, in)
	out := amcommon.MatchRegexps{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		// As Alertmanager does: the whole value has to match.
		pattern, err := regexp.Compile("^(?:" + in[name] + ")$")
		if err != nil {
			m.Add(path+"."+name, "%v", err)
			continue
		}
		out[name] = amcommon.Regexp{Regexp: pattern, Original: in[name]}
	}
	return out
}

func checkNames(m *invalid.Mistakes, path string, labels map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !compat.IsValidLabelName(model.LabelName(name)) {
			m.Add(path+"."+name, "%q is no name of a label", name)
		}
	}
}
