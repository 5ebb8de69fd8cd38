package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"gatewatch/alerting"
)

// replayReport is what a replay found. Its JSON form is for programs.
type replayReport struct {
	Files   int       `json:"files"`
	Records int       `json:"records"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Off are records whose times do not fit those around them, Gaps spans without records that were passed over.
	Off   int          `json:"off_records"`
	Gaps  int          `json:"gaps"`
	Rules []sideReport `json:"rules"`
}

// sideReport is what one set of rules found.
type sideReport struct {
	Name   string         `json:"name"`
	PerDay float64        `json:"alerts_per_day"`
	Alerts []alertSummary `json:"alerts"`
	// Only are the episodes that the other set of rules has nothing to say about at that time.
	Episodes  []alerting.Episode `json:"episodes"`
	Only      []alerting.Episode `json:"only_here,omitempty"`
	Forgotten int                `json:"forgotten,omitempty"`
	Failures  map[string]string  `json:"failed_rules,omitempty"`
}

// alertSummary is how one alert behaved.
type alertSummary struct {
	Alert    string         `json:"alert"`
	Severity string         `json:"severity"`
	Times    int            `json:"times"`
	PerDay   float64        `json:"per_day"`
	Firing   float64        `json:"firing_seconds"`
	Longest  float64        `json:"longest_seconds"`
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
	Verdicts map[string]int `json:"verdicts"`
}

func newReplayReport(r *replay, files int) *replayReport {
	report := &replayReport{Files: files, Records: r.records, From: r.first.UTC(), To: r.last.UTC(), Off: r.off, Gaps: r.gaps}
	for _, s := range r.sides {
		one := sideReport{Name: s.name, Episodes: s.alerts.Episodes(), Forgotten: s.alerts.Forgotten, Failures: map[string]string{}}
		for i := range one.Episodes {
			e := &one.Episodes[i]
			e.Fired, e.Since = e.Fired.UTC(), e.Since.UTC()
			if !e.Ended.IsZero() {
				e.Ended = e.Ended.UTC()
			}
		}
		for name, err := range s.alerts.Failures() {
			one.Failures[name] = err.Error()
		}
		one.PerDay = report.perDay(len(one.Episodes))
		one.Alerts = report.summaries(one.Episodes)
		report.Rules = append(report.Rules, one)
	}
	if len(report.Rules) == 2 {
		a, b := &report.Rules[0], &report.Rules[1]
		a.Only, b.Only = report.without(a.Episodes, b.Episodes), report.without(b.Episodes, a.Episodes)
	}
	return report
}

// perDay is how many n are in a day. Less than an hour says nothing about a day and counts as one.
func (r *replayReport) perDay(n int) float64 {
	return float64(n) / max(r.To.Sub(r.From), time.Hour).Hours() * 24
}

// end is when an episode was over, at the latest with the logs.
func (r *replayReport) end(e *alerting.Episode) time.Time {
	if e.Ended.IsZero() {
		return r.To
	}
	return e.Ended
}

func (r *replayReport) lasted(e *alerting.Episode) time.Duration {
	return max(0, r.end(e).Sub(e.Fired))
}

func (r *replayReport) summaries(episodes []alerting.Episode) []alertSummary {
	by := map[string]*alertSummary{}
	for i := range episodes {
		e := &episodes[i]
		s := by[e.Alert]
		if s == nil {
			s = &alertSummary{Alert: e.Alert, Severity: e.Severity, First: e.Fired, Verdicts: map[string]int{}}
			by[e.Alert] = s
		}
		lasted := r.lasted(e).Seconds()
		s.Times++
		s.Firing += lasted
		s.Longest = max(s.Longest, lasted)
		s.Last = e.Fired
		s.Verdicts[e.Verdict]++
	}
	all := []alertSummary{}
	for _, s := range by {
		s.PerDay = r.perDay(s.Times)
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b alertSummary) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Alert, b.Alert))
	})
	return all
}

// without returns the episodes of which there is none of the same provider in others at the same time: two sets of rules
// have other names for one incident.
func (r *replayReport) without(episodes, others []alerting.Episode) []alerting.Episode {
	var only []alerting.Episode
	for i := range episodes {
		e := &episodes[i]
		if !slices.ContainsFunc(others, func(o alerting.Episode) bool {
			return o.Labels["provider"] == e.Labels["provider"] && !o.Fired.After(r.end(e)) && !r.end(&o).Before(e.Fired)
		}) {
			only = append(only, *e)
		}
	}
	return only
}

// print writes the report as tables, with times in UTC.
func (r *replayReport) print(to io.Writer) error {
	fmt.Fprintf(to, "%d records in %d files, %s to %s UTC\n", r.Records, r.Files, r.From.Format(time.DateTime), r.To.Format(time.DateTime))
	if r.Off > 0 {
		fmt.Fprintf(to, "%d records have times more than %v from those around them; they count where they stand\n", r.Off, offClock)
	}
	if r.Gaps > 0 {
		fmt.Fprintf(to, "%d gaps of more than %v were passed over\n", r.Gaps, replayIdle)
	}
	for i := range r.Rules {
		s := &r.Rules[i]
		fmt.Fprintf(to, "\n%s: %d alerts, %.1f a day\n", s.Name, len(s.Episodes), s.PerDay)
		for _, name := range slices.Sorted(maps.Keys(s.Failures)) {
			fmt.Fprintf(to, "  rule %s failed: %s\n", name, s.Failures[name])
		}
		if s.Forgotten > 0 {
			fmt.Fprintf(to, "  and %d more that are not shown\n", s.Forgotten)
		}
		if err := cmp.Or(r.printSummaries(to, s.Alerts), r.printEpisodes(to, s.Episodes)); err != nil {
			return err
		}
	}
	if len(r.Rules) < 2 {
		return nil
	}
	for i := range r.Rules {
		s := &r.Rules[i]
		fmt.Fprintf(to, "\nonly %s: %d alerts\n", s.Name, len(s.Only))
		if err := r.printEpisodes(to, s.Only); err != nil {
			return err
		}
	}
	return nil
}

func (r *replayReport) printSummaries(to io.Writer, all []alertSummary) error {
	if len(all) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nALERT\tSEVERITY\tTIMES\tPER DAY\tFIRING\tLONGEST\tFIRST\tLAST\tVERDICTS")
	for _, s := range all {
		var verdicts []string
		for _, v := range slices.Sorted(maps.Keys(s.Verdicts)) {
			verdicts = append(verdicts, fmt.Sprintf("%s %d", v, s.Verdicts[v]))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%.1f\t%v\t%v\t%s\t%s\t%s\n", s.Alert, s.Severity, s.Times, s.PerDay, seconds(s.Firing), seconds(s.Longest),
			s.First.Format(time.DateTime), s.Last.Format(time.DateTime), strings.Join(verdicts, ", "))
	}
	return w.Flush()
}

func (r *replayReport) printEpisodes(to io.Writer, all []alerting.Episode) error {
	if len(all) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nFIRED\tLASTED\tALERT\tLABELS\tVERDICT\tSUMMARY")
	for i := range all {
		e := &all[i]
		lasted := seconds(r.lasted(e).Seconds())
		if e.Ended.IsZero() {
			lasted += ", goes on"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", e.Fired.Format(time.DateTime), lasted, e.Alert, dash(identity(e.Labels)), e.Verdict, e.Summary)
	}
	return w.Flush()
}

// identity writes the labels that tell an alert from others of its name.
func identity(labels map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "alertname" && name != "severity" && name != "verdict" {
			parts = append(parts, name+"="+labels[name])
		}
	}
	return strings.Join(parts, " ")
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}
