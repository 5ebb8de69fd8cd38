package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"gatewatch/internal/marked"
)

// report prints what came of the scenarios, and puts it into the document when that is wanted.
func report(o options, all []outcome, took time.Duration) error {
	var b strings.Builder
	days := fmt.Sprintf("%d days", o.days)
	if o.once {
		days = "One incident of each scenario, an hour of learning before it"
	}
	fmt.Fprintf(&b, "%s, seed %d, %g attempts a second by day, packs %s.\n\n", days, o.seed, o.rate, o.packs)
	weeks, per := float64(o.days)/7, " a week"
	if o.once {
		weeks, per = 1, ""
	}
	fmt.Fprintf(&b, "| scenario | incidents | found | median | longest | paged | median | longest | false pages%s | false warnings%s |\n"+
		"|---|---|---|---|---|---|---|---|---|---|\n", per, per)
	pages, warnings := 0, 0
	for _, r := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.2g | %.2g |\n", r.name, number(r.incidents), waits(r.waits, r.incidents), waits(r.paged, r.incidents),
			float64(len(r.pages))/weeks, float64(len(r.warnings))/weeks)
		pages, warnings = pages+len(r.pages), warnings+len(r.warnings)
	}
	fmt.Fprintf(&b, "| **all** | | | | | | | | **%.2g** | **%.2g** |\n", float64(pages)/weeks, float64(warnings)/weeks)
	if o.verbose {
		details(all)
	}
	b.WriteString("\n")
	byAlert(&b, all, weeks, per)
	fmt.Println(b.String())
	fmt.Fprintf(os.Stderr, "simulated in %v\n", took.Round(time.Second))
	if o.write == "" {
		return nil
	}
	return marked.Replace(o.write, "month", b.String())
}

// byAlert writes what each alert was good for.
func byAlert(b *strings.Builder, all []outcome, weeks float64, per string) {
	sums := map[string]*use{}
	for _, r := range all {
		for alert, u := range r.uses {
			if sums[alert] == nil {
				sums[alert] = &use{severity: u.severity}
			}
			sums[alert].add(u)
		}
	}
	fmt.Fprintf(b, "| alert | severity | found an incident first | told of one | false%s |\n|---|---|---|---|---|\n", per)
	for _, alert := range slices.Sorted(maps.Keys(sums)) {
		u := sums[alert]
		fmt.Fprintf(b, "| %s | %s | %d | %d | %.2g |\n", alert, u.severity, u.first, u.told, float64(u.untrue)/weeks)
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// waits writes how many there are, their median and the longest one.
func waits(sorted []time.Duration, incidents int) string {
	switch {
	case incidents == 0:
		return " | | "
	case len(sorted) == 0:
		return "0 | | "
	}
	return fmt.Sprintf("%d | %s | %s", len(sorted), short(sorted[len(sorted)/2]), short(sorted[len(sorted)-1]))
}

// short writes a duration in the unit that suits it.
func short(d time.Duration) string {
	switch {
	case d < 3*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 3*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// details prints what was wrong about the alerts.
func details(all []outcome) {
	for _, r := range all {
		for _, e := range append(r.pages, r.warnings...) {
			fmt.Fprintf(os.Stderr, "false %s in %s: %s %v for %v: %s\n", e.Severity, r.name, e.Alert, e.Fired.Format(time.DateTime), e.Ended.Sub(e.Fired), e.Summary)
		}
		for _, in := range r.late {
			fmt.Fprintf(os.Stderr, "found late in %s: %v\n", r.name, in.from.Format(time.DateTime))
		}
		for _, in := range r.missed {
			fmt.Fprintf(os.Stderr, "not found in %s: %v\n", r.name, in.from.Format(time.DateTime))
		}
	}
}
