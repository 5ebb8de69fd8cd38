package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting/rules"
	"gatewatch/alerting/slo"
)

var update = flag.Bool("update", false, "write the indexes of the runbooks anew")

const runbooks = "../../docs/runbooks/"

// TestRunbookIndex holds the lists of all alerts to the packs; -update writes them anew.
func TestRunbookIndex(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, suffix, head string }{
		{"README.md", ".md", "# What to do when an alert fires\n\n[中文](README.zh.md)\n\n| alert | what it says | severity |\n|---|---|---|\n"},
		{"README.zh.md", ".zh.md", "# 告警处理手册\n\n[English](README.md)\n\n| 告警 | 含义 | 级别 |\n|---|---|---|\n"},
	} {
		var index strings.Builder
		index.WriteString(c.head)
		for _, pack := range slices.Concat(rules.PackNames(), []string{"slo"}) {
			for _, a := range alertsWithSeverity(t, pack) {
				fmt.Fprintf(&index, "| [%s](%s) | %s | %s |\n", a.name, a.page+c.suffix, runbookTitle(t, a.page+c.suffix), strings.Join(a.severities, ", "))
			}
		}
		file := filepath.FromSlash(runbooks + c.file)
		if *update {
			if err := os.WriteFile(file, []byte(index.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != index.String() {
			t.Errorf("%s does not list the alerts of the packs; write it anew: go test ./alerting/rules -run TestRunbookIndex -update", file)
		}
	}
}

// TestEveryRunbookHasAnAlert finds pages of alerts that are no more.
func TestEveryRunbookHasAnAlert(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"README": true}
	for _, pack := range slices.Concat(rules.PackNames(), []string{"slo"}) {
		for _, a := range alertsWithSeverity(t, pack) {
			known[a.page] = true
		}
	}
	pages, err := filepath.Glob(filepath.FromSlash(runbooks + "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("runbooks: %v, %d pages", err, len(pages))
	}
	for _, page := range pages {
		if name, _, _ := strings.Cut(filepath.Base(page), "."); !known[name] {
			t.Errorf("%s: no shipped alert has this runbook", page)
		}
	}
}

// TestRuleMetricsAreDocumented holds docs/rules-metrics.md to every metric that the packs ask of collectors.
func TestRuleMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash("../../docs/rules-metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := parser.NewParser(parser.Options{})
	for _, pack := range rules.PackNames() {
		for _, g := range packGroups(t, pack).Groups {
			for _, r := range g.Rules {
				expr, err := p.ParseExpr(r.Expr)
				if err != nil {
					t.Fatal(err)
				}
				for _, selectors := range parser.ExtractSelectors(expr) {
					name := selectors[len(selectors)-1].Value
					for _, m := range selectors {
						if m.Name == "__name__" {
							name = m.Value
						}
					}
					if ownMetric(name) || strings.Contains(string(text), "`"+name+"`") {
						continue
					}
					t.Errorf("docs/rules-metrics.md does not name %s, which %s of the pack %s asks for", name, r.Alert+r.Record, pack)
				}
			}
		}
	}
}

// ownMetric tells whether a series is made by the agent itself or by a rule: those are documented elsewhere.
func ownMetric(name string) bool {
	for _, prefix := range []string{"gatewatch_", "payment_", "log_", "gateway_http_", "slo_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "ALERTS" || strings.Contains(name, ":")
}

// namedAlert is an alert with its runbook and all its severities.
type namedAlert struct {
	name, page string
	severities []string
}

func alertsWithSeverity(t *testing.T, pack string) (all []namedAlert) {
	t.Helper()
	for _, g := range packGroups(t, pack).Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			at := slices.IndexFunc(all, func(a namedAlert) bool { return a.name == r.Alert })
			if at < 0 {
				at = len(all)
				all = append(all, namedAlert{name: r.Alert, page: strings.TrimSuffix(path.Base(r.Annotations["runbook_url"]), ".md")})
			}
			if s := r.Labels["severity"]; !slices.Contains(all[at].severities, s) {
				all[at].severities = append(all[at].severities, s)
			}
		}
	}
	return all
}

// packGroups returns the rules of a pack; those of "slo" are made for an objective.
func packGroups(t *testing.T, pack string) rulefmt.RuleGroups {
	t.Helper()
	text, err := rules.Pack(pack)
	if pack == "slo" {
		text, err = slo.Rules(slo.Config{Name: "x", Objective: 99, Total: "a_total", Bad: "b_total"})
	}
	if err != nil {
		t.Fatal(err)
	}
	var groups rulefmt.RuleGroups
	if err := yaml.Unmarshal(text, &groups); err != nil {
		t.Fatal(err)
	}
	return groups
}

// runbookTitle returns what the heading of a runbook says behind the alert's name.
func runbookTitle(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(runbooks + file))
	if err != nil {
		t.Fatal(err)
	}
	heading, _, _ := strings.Cut(string(text), "\n")
	_, title, ok := strings.Cut(heading, ": ")
	if !ok {
		t.Errorf("%s: heading %q, want “# Alert: what it says”", file, heading)
	}
	return title
}
