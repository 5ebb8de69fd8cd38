package routing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting/routing"
)

// TestMistakes shows that each mistake is named with its key.
func TestMistakes(t *testing.T) {
	t.Parallel()
	f := func(c routing.Config, want ...string) {
		t.Helper()
		got := ""
		if err := c.Validate([]string{"slack", "pager"}); err != nil {
			got = err.Error()
		}
		if got != strings.Join(want, "\n") {
			t.Errorf("Validate() = %s\nwant %s", got, strings.Join(want, "\n"))
		}
	}
	zero := model.Duration(0)
	f(routing.Config{})
	f(routing.Config{Route: &routing.Route{}}, "route.receiver: is needed: who is told of alerts that no route below is for")
	f(routing.Config{Route: &routing.Route{Receiver: "slack", Matchers: []string{"a=b"}, MuteTimeIntervals: []string{"night"}, Continue: true}},
		"route: must have no matchers: all alerts that no route below is for go here", "route: must have no time intervals: put them into a route below",
		"route.continue: must not be true: there is no route beside the first one",
		`route.mute_time_intervals[0]: there is no time interval named "night" in time_intervals`)
	f(routing.Config{Route: &routing.Route{Receiver: "slack", Routes: []routing.Route{
		{Receiver: "nobody", Matchers: []string{"a=b", "severity"}, GroupBy: []string{"a", "a", "..."}, GroupInterval: &zero, RepeatInterval: &zero},
		{MatchRE: map[string]string{"a": "("}, Routes: []routing.Route{{Receiver: "pager"}}},
	}}}, `route.routes[0].matchers[1]: bad matcher format: severity: a matcher looks like severity="critical" or provider=~"ali.*"`,
		`route.routes[0].receiver: there is no receiver named "nobody", there are: pager, slack`,
		`route.routes[0].group_by[1]: "a" is there twice`, `route.routes[0].group_by[2]: "..." is all labels: leave the others away`,
		"route.routes[0].group_interval: must be at least 1s, is 0s", "route.routes[0].repeat_interval: must be more than 0",
		"route.routes[1].match_re.a: error parsing regexp: missing closing ): `^(?:()$`")
	f(routing.Config{InhibitRules: []routing.InhibitRule{{Equal: []string{""}}}},
		`inhibit_rules[0].equal[0]: "" is no name of a label`, "inhibit_rules[0].target_matchers: is needed: without it all alerts would be pointless",
		"inhibit_rules[0].source_matchers: is needed: which alerts make the others pointless")
	f(routing.Config{TimeIntervals: []routing.NamedInterval{{TimeIntervals: []routing.Interval{{
		Times: []routing.TimeRange{{Start: "9", End: "10:00"}}, Weekdays: []string{"someday"}, DaysOfMonth: []string{"32"}, Location: "Mars",
	}}}}}, "time_intervals[0].name: is needed: routes name the interval",
		`time_intervals[0].time_intervals[0].weekdays[0]: someday is not a valid weekday, in "someday"`,
		`time_intervals[0].time_intervals[0].days_of_month[0]: 32 is not a valid day of the month: out of range, in "32"`,
		`time_intervals[0].time_intervals[0].location: must be a time zone such as Asia/Shanghai, UTC or Local, is "Mars"`,
		"time_intervals[0].time_intervals[0].times[0]: couldn't parse timestamp 9, invalid format")
	f(routing.Config{Maintenance: []routing.Window{{}, {Comment: "c", From: "soon", To: "2026-01-01 10:00"}, {Comment: "c", From: "2026-01-01 10:00", To: "2026-01-01 09:00"},
		{Comment: "c", From: "2026-01-01 10:00", Interval: routing.Interval{Weekdays: []string{"monday"}}},
		{Comment: "c", Interval: routing.Interval{Times: []routing.TimeRange{{Start: "10:00", End: "10:00"}}}}}},
		"maintenance[0].comment: is needed: it tells people why alerts are muted", "maintenance[0]: needs from and to, or times or days that come again",
		`maintenance[1].from: must be a time such as 2026-12-01 01:00 or 2026-12-01T01:00:00+08:00, is "soon"`,
		"maintenance[2].to: must be after from, 2026-01-01 10:00",
		"maintenance[3]: must have either from and to, or times and days that come again",
		"maintenance[4].times[0]: start time cannot be equal or greater than end time")
	f(routing.Config{AlertmanagerConfig: "/nowhere", Route: &routing.Route{Receiver: "slack"}},
		"route: must not stand beside alertmanager_config, which says the same: keep one of them", "alertmanager_config: /nowhere: no such file or directory")
}

// TestWays shows where alerts go, and that what a route leaves open comes from the keys beside it.
func TestWays(t *testing.T) {
	t.Parallel()
	wait := model.Duration(time.Minute)
	cfg := routing.Config{
		Route: &routing.Route{Receiver: "slack", Routes: []routing.Route{
			{Receiver: "pager", Matchers: []string{`severity="critical"`}, GroupBy: []string{"..."}, GroupWait: &wait, Continue: true},
			{Matchers: []string{"team=db"}, MuteTimeIntervals: []string{"night"}},
		}},
		TimeIntervals: []routing.NamedInterval{{Name: "night", TimeIntervals: []routing.Interval{{Times: []routing.TimeRange{{Start: "00:00", End: "06:00"}}}}}},
	}
	p, err := cfg.Plan([]string{"slack", "pager", "mail"}, routing.Timing{Wait: model.Duration(time.Second), Interval: model.Duration(10 * time.Second), Repeat: model.Duration(4 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	night := time.Date(2026, 5, 5, 3, 0, 0, 0, time.UTC)
	f := func(labels map[string]string, want ...string) {
		t.Helper()
		var got []string
		for _, w := range p.Ways(labels, night) {
			got = append(got, w.String())
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("Ways(%v) =\n%s\nwant\n%s", labels, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	f(map[string]string{"alertname": "A"}, "slack, because of a route for all alerts", "  grouped  by alertname, provider; told after 1s, changes after 10s, again after 4h")
	f(map[string]string{"severity": "critical", "team": "db"},
		`pager, because of {severity="critical"}`, "  grouped  each alert by itself; told after 1m, changes after 10s, again after 4h",
		`slack, because of {team="db"}`, "  grouped  by alertname, provider; told after 1s, changes after 10s, again after 4h", "  muted    night")
	if want := "receiver mail is told nothing: no route leads to it"; len(p.Warnings) != 1 || p.Warnings[0] != want {
		t.Errorf("Warnings = %q, want %q", p.Warnings, want)
	}
}
