package rules_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting/rules"
	"gatewatch/alerting/ruletest"
	"gatewatch/internal/servicetest"
)

// packTests are the files in promtool's format that test shipped packs: one with the name of each, and further ones.
const packTests = "tests/*_test.yml"

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
			if !slices.Contains(rules.PackNames(), strings.TrimSuffix(filepath.Base(path), "_test.yml")) {
				return // further tests of a pack
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
		for _, a := range alertsWithSeverity(t, rules.PackOf(name)) {
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

// TestShippedRulesAreComplete holds every alert to what messages and people need of it.
func TestShippedRulesAreComplete(t *testing.T) {
	t.Parallel()
	for _, pack := range rules.PackNames() {
		text, err := rules.Pack(pack)
		if err != nil {
			t.Fatal(err)
		}
		groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		if errs != nil {
			t.Fatal(errs)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				if r.Alert == "" {
					continue
				}
				for _, name := range []string{"summary", "summary_zh", "description", "description_zh", "runbook_url"} {
					if r.Annotations[name] == "" {
						t.Errorf("%s has no annotation %s", r.Alert, name)
					}
				}
				if r.Labels["severity"] == "" || r.Labels["verdict"]+r.Annotations["verdict"] == "" {
					t.Errorf("%s has no severity or no verdict", r.Alert)
				}
				book := filepath.Join("..", "..", filepath.FromSlash(r.Annotations["runbook_url"]))
				for _, page := range []string{book, strings.TrimSuffix(book, ".md") + ".zh.md"} {
					if _, err := os.Stat(page); err != nil {
						t.Errorf("%s: %v", r.Alert, err)
					}
				}
			}
		}
	}
}

// TestPromtoolAccepts checks that an older central Prometheus takes the shipped rules as they are.
func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	promtool := servicetest.Program(t, "apt-get install prometheus", "promtool")
	args := []string{"check", "rules"}
	for _, pack := range rules.PackNames() {
		args = append(args, pack+".yml")
	}
	out, err := exec.Command(promtool, args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}
