package routing

import (
	"fmt"
	"time"

	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// maxWindows bounds the maintenance windows.
const maxWindows = 500

// Window is a time in which alerts are muted: once, from one time to another, or again and again.
type Window struct {
	// Why; people see it at muted alerts.
	Comment string `yaml:"comment,omitempty"`
	// Beginning and end of a window that is there once, as in 2026-12-01 01:00, or with a zone 2026-12-01T01:00:00+08:00.
	From string `yaml:"from,omitempty"`
	To   string `yaml:"to,omitempty"`
	// Times of a window that comes again and again, in the form of Alertmanager's intervals. A time whose end is before its
	// start goes over midnight; days are those on which it begins.
	Interval `yaml:",inline"`
	// Conditions on the labels of alerts, all of which must hold. Empty: all alerts.
	Matchers []string `yaml:"matchers,omitempty"`
}

// Windows are maintenance windows.
type Windows []window

// window is a Window that is read.
type window struct {
	comment  string
	matchers amlabels.Matchers
	from, to time.Time // of one that is there once
	zone     *time.Location
	spans    []span
}

// span is a time that comes again and again. What is before midnight and what is after are two spans.
type span struct {
	days  timeinterval.TimeInterval
	times []timeinterval.TimeRange
	// after: the time belongs to the day before.
	after bool
}

// windows reads the maintenance windows.
func (c *Config) windows(m *invalid.Mistakes) Windows {
	if len(c.Maintenance) > maxWindows {
		m.Add("maintenance", "has %d windows, most are %d", len(c.Maintenance), maxWindows)
		return nil
	}
	var all Windows
	for i := range c.Maintenance {
		all = append(all, c.Maintenance[i].build(index("maintenance", i), m))
	}
	return all
}

func (c *Window) build(path string, m *invalid.Mistakes) window {
	w := window{comment: c.Comment, matchers: amlabels.Matchers(readMatchers(m, path+".matchers", c.Matchers)), zone: time.Local}
	if c.Comment == "" {
		m.Add(path+".comment", "is needed: it tells people why alerts are muted")
	}
	days := c.days(path, m)
	if days.Location != nil {
		w.zone = days.Location.Location
	}
	days.Location = nil // times are looked at in the window's zone
	recurs := c.Times != nil || days.Weekdays != nil || days.DaysOfMonth != nil || days.Months != nil || days.Years != nil
	switch {
	case recurs && c.From+c.To != "":
		m.Add(path, "must have either from and to, or times and days that come again")
	case recurs:
		w.spans = c.spans(path, days, m)
	case c.From == "" || c.To == "":
		m.Add(path, "needs from and to, or times or days that come again")
	default:
		w.once(c, path, m)
	}
	return w
}

// once reads the beginning and the end of a window that is there once.
func (w *window) once(c *Window, path string, m *invalid.Mistakes) {
	var err error
	if w.from, err = readTime(c.From, w.zone, -time.Hour); err != nil {
		m.Add(path+".from", "%v", err)
	}
	if w.to, err = readTime(c.To, w.zone, time.Hour); err != nil {
		m.Add(path+".to", "%v", err)
	}
	if !w.from.IsZero() && !w.to.IsZero() && !w.from.Before(w.to) {
		m.Add(path+".to", "must be after from, %s", c.From)
	}
}

// readTime reads a time. One that a clock shows twice, because it is set back, is the one on the side of twice.
func readTime(text string, zone *time.Location, twice time.Duration) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if other := t.Add(twice); other.Format(layout) == t.Format(layout) {
			t = other
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("must be a time such as 2026-12-01 01:00 or 2026-12-01T01:00:00+08:00, is %q", text)
}

// spans reads the times of a window that comes again, in two parts where they go over midnight.
func (c *Window) spans(path string, days timeinterval.TimeInterval, m *invalid.Mistakes) []span {
	if c.Times == nil {
		return []span{{days: days}}
	}
	var all []span
	for i, one := range c.Times {
		parts := []TimeRange{one}
		if one.Start > one.End && len(one.Start) == len(one.End) { // hh:mm sorts as the times do
			parts = []TimeRange{{one.Start, "24:00"}, {"00:00", one.End}}
			if one.End == "00:00" {
				parts = parts[:1]
			}
		}
		for after, part := range parts {
			r, err := part.build()
			if err != nil {
				m.Add(index(path+".times", i), "%v", err)
				break
			}
			all = append(all, span{days, []timeinterval.TimeRange{r}, after == 1})
		}
	}
	return all
}

// open tells whether the window is open at now.
func (w *window) open(now time.Time) bool {
	if w.spans == nil {
		return !now.Before(w.from) && now.Before(w.to)
	}
	now = now.In(w.zone)
	for _, s := range w.spans {
		day := now
		if s.after {
			day = time.Date(now.Year(), now.Month(), now.Day()-1, 12, 0, 0, 0, w.zone)
		}
		if s.days.ContainsTime(day) && (timeinterval.TimeInterval{Times: s.times}).ContainsTime(now) {
			return true
		}
	}
	return false
}

// Mutes returns why an alert with these labels is muted at now, "" when it is not.
func (all Windows) Mutes(labels map[string]string, now time.Time) string {
	var set model.LabelSet
	for i := range all {
		if !all[i].open(now) {
			continue
		}
		if set == nil {
			set = labelSet(labels)
		}
		if all[i].matchers.Matches(set) {
			return all[i].comment
		}
	}
	return ""
}

func labelSet(in map[string]string) model.LabelSet {
	out := make(model.LabelSet, len(in))
	for name, value := range in {
		out[model.LabelName(name)] = model.LabelValue(value)
	}
	return out
}
