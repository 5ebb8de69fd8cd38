package main

import (
	"fmt"
	"slices"
	"strings"
)

// report returns the table of groups and the lists of rules that do not match and that have no series, as Markdown.
func report(all []verdict, asked []place) string {
	var b strings.Builder
	b.WriteString("| for | rules | match |")
	for _, p := range asked {
		fmt.Fprintf(&b, " %s |", p.name)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(asked)) + "\n")
	var groups []string
	for _, v := range all {
		add(&groups, v.group)
	}
	for _, g := range groups {
		row(&b, g, slices.DeleteFunc(slices.Clone(all), func(v verdict) bool { return v.group != g }), len(asked))
	}
	row(&b, "**all**", all, len(asked))
	b.WriteString("\nThose that do not match:\n\n| rule | is missing | why |\n|---|---|---|\n")
	for _, v := range all {
		if !v.matches() {
			missing := slices.Concat(v.absent, v.unlabelled)
			fmt.Fprintf(&b, "| %s: %s | `%s` | %s |\n", v.group, v.rule.name, strings.Join(missing, "`, `"), reason(missing[0]))
		}
	}
	if len(asked) > 0 {
		silent(&b, all, asked)
	}
	return b.String()
}

func row(b *strings.Builder, name string, of []verdict, places int) {
	match, live := 0, make([]int, places)
	for _, v := range of {
		if v.matches() {
			match++
		}
		for i := range live {
			if v.live(i) {
				live[i]++
			}
		}
	}
	fmt.Fprintf(b, "| %s | %d | %d |", name, len(of), match)
	for _, n := range live {
		fmt.Fprintf(b, " %d |", n)
	}
	b.WriteString("\n")
}

// silent lists the rules that match and are not live at the first place.
func silent(b *strings.Builder, all []verdict, asked []place) {
	b.WriteString("\nThose that match and had no series in this measurement:\n\n| rule | without series | live elsewhere | why |\n|---|---|---|---|\n")
	for _, v := range all {
		first := v.answers[0]
		if !v.matches() || v.live(0) {
			continue
		}
		without, why := "-", apart
		if first.failure != "" {
			without, why = "-", failed(v.rule.expr, first.failure)
		} else if len(first.silent) > 0 {
			without, why = "`"+strings.Join(first.silent, "`, `")+"`", silence(first.silent[0])
		}
		var elsewhere []string
		for i, p := range asked {
			if v.live(i) {
				elsewhere = append(elsewhere, p.name)
			}
		}
		fmt.Fprintf(b, "| %s: %s | %s | %s | %s |\n", v.group, v.rule.name, strings.ReplaceAll(without, "|", "\\|"), strings.Join(elsewhere, ", "), why)
	}
}

// failed says why a rule fails: what is known of its metrics, or else what the agent says.
func failed(expr, failure string) string {
	for _, r := range silences {
		if strings.Contains(expr, r.begins) {
			return r.why
		}
	}
	return failure
}
