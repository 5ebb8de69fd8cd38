package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/payment"
	"gatewatch/pipeline"
)

// explainer writes under each document why its facts are what they are.
type explainer struct {
	w *bufio.Writer
	// of is the explanation of the record that comes next.
	of pipeline.Explanation
}

// maxShown is how many characters of a value are shown.
const maxShown = 48

// write writes the explanation of the document before.
func (x *explainer) write(ev *event.Event) {
	if ev.Malformed != "" {
		fmt.Fprintf(x.w, "  no facts: the record does not follow its format\n\n")
		return
	}
	reasons := slices.Concat(x.of.Meant, x.of.Classed)
	for _, r := range x.of.Taken {
		value, why := r.Value, fmt.Sprintf("field %s: %s", r.Field, r.Why)
		switch r.Fact {
		case event.CustomerKey:
			value = string(ev.Fact(event.CustomerKey)) // never the customer's number
		case event.Duration:
			value, why = ev.Duration.String(), fmt.Sprintf("%s; %q", why, value)
		}
		overruled := false
		for _, c := range reasons {
			if c.Fact != r.Fact.String() || c.Value == "" {
				continue
			}
			if c.Value != value {
				why += "; " + c.Why
			}
			value = c.Value
			overruled = !c.Read
		}
		if !overruled {
			x.line(r.Fact.String(), value, why)
		}
	}
	for _, r := range reasons {
		switch {
		case r.Value != "" && !r.Read:
			x.line(r.Fact, r.Value, r.Why)
		case r.Fact == "payment.outcome":
			x.line(r.Fact, "none", r.Why)
		}
	}
	if lines := notTaken(x.of.Left, x.of.Classed); len(lines) > 0 {
		fmt.Fprintln(x.w, "  not taken")
		for _, l := range lines {
			fmt.Fprintf(x.w, "    %s\n", l)
		}
	}
	fmt.Fprintln(x.w)
}

func (x *explainer) line(fact, value, why string) {
	fmt.Fprintf(x.w, "  %-28s %-24s %s\n", fact, shown(value), why)
}

// notTaken returns a line for each value that the log wrote and that did not become a fact.
func notTaken(left []facts.Reason, classed []payment.Reason) []string {
	var lines []string
	for _, r := range left {
		if r.Fact != event.CustomerKey {
			lines = append(lines, fmt.Sprintf("%s %s is not %s: %s", r.Field, shown(r.Value), r.Fact, r.Why))
		}
	}
	for _, r := range classed {
		if r.Value == "" && r.Fact != "payment.outcome" {
			lines = append(lines, r.Fact+" "+r.Why)
		}
	}
	slices.SortStableFunc(lines, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return slices.Compact(lines)
}

// rank sorts what concerns payments before the rest.
func rank(line string) int {
	if strings.Contains(line, "payment.") {
		return 0
	}
	return 1
}

// shown returns a value on one line, cut to a readable length.
func shown(value string) string {
	value = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, value)
	if utf8.RuneCountInString(value) > maxShown {
		value = string([]rune(value)[:maxShown]) + "…"
	}
	return value
}
