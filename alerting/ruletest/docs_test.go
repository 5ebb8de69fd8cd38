package ruletest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"gatewatch/alerting/ruletest"
)

// TestDocumentedExample runs the rules and the test that docs/rules.md shows.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	blocks := regexp.MustCompile("(?s)```yaml\n# (\\S+)\n(.*?)```").FindAllSubmatch(text, -1)
	for _, b := range blocks {
		if err := os.WriteFile(filepath.Join(dir, string(b[1])), b[2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	result, err := ruletest.Run(t.Context(), filepath.Join(dir, "rules_test.yml"))
	if err != nil || result.Checks != 3 {
		t.Fatalf("Run = %+v, %v, want 3 checks", result, err)
	}
	for _, f := range result.Failures {
		t.Errorf("%s: %s: %v\nwant %q\ngot  %q", f.Test, f.What, f.Err, f.Expected, f.Got)
	}
}
