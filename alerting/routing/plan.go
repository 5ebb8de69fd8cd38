package routing

import (
	"slices"

	amconfig "github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/invalid"
)

// DefaultReceiver is the name of all receivers together where the configuration has no routes.
const DefaultReceiver = "default"

// groupBy says which alerts are one incident and told in one message, where nothing else is configured.
var groupBy = [...]model.LabelName{"alertname", "provider"}

// Timing is when a group of alerts is told, where its route says nothing.
type Timing struct{ Wait, Interval, Repeat model.Duration }

// Plan is what a configuration comes to, in the terms of Alertmanager's packages.
type Plan struct {
	// Route is the root of the routes.
	Route *amconfig.Route
	// Inhibit are the inhibitions, the shipped ones among them.
	Inhibit []amcommon.InhibitRule
	// Intervals are the time intervals by their names.
	Intervals map[string][]timeinterval.TimeInterval
	// Receivers are the names of those who are told, by the name that routes have for them.
	Receivers map[string][]string
	// NoEnds are the names of those who are not told that alerts are over.
	NoEnds map[string]bool
	// Windows are the maintenance windows.
	Windows Windows
	// Slack and Others are receivers that a file of Alertmanager brings.
	Slack  []receivers.SlackConfig
	Others receivers.Config
	// Warnings say what of a file of Alertmanager has no effect here, and what else may not be meant.
	Warnings []string
}

// Plan returns what c comes to, or every mistake as invalid.Mistakes. own are the names of the configured receivers, t
// is what the route leaves open.
func (c *Config) Plan(own []string, t Timing) (*Plan, error) {
	var m invalid.Mistakes
	p := &Plan{Receivers: map[string][]string{}, NoEnds: map[string]bool{}, Intervals: map[string][]timeinterval.TimeInterval{}}
	if c.AlertmanagerConfig != "" {
		c.beside(&m)
		m.AddIn("alertmanager_config", p.read(c.AlertmanagerConfig, own))
	} else {
		c.build(p, &m, own, t)
	}
	if c.ShippedInhibitions {
		p.Inhibit = append(p.Inhibit, shippedInhibitions()...)
	}
	p.Windows = c.windows(&m)
	if err := m.Err(); err != nil {
		return nil, err
	}
	p.warnUnreached(own)
	return p, nil
}

// build fills p from the keys of the configuration.
func (c *Config) build(p *Plan, m *invalid.Mistakes, own []string, t Timing) {
	for i := range c.TimeIntervals {
		c.TimeIntervals[i].build(index("time_intervals", i), p.Intervals, m)
	}
	for i := range c.InhibitRules {
		p.Inhibit = append(p.Inhibit, c.InhibitRules[i].build(index("inhibit_rules", i), m))
	}
	if c.Route == nil {
		p.Receivers[DefaultReceiver] = own
		p.Route = &amconfig.Route{Receiver: DefaultReceiver}
	} else {
		for _, name := range own {
			p.Receivers[name] = []string{name}
		}
		r := reading{m: m, plan: p}
		p.Route = r.root(c.Route)
	}
	fill(p.Route, t)
}

// fill puts into the root what it leaves open.
func fill(r *amconfig.Route, t Timing) {
	if r.GroupBy == nil && !r.GroupByAll {
		r.GroupBy, r.GroupByStr = groupBy[:], []string{string(groupBy[0]), string(groupBy[1])}
	}
	for _, d := range []struct {
		to   **model.Duration
		from model.Duration
	}{{&r.GroupWait, t.Wait}, {&r.GroupInterval, t.Interval}, {&r.RepeatInterval, t.Repeat}} {
		if *d.to == nil {
			*d.to = &d.from
		}
	}
}

// warnUnreached names configured receivers that no route leads to.
func (p *Plan) warnUnreached(own []string) {
	var reached []string
	var walk func(r *amconfig.Route)
	walk = func(r *amconfig.Route) {
		reached = append(reached, p.Receivers[r.Receiver]...)
		for _, below := range r.Routes {
			walk(below)
		}
	}
	walk(p.Route)
	for _, name := range own {
		if !slices.Contains(reached, name) {
			p.Warnings = append(p.Warnings, "receiver "+name+" is told nothing: no route leads to it")
		}
	}
}
