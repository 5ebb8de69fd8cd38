package slo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
)

// Runbooks of the alerts.
const (
	runbookBurn  = "docs/runbooks/SLOBudgetBurn.md"
	runbookQuiet = "docs/runbooks/SLOErrorsQuiet.md"
)

const (
	// minBad is the fewest bad events of a burn rate that is told.
	minBad = 3
	// fastInterval is how often burn rates are evaluated; budgets are as often as the sums they are made of.
	fastInterval = 30 * time.Second
	sumInterval  = 5 * time.Minute
)

// burn is a pair of windows in which the budget burns too fast: by the long one it matters, by the short one it still
// goes on.
type burn struct {
	long, short string
	hours       float64 // of long
	// spent is the share of the budget that is gone when the long window is over.
	spent float64
}

// The pairs of the Site Reliability Workbook. In a window of 30 days they are burn rates of 14.4, 6, 3 and 1.
var (
	fast = []burn{{"1h", "5m", 1, 0.02}, {"6h", "30m", 6, 0.05}}
	slow = []burn{{"1d", "2h", 24, 0.10}, {"3d", "6h", 72, 0.10}}
)

// Rules returns the rules of objectives as a file that Prometheus reads.
func Rules(objectives ...Config) ([]byte, error) {
	var all rulefmt.RuleGroups
	for _, c := range objectives {
		m := maker{Config: c, budget: 1 - c.Objective/100}
		all.Groups = append(all.Groups,
			// Groups are evaluated in the order of their names.
			rulefmt.RuleGroup{Name: "slo-" + c.Name, Interval: model.Duration(sumInterval), Rules: m.sums()},
			rulefmt.RuleGroup{Name: "slo-" + c.Name + "-burn", Interval: model.Duration(fastInterval), Rules: append(m.ratios(), m.alerts()...)})
	}
	return yaml.Marshal(all)
}

// maker writes the rules of one objective. budget is the share of events that may be bad.
type maker struct {
	Config
	budget float64
}

// sum is the number of events over a range of the log's counters.
func (m maker) sum(selector, window string) string {
	by := ""
	if len(m.By) > 0 {
		by = "by (" + strings.Join(m.By, ", ") + ") "
	}
	return fmt.Sprintf("sum %s(increase(%s[%s]))", by, selector, window)
}

// bad is the number of bad events over a range of the log's counters, 0 where there were only others.
func (m maker) bad(window string) string {
	total := m.sum(m.Total, window)
	if m.Good != "" {
		return fmt.Sprintf("clamp_min(%[1]s - (%[2]s or %[1]s * 0), 0)", total, m.sum(m.Good, window))
	}
	return fmt.Sprintf("%s or %s * 0", m.sum(m.Bad, window), total)
}

func (m maker) record(name, expr string) rulefmt.Rule {
	return rulefmt.Rule{Record: name, Expr: expr, Labels: map[string]string{"slo": m.Name}}
}

// of selects a recorded series of this objective.
func (m maker) of(name string) string { return fmt.Sprintf("%s{slo=%q}", name, m.Name) }

// sums are counts over five minutes, of which those over days are made, and the state of the error budget.
func (m maker) sums() []rulefmt.Rule {
	over := func(name string) string { return fmt.Sprintf("sum_over_time(%s[%s])", m.of(name), m.Window) }
	return []rulefmt.Rule{
		m.record("slo:events_total:increase5m", m.sum(m.Total, "5m")),
		m.record("slo:events_bad:increase5m", m.bad("5m")),
		m.record("slo:objective:ratio", "vector("+number(m.Objective/100)+")"),
		m.record("slo:error_budget:ratio", "vector("+number(m.budget)+")"),
		m.record("slo:period_events_total:sum", over("slo:events_total:increase5m")),
		m.record("slo:period_events_bad:sum", over("slo:events_bad:increase5m")),
		m.record("slo:period_sli_error:ratio", m.of("slo:period_events_bad:sum")+" / ("+m.of("slo:period_events_total:sum")+" > 0)"),
		m.record("slo:period_error_budget_remaining:ratio", "1 - "+m.of("slo:period_sli_error:ratio")+" / "+number(m.budget)),
	}
}

// ratios are the shares of bad events over all windows, and their lower bounds over the long ones.
func (m maker) ratios() []rulefmt.Rule {
	var all []rulefmt.Rule
	for _, window := range []string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"} {
		total, bad := m.sum(m.Total, window), m.bad(window)
		if longer := !slices.Contains([]string{"5m", "30m", "1h"}, window); longer {
			// Counters are read over an hour at most: over days that would be millions of samples.
			total = fmt.Sprintf("sum_over_time(%s[%s])", m.of("slo:events_total:increase5m"), window)
			bad = fmt.Sprintf("sum_over_time(%s[%s])", m.of("slo:events_bad:increase5m"), window)
		}
		ratio := "slo:sli_error:ratio_rate" + window
		if !isLong(window) {
			all = append(all, m.record(ratio, "("+bad+") / ("+total+" > 0)"))
			continue
		}
		n, k := "slo:events_total:increase"+window, "slo:events_bad:increase"+window
		all = append(all, m.record(n, total), m.record(k, bad),
			m.record(ratio, m.of(k)+" / ("+m.of(n)+" > 0)"), m.record("slo:sli_error:low"+window, m.low(k, n)))
	}
	return append(all, m.record("slo:current_burn_rate:ratio", m.of("slo:sli_error:ratio_rate1h")+" / "+number(m.budget)))
}

func isLong(window string) bool {
	return slices.ContainsFunc(slices.Concat(fast, slow), func(b burn) bool { return b.long == window })
}

// low is the lower end of the Wilson interval of k bad of n events, with 95 % certainty on that side (z = 1.645).
func (m maker) low(k, n string) string {
	return fmt.Sprintf("(%[1]s + 1.353 - 1.645 * sqrt(%[1]s * (1 - %[1]s / (%[2]s > 0)) + 0.6765)) / (%[2]s + 2.706)", m.of(k), m.of(n))
}

// burning is the burn rate over the long window of each pair, where it is too high. Pairs that ask for more than all events
// to be bad are left out.
func (m maker) burning(pairs []burn) string {
	var all []string
	for _, b := range pairs {
		limit := m.budget * b.spent * time.Duration(m.Window).Hours() / b.hours
		if limit >= 1 {
			continue
		}
		all = append(all, fmt.Sprintf("(%s / %s and %s > %s and %s > %s and %s >= %d)",
			m.of("slo:sli_error:ratio_rate"+b.long), number(m.budget),
			m.of("slo:sli_error:low"+b.long), number(limit),
			m.of("slo:sli_error:ratio_rate"+b.short), number(limit),
			m.of("slo:events_bad:increase"+b.long), minBad))
	}
	return strings.Join(all, " or ")
}

func (m maker) alerts() []rulefmt.Rule {
	var all []rulefmt.Rule
	known := ""
	if expr := m.burning(fast); expr != "" {
		all = append(all, m.record("slo:burn_fast:ratio", expr),
			m.alert("SLOBudgetBurnFast", "critical", m.of("slo:burn_fast:ratio"), runbookBurn, m.burnTexts()))
		known = " unless " + m.of("slo:burn_fast:ratio")
	}
	if expr := m.burning(slow); expr != "" {
		all = append(all, m.alert("SLOBudgetBurnSlow", "warning", "("+expr+")"+known, runbookBurn, m.burnTexts()))
	}
	quiet := fmt.Sprintf("%s >= %d and %s < %d%s",
		m.of("slo:events_bad:increase1h"), m.QuietErrors, m.of("slo:events_total:increase1h"), m.QuietBelow, known)
	return append(all, m.alert("SLOErrorsQuiet", "warning", quiet, runbookQuiet, m.quietTexts()))
}

func (m maker) alert(name, severity, expr, runbook string, texts map[string]string) rulefmt.Rule {
	labels := map[string]string{"slo": m.Name, "severity": severity}
	maps.Copy(labels, m.Labels)
	texts["verdict"], texts["runbook_url"] = "unknown", runbook
	return rulefmt.Rule{
		Alert: name, Expr: expr, KeepFiringFor: model.Duration(2 * time.Minute), Labels: labels, Annotations: texts,
	}
}

// number writes a number as a person would: 0.005 and not 0.0050000000000000044.
func number(x float64) string { return strconv.FormatFloat(x, 'g', 10, 64) }
