package main

import (
	"fmt"
	"slices"
	"strings"
)

// report returns the table of groups and the list of rules that do not match, as Markdown.
func report(all []verdict, asked bool) string {
	var b strings.Builder
	head, line := "| for | rules | match |", "|---|---|---|"
	if asked {
		head, line = head+" evaluate here | all metrics have series here |", line+"---|---|"
	}
	fmt.Fprintf(&b, "%s\n%s\n", head, line)
	var groups []string
	for _, v := range all {
		add(&groups, v.group)
	}
	for _, g := range groups {
		row(&b, g, slices.DeleteFunc(slices.Clone(all), func(v verdict) bool { return v.group != g }), asked)
	}
	row(&b, "**all**", all, asked)
	b.WriteString("\nThose that do not match:\n\n| rule | is missing | why |\n|---|---|---|\n")
	for _, v := range all {
		if !v.matches() {
			missing := slices.Concat(v.absent, v.unlabelled)
			fmt.Fprintf(&b, "| %s: %s | `%s` | %s |\n", v.group, v.rule.name, strings.Join(missing, "`, `"), reason(missing[0]))
		}
	}
	return b.String()
}

func row(b *strings.Builder, name string, of []verdict, asked bool) {
	var match, evaluate, full int
	for i := range of {
		v := &of[i]
		if v.matches() {
			match++
		}
		if v.failure == "" {
			evaluate++
		}
		if len(v.present) == len(v.metrics) {
			full++
		}
	}
	fmt.Fprintf(b, "| %s | %d | %d |", name, len(of), match)
	if asked {
		fmt.Fprintf(b, " %d | %d |", evaluate, full)
	}
	b.WriteString("\n")
}
