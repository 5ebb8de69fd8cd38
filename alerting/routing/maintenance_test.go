package routing_test

import (
	"strings"
	"testing"
	"time"

	"gatewatch/alerting/routing"
)

func windows(t *testing.T, w ...routing.Window) routing.Windows {
	t.Helper()
	cfg := routing.Config{Maintenance: w}
	p, err := cfg.Plan(nil, routing.Timing{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Windows
}

// TestWindows asks windows about times in UTC, over midnight and over changes of the clock.
func TestWindows(t *testing.T) {
	t.Parallel()
	night := []routing.TimeRange{{Start: "23:30", End: "00:30"}}
	early := []routing.TimeRange{{Start: "01:30", End: "03:30"}}
	const berlin = "Europe/Berlin" // UTC+1; UTC+2 from 2026-03-29 01:00 to 2026-10-25 01:00 UTC
	for _, c := range []struct {
		name     string
		w        routing.Window
		in, outs string // times in UTC, with commas between
	}{
		{"once, in a zone", routing.Window{From: "2026-12-01 01:00", To: "2026-12-01 03:00", Interval: routing.Interval{Location: "Asia/Shanghai"}},
			"2026-11-30 17:00,2026-11-30 18:59", "2026-11-30 16:59,2026-11-30 19:00,2026-12-01 02:00"},
		{"once, with its own zone", routing.Window{From: "2026-12-01T01:00:00+08:00", To: "2026-11-30T18:00Z"}, "2026-11-30 17:30", "2026-11-30 18:00"},
		{"once, from a time that does not exist", routing.Window{From: "2026-03-29 02:30", To: "2026-03-29 04:00", Interval: routing.Interval{Location: berlin}},
			"2026-03-29 01:30,2026-03-29 01:59", "2026-03-29 02:00"},
		{"once, in the hour that comes twice", routing.Window{From: "2026-10-25 02:00", To: "2026-10-25 02:30", Interval: routing.Interval{Location: berlin}},
			"2026-10-25 00:00,2026-10-25 00:59,2026-10-25 01:29", "2026-10-24 23:59,2026-10-25 01:30"},
		{"over midnight", routing.Window{Interval: routing.Interval{Times: night, Location: "UTC"}},
			"2026-05-05 23:30,2026-05-05 00:00,2026-05-05 00:29", "2026-05-05 23:29,2026-05-05 00:30,2026-05-05 12:00"},
		{"over midnight, on the day it begins", routing.Window{Interval: routing.Interval{Times: night, Weekdays: []string{"friday"}, Location: "UTC"}},
			"2026-05-08 23:45,2026-05-09 00:15", "2026-05-08 00:15,2026-05-09 23:45"},
		{"over the end of a month", routing.Window{Interval: routing.Interval{Times: night, DaysOfMonth: []string{"-1"}, Location: "UTC"}},
			"2026-02-28 23:45,2026-03-01 00:15,2026-03-31 23:45", "2026-02-27 23:45,2026-02-28 00:15,2026-03-31 00:15"},
		{"over the end of a year", routing.Window{Interval: routing.Interval{Times: night, Months: []string{"december"}, Years: []string{"2026"}, Location: "UTC"}},
			"2026-12-31 23:45,2027-01-01 00:15", "2026-12-01 00:15,2027-12-31 23:45"},
		{"until midnight", routing.Window{Interval: routing.Interval{Times: []routing.TimeRange{{Start: "22:00", End: "00:00"}}, Location: "UTC"}},
			"2026-05-05 22:00,2026-05-05 23:59", "2026-05-05 00:00"},
		{"over midnight and a change of the clock", routing.Window{Interval: routing.Interval{Times: []routing.TimeRange{{Start: "23:00", End: "04:00"}}, Weekdays: []string{"saturday"}, Location: berlin}},
			"2026-03-28 22:00,2026-03-29 00:59,2026-03-29 01:00,2026-03-29 01:59,2026-10-24 21:00,2026-10-25 02:59", "2026-03-28 21:59,2026-03-29 02:00,2026-10-25 03:00"},
		{"when the clock is set on", routing.Window{Interval: routing.Interval{Times: early, Location: berlin}}, // 03:00 follows 01:59
			"2026-03-29 00:30,2026-03-29 01:00,2026-03-29 01:29", "2026-03-29 00:29,2026-03-29 01:30"},
		{"when the clock is set back", routing.Window{Interval: routing.Interval{Times: early, Location: berlin}}, // 02:00 to 03:00 comes twice
			"2026-10-24 23:30,2026-10-25 00:30,2026-10-25 01:30,2026-10-25 02:29", "2026-10-24 23:29,2026-10-25 02:30"},
		{"whole days", routing.Window{Interval: routing.Interval{Weekdays: []string{"saturday", "sunday"}, Location: "Asia/Shanghai"}},
			"2026-05-08 16:00,2026-05-10 15:59", "2026-05-08 15:59,2026-05-10 16:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.w.Comment = "because"
			all := windows(t, c.w)
			for want, times := range map[string]string{"because": c.in, "": c.outs} {
				for at := range strings.SplitSeq(times, ",") {
					now, err := time.Parse("2006-01-02 15:04", at)
					if err != nil {
						t.Fatal(err)
					}
					if got := all.Mutes(map[string]string{"alertname": "A"}, now); got != want {
						t.Errorf("Mutes() at %s = %q, want %q", at, got, want)
					}
				}
			}
		})
	}
}

// TestWindowMatchers shows which alerts a window is for.
func TestWindowMatchers(t *testing.T) {
	t.Parallel()
	always := routing.Interval{Times: []routing.TimeRange{{Start: "00:00", End: "24:00"}}}
	all := windows(t,
		routing.Window{Comment: "alipay", Interval: always, Matchers: []string{`provider="alipay"`, "severity!=critical"}},
		routing.Window{Comment: "databases", Interval: always, Matchers: []string{`alertname=~"(MySQL|Postgres).*"`}})
	f := func(want, alert, provider, severity string) {
		t.Helper()
		if got := all.Mutes(map[string]string{"alertname": alert, "provider": provider, "severity": severity}, time.Now()); got != want {
			t.Errorf("Mutes(%s %s %s) = %q, want %q", alert, provider, severity, got, want)
		}
	}
	f("alipay", "A", "alipay", "warning")
	f("", "A", "alipay", "critical")
	f("databases", "MySQLDown", "alipay", "critical")
	f("", "A", "stripe", "warning")
}
