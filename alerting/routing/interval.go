package routing

import (
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"go.yaml.in/yaml/v3"

	"gatewatch/internal/invalid"
)

// NamedInterval is an entry of time_intervals in Alertmanager's format:
// https://prometheus.io/docs/alerting/latest/configuration/#time_interval
type NamedInterval struct {
	// Name that routes use.
	Name string `yaml:"name,omitempty"`
	// Times, any of which may hold.
	TimeIntervals []Interval `yaml:"time_intervals,omitempty"`
}

// Interval is a time that comes again and again; all that is written of it must hold. In Alertmanager's intervals the
// time zone is UTC when none is named, in maintenance windows the host's.
type Interval struct {
	// Times of day, as in {start_time: "09:00", end_time: "17:00"}.
	Times []TimeRange `yaml:"times,omitempty"`
	// Days of the week, as in monday or monday:friday.
	Weekdays []string `yaml:"weekdays,omitempty"`
	// Days of the month, as in 1, 10:20 or -1, which is the last.
	DaysOfMonth []string `yaml:"days_of_month,omitempty"`
	// Months, as in january, 3 or 6:8.
	Months []string `yaml:"months,omitempty"`
	// Years, as in 2026 or 2026:2028.
	Years []string `yaml:"years,omitempty"`
	// Time zone, as in Asia/Shanghai.
	Location string `yaml:"location,omitempty"`
}

// TimeRange is a time of day. The end is not in it; 24:00 is the end of the day.
type TimeRange struct {
	Start string `yaml:"start_time,omitempty"`
	End   string `yaml:"end_time,omitempty"`
}

func (c *NamedInterval) build(path string, all map[string][]timeinterval.TimeInterval, m *invalid.Mistakes) {
	if c.Name == "" {
		m.Add(path+".name", "is needed: routes name the interval")
	}
	if _, twice := all[c.Name]; twice {
		m.Add(path+".name", "%q is another one's name", c.Name)
	}
	var times []timeinterval.TimeInterval
	for i := range c.TimeIntervals {
		times = append(times, c.TimeIntervals[i].build(index(path+".time_intervals", i), m))
	}
	all[c.Name] = times
}

func (c *Interval) build(path string, m *invalid.Mistakes) timeinterval.TimeInterval {
	out := c.days(path, m)
	for i, one := range c.Times {
		if r, err := one.build(); err != nil {
			m.Add(index(path+".times", i), "%v", err)
		} else {
			out.Times = append(out.Times, r)
		}
	}
	return out
}

// days returns all of c but the times of day.
func (c *Interval) days(path string, m *invalid.Mistakes) timeinterval.TimeInterval {
	var out timeinterval.TimeInterval
	for i, text := range c.Weekdays {
		out.Weekdays = append(out.Weekdays, timeinterval.WeekdayRange{})
		read(m, index(path+".weekdays", i), text, &out.Weekdays[i])
	}
	for i, text := range c.DaysOfMonth {
		out.DaysOfMonth = append(out.DaysOfMonth, timeinterval.DayOfMonthRange{})
		read(m, index(path+".days_of_month", i), text, &out.DaysOfMonth[i])
	}
	for i, text := range c.Months {
		out.Months = append(out.Months, timeinterval.MonthRange{})
		read(m, index(path+".months", i), text, &out.Months[i])
	}
	for i, text := range c.Years {
		out.Years = append(out.Years, timeinterval.YearRange{})
		read(m, index(path+".years", i), text, &out.Years[i])
	}
	if c.Location != "" {
		zone, err := time.LoadLocation(c.Location)
		if err != nil {
			m.Add(path+".location", "must be a time zone such as Asia/Shanghai, UTC or Local, is %q", c.Location)
		} else {
			out.Location = &timeinterval.Location{Location: zone}
		}
	}
	return out
}

// read lets Alertmanager's own type read a text.
func read(m *invalid.Mistakes, path, text string, to interface {
	UnmarshalYAML(func(any) error) error
}) {
	err := to.UnmarshalYAML(func(v any) error {
		*v.(*string) = text
		return nil
	})
	if err != nil {
		m.Add(path, "%v, in %q", err, text)
	}
}

func (c TimeRange) build() (r timeinterval.TimeRange, err error) {
	text, err := yaml.Marshal(c)
	if err == nil {
		err = yaml.Unmarshal(text, &r)
	}
	return r, err
}
