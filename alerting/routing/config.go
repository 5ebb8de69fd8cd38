// Package routing says who is told of which alerts and when: Alertmanager's routes, inhibitions and time intervals, in
// the configuration or in a file that an Alertmanager runs with, and maintenance windows.
package routing

import (
	"fmt"

	"gatewatch/internal/invalid"
)

// Config is the part of alerting in the configuration that says who is told when. All of it may be empty: everybody is
// told everything then.
type Config struct {
	// Alertmanager's route: which receiver is told of which alerts.
	Route *Route `yaml:"route"`
	// Alertmanager's inhibit_rules: which alerts make others pointless.
	InhibitRules []InhibitRule `yaml:"inhibit_rules"`
	// Alertmanager's time_intervals, for routes.
	TimeIntervals []NamedInterval `yaml:"time_intervals"`
	// A configuration file of Alertmanager, whose routes, inhibitions, time intervals and receivers hold here.
	AlertmanagerConfig string `yaml:"alertmanager_config"`
	// Whether the inhibitions that come with Gatewatch hold beside those of inhibit_rules.
	ShippedInhibitions bool `yaml:"shipped_inhibitions"`
	// Times in which alerts are muted.
	Maintenance []Window `yaml:"maintenance"`
}

// Validate returns every mistake as invalid.Mistakes, or nil. It reads the file that AlertmanagerConfig names. own are
// the names of the configured receivers.
func (c *Config) Validate(own []string) error {
	_, err := c.Plan(own, Timing{})
	return err
}

// beside adds a mistake for each key that a file of Alertmanager already answers.
func (c *Config) beside(m *invalid.Mistakes) {
	for _, k := range []struct {
		key     string
		written bool
	}{{"route", c.Route != nil}, {"inhibit_rules", len(c.InhibitRules) > 0}, {"time_intervals", len(c.TimeIntervals) > 0}} {
		if k.written {
			m.Add(k.key, "must not stand beside alertmanager_config, which says the same: keep one of them")
		}
	}
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
