package rules_test

import (
	"regexp"
	"slices"
	"testing"

	"gatewatch/alerting"
	"gatewatch/alerting/rules"
)

func TestEveryReasonHasItsWords(t *testing.T) {
	t.Parallel()
	text, err := rules.Pack("payments")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`reason: (\w+)`).FindAllSubmatch(text, -1)
	if len(found) < 5 {
		t.Errorf("%d reasons in the pack, want several", len(found))
	}
	var a alerting.Alert
	for _, m := range found {
		for _, lang := range []string{"en", "zh"} {
			if a.ReasonText(string(m[1]), lang) == "" {
				t.Errorf("reason %s has no words in %s", m[1], lang)
			}
		}
	}
	a.Annotations = map[string]string{"reasons": "others_well their_errors "}
	if got := a.Reasons(); !slices.Equal(got, []string{"others_well", "their_errors"}) {
		t.Errorf("Reasons() = %q, want the two", got)
	}
}
