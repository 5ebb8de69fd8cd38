package ruletest_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/alerting/ruletest"
	"gatewatch/internal/servicetest"
)

// files are the tests in testdata, and whether they hold.
var files = []struct {
	name string
	good bool
	// newer: uses what Debian's promtool does not know.
	newer bool
	// kinder: promtool lets it pass.
	kinder bool
}{
	{name: "good_test.yml", good: true},
	{name: "bad_alert_test.yml"},
	{name: "bad_value_test.yml"},
	{name: "bad_type_test.yml"},
	{name: "bad_order_test.yml"},
	{name: "bad_series_test.yml"},
	{name: "newer_test.yml", good: true, newer: true},
	{name: "bad_template_test.yml", kinder: true},
	{name: "forbidden_retries_test.yml", good: true},
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			result, err := ruletest.Run(t.Context(), filepath.Join("testdata", f.name))
			if good := err == nil && len(result.Failures) == 0; good != f.good {
				t.Errorf("Run = %+v, %v, want good %v", result, err, f.good)
			}
		})
	}
}

func TestFailuresSayWhatIsDifferent(t *testing.T) {
	t.Parallel()
	f := func(file, what, expected, got, problem string) {
		t.Helper()
		result, err := ruletest.Run(t.Context(), filepath.Join("testdata", file))
		if err != nil || len(result.Failures) != 1 {
			t.Fatalf("Run(%s) = %+v, %v, want one failure", file, result, err)
		}
		one := result.Failures[0]
		is := ""
		if one.Err != nil {
			is = one.Err.Error()
		}
		if one.Test != "tests[0]" || one.What != what || strings.Join(one.Expected, "\n") != expected || strings.Join(one.Got, "\n") != got || is != problem {
			t.Errorf("Run(%s) failed with %+v", file, one)
		}
	}
	f("bad_alert_test.yml", "alert ManyRequests at 3m",
		`{alertname="ManyRequests", job="pay", severity="warning"} annotations {summary="other"}`,
		`{alertname="ManyRequests", job="pay", severity="warning"} annotations {link="/graph", summary="pay: 3.0 a second"}`, "")
	f("bad_value_test.yml", "expression latency at 1m", `{__name__="latency"} 0.3`, `{__name__="latency"} 0.30000000000000004`, "")
	f("bad_template_test.yml", "rule Slow at 1m0s", "", "",
		`annotation summary: error expanding template: error executing template __alert_Slow: template: __alert_Slow:1:144: executing "__alert_Slow" at <first>: error calling first: first() called on vector with no elements`)
	f("bad_type_test.yml", "expression latency[5m] at 1m", "", "", "the result is a matrix, want numbers at one time")
}

// TestPromtoolAgrees runs the same files with Debian's promtool.
func TestPromtoolAgrees(t *testing.T) {
	t.Parallel()
	promtool := servicetest.Program(t, "apt-get install prometheus", "promtool")
	for _, f := range files {
		if f.newer {
			continue
		}
		out, err := exec.Command(promtool, "test", "rules", filepath.Join("testdata", f.name)).CombinedOutput()
		if good := err == nil; good != (f.good || f.kinder) {
			t.Errorf("promtool test rules %s: good %v, ours %v\n%s", f.name, good, f.good, out)
		}
	}
}
