package slo_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/alerting/ruletest"
	"gatewatch/alerting/slo"
	"gatewatch/internal/invalid"
	"gatewatch/internal/servicetest"
)

var update = flag.Bool("update", false, "write the generated rules in testdata anew")

// objectives are those whose rules are in testdata, by file.
var objectives = map[string]slo.Config{
	"payments.yml": {Name: "payments", Objective: 99.5, Total: "payment_attempts_total", Bad: `payment_attempts_total{outcome="provider_down"}`, By: []string{"provider"}},
	"latency.yml": {
		Name: "latency", Objective: 90, Total: "payment_attempt_duration_seconds_count", Good: `payment_attempt_duration_seconds_bucket{le="2.0"}`,
		Labels: map[string]string{"team": "pay"},
	},
}

// TestGenerated compares generated rules with those in testdata, which the tests there run on.
func TestGenerated(t *testing.T) {
	t.Parallel()
	for name, cfg := range objectives {
		cfg.SetDefaults()
		if err := cfg.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := slo.Rules(cfg)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("rules of %s differ from testdata, which -update writes anew:\n%s", name, got)
		}
	}
}

// TestWhatFires runs the generated rules on made-up series.
func TestWhatFires(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"testdata/slo_test.yml", "testdata/good_test.yml"} {
		result, err := ruletest.Run(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range result.Failures {
			t.Errorf("%s: %s: %s: want %q, got %q, %v", path, f.Test, f.What, f.Expected, f.Got, f.Err)
		}
	}
}

// TestPromtoolAccepts checks that an older central Prometheus takes the rules as they are.
func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	promtool := servicetest.Program(t, "apt-get install prometheus", "promtool")
	out, err := exec.Command(promtool, "check", "rules", "testdata/payments.yml", "testdata/latency.yml").CombinedOutput()
	if err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	f := func(change func(*slo.Config), path string) {
		t.Helper()
		all := []slo.Config{objectives["payments.yml"], objectives["latency.yml"]}
		change(&all[1])
		for i := range all {
			all[i].SetDefaults()
		}
		err := slo.ValidateAll(all, 30*24*time.Hour)
		var mistakes invalid.Mistakes
		if errors.As(err, &mistakes); len(mistakes) != 1 || mistakes[0].Path != path {
			t.Errorf("ValidateAll = %v, want one mistake at %s", err, path)
		}
	}
	f(func(c *slo.Config) { c.Name = "Latency" }, "[1].name")
	f(func(c *slo.Config) { c.Name = "payments" }, "[1].name")
	f(func(c *slo.Config) { c.Objective = 0.995 }, "[1].objective")
	f(func(c *slo.Config) { c.Objective = 100 }, "[1].objective")
	f(func(c *slo.Config) { c.Window = 1 }, "[1].window")
	f(func(c *slo.Config) { c.Window = 31 * 24 * 3600 * 1e9 }, "[1].window")
	f(func(c *slo.Config) { c.Total = "" }, "[1].total")
	f(func(c *slo.Config) { c.Total = "rate(x[5m])" }, "[1].total")
	f(func(c *slo.Config) { c.Total = "x offset 5m" }, "[1].total")
	f(func(c *slo.Config) { c.Good = "x{" }, "[1].good")
	f(func(c *slo.Config) { c.Good = `x{le="2"}` }, "[1].good")
	f(func(c *slo.Config) { c.Good = "" }, "[1].bad")
	f(func(c *slo.Config) { c.Bad = "x" }, "[1].good")
	f(func(c *slo.Config) { c.By = []string{"slo"} }, "[1].by[0]")
	f(func(c *slo.Config) { c.By = []string{"a-b"} }, "[1].by[0]")
	f(func(c *slo.Config) { c.Labels = map[string]string{"severity": "info"} }, "[1].labels.severity")
	f(func(c *slo.Config) { c.QuietErrors = -1 }, "[1].quiet_errors")
	f(func(c *slo.Config) { c.QuietBelow = -1 }, "[1].quiet_below")
}
