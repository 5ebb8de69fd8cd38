package posture

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"gatewatch/collectors/collect"
)

// sarifRule is what a report in SARIF says of a rule.
type sarifRule struct {
	ID         string `json:"id"`
	Properties struct {
		Severity string   `json:"security-severity"`
		Tags     []string `json:"tags"`
	} `json:"properties"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

// sarifResult is a finding in SARIF.
type sarifResult struct {
	RuleID string `json:"ruleId"`
	Rule   struct {
		ID string `json:"id"`
	} `json:"rule"`
	Level        string            `json:"level"`
	Kind         string            `json:"kind"`
	Suppressions []json.RawMessage `json:"suppressions"`
}

// sarifComponent is a part of a tool that has rules: CodeQL's are in extensions.
type sarifComponent struct {
	Rules []sarifRule `json:"rules"`
}

// sarifNoFindings are the kinds of results that are none. All others are findings: Nuclei's are "open".
var sarifNoFindings = []string{"pass", "notApplicable", "informational"}

// parseSARIF reads SARIF 2.1. The level is the one that a tag of the rule names, as Trivy's do, or that of its
// security-severity (as CVSS counts), or else error is high, warning medium, and note low.
func parseSARIF(data []byte) (map[string]int, time.Time, error) {
	var doc struct {
		Version string `json:"version"`
		Runs    []struct {
			Tool struct {
				Driver     sarifComponent   `json:"driver"`
				Extensions []sarifComponent `json:"extensions"`
			} `json:"tool"`
			Invocations []struct {
				Ended time.Time `json:"endTimeUtc"`
			} `json:"invocations"`
			Results []sarifResult `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, time.Time{}, err
	}
	if doc.Version == "" || doc.Runs == nil {
		return nil, time.Time{}, errors.New("is no SARIF: it has no version or no runs")
	}
	counts, made := map[string]int{}, time.Time{}
	for _, run := range doc.Runs {
		rules := map[string]sarifRule{}
		for _, component := range append(run.Tool.Extensions, run.Tool.Driver) {
			for _, r := range component.Rules {
				rules[r.ID] = r
			}
		}
		for _, r := range run.Results {
			collect.SetDefault(&r.RuleID, r.Rule.ID)
			if len(r.Suppressions) == 0 && !slices.Contains(sarifNoFindings, r.Kind) {
				counts[sarifLevel(r, rules[r.RuleID])]++
			}
		}
		for _, i := range run.Invocations {
			if i.Ended.After(made) {
				made = i.Ended
			}
		}
	}
	return counts, made, nil
}

func sarifLevel(result sarifResult, rule sarifRule) string {
	for _, tag := range rule.Properties.Tags {
		switch tag {
		case "CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN":
			return levelOf(tag)
		}
	}
	if score, err := strconv.ParseFloat(rule.Properties.Severity, 64); err == nil {
		switch {
		case score >= 9:
			return "critical"
		case score >= 7:
			return "high"
		case score >= 4:
			return "medium"
		case score > 0:
			return "low"
		}
		return "info"
	}
	level := result.Level
	if level == "" {
		level = rule.Default.Level
	}
	switch level {
	case "error":
		return "high"
	case "none":
		return "info"
	case "note":
		return "low"
	}
	return "medium"
}
