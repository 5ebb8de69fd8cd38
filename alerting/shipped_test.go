package alerting_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v3"

	"gatewatch/alerting"
	"gatewatch/alerting/ruletest"
)

// packTests are the files in promtool's format that test shipped packs, one each.
const packTests = "rules/tests/*_test.yml"

// alertAsked finds the alert that an expression of a test asks for.
var alertAsked = regexp.MustCompile(`ALERTS\{alertname="(\w+)",alertstate="firing"`)

// TestPackTests runs the tests of shipped packs, and holds each alert of such a pack to two of them: one in which it
// fires and one in which it must not.
func TestPackTests(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(packTests)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %d files", packTests, err, len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			result, err := ruletest.Run(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range result.Failures {
				t.Errorf("%s: %s: want %q, got %q, %v", f.Test, f.What, f.Expected, f.Got, f.Err)
			}
			fires, silent := askedFor(t, path)
			for _, name := range alertsOf(t, path) {
				if !fires[name] || !silent[name] {
					t.Errorf("%s: tested while it fires: %v, while it must not: %v; want both", name, fires[name], silent[name])
				}
			}
		})
	}
}

// askedFor returns the alerts that a file of tests wants to fire, and those that it wants not to.
func askedFor(t *testing.T, path string) (fires, silent map[string]bool) {
	t.Helper()
	var file struct {
		Tests []struct {
			Alerts []struct {
				Name   string `yaml:"alertname"`
				Alerts []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
			Expressions []struct {
				Expr    string
				Samples []any `yaml:"exp_samples"`
			} `yaml:"promql_expr_test"`
		}
	}
	unmarshal(t, path, &file)
	fires, silent = map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, a := range test.Alerts {
			fires[a.Name] = fires[a.Name] || len(a.Alerts) > 0
			silent[a.Name] = silent[a.Name] || len(a.Alerts) == 0
		}
		for _, e := range test.Expressions {
			asked := alertAsked.FindStringSubmatch(e.Expr)
			switch {
			case asked == nil:
			case len(e.Samples) > 0:
				fires[asked[1]] = true
			default:
				silent[asked[1]] = true
			}
		}
	}
	return fires, silent
}

// alertsOf returns the alerts of the packs that a file of tests names.
func alertsOf(t *testing.T, path string) (names []string) {
	t.Helper()
	var file struct {
		RuleFiles []string `yaml:"rule_files"`
	}
	unmarshal(t, path, &file)
	for _, name := range file.RuleFiles {
		for _, a := range alertsWithSeverity(t, alerting.PackOf(name)) {
			names = append(names, a.name)
		}
	}
	return names
}

func unmarshal(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
