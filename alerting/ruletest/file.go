// Package ruletest runs the unit tests of alert rules, written in promtool's format
// (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/), on Prometheus' own engine.
package ruletest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting/rules"
)

// file is a file of tests.
type file struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	GroupEvalOrder     []string       `yaml:"group_eval_order"`
	FuzzyCompare       bool           `yaml:"fuzzy_compare"`
	Tests              []test         `yaml:"tests"`

	// order is the place of each group in GroupEvalOrder.
	order map[string]int
}

// test is one set of series and what rules make of it.
type test struct {
	Name           string            `yaml:"name"`
	Interval       model.Duration    `yaml:"interval"`
	InputSeries    []inputSeries     `yaml:"input_series"`
	Alerts         []alertCase       `yaml:"alert_rule_test"`
	Expressions    []exprCase        `yaml:"promql_expr_test"`
	ExternalLabels map[string]string `yaml:"external_labels"`
	ExternalURL    string            `yaml:"external_url"`
	Start          start             `yaml:"start_timestamp"`
}

type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// alertCase says which alerts of one name fire at a time.
type alertCase struct {
	EvalTime model.Duration  `yaml:"eval_time"`
	Name     string          `yaml:"alertname"`
	Expected []expectedAlert `yaml:"exp_alerts"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// exprCase says what an expression gives at a time.
type exprCase struct {
	Expr     string           `yaml:"expr"`
	EvalTime model.Duration   `yaml:"eval_time"`
	Expected []expectedSample `yaml:"exp_samples"`
}

// expectedSample is a number, or a native histogram in promtool's notation.
type expectedSample struct {
	Labels    string  `yaml:"labels"`
	Value     float64 `yaml:"value"`
	Histogram string  `yaml:"histogram"`
}

// start is the time of the first sample: RFC 3339, or seconds since 1970, which is also where tests start by default.
type start struct{ time.Time }

// UnmarshalYAML reads both forms.
func (s *start) UnmarshalYAML(node *yaml.Node) error {
	if t, err := time.Parse(time.RFC3339Nano, node.Value); err == nil {
		s.Time = t
		return nil
	}
	seconds, err := strconv.ParseFloat(node.Value, 64)
	if err != nil || math.Abs(seconds) > 1<<40 {
		return fmt.Errorf("line %d: start_timestamp: %q is neither RFC 3339 nor seconds since 1970", node.Line, node.Value)
	}
	s.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
	return nil
}

// read reads a file of tests. The rule files in it are found from its folder; "pack:payments" is a shipped pack.
func read(path string) (*file, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &file{order: map[string]int{}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, oneLine(err))
	}
	f.EvaluationInterval = cmp.Or(f.EvaluationInterval, model.Duration(time.Minute))
	for i, name := range f.GroupEvalOrder {
		if _, twice := f.order[name]; twice {
			return nil, fmt.Errorf("%s: group_eval_order names %q twice", path, name)
		}
		f.order[name] = i
	}
	if f.RuleFiles, err = find(filepath.Dir(path), f.RuleFiles); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range f.Tests {
		if err := f.Tests[i].complete(i, f.EvaluationInterval); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return f, nil
}

// oneLine writes the decoder's list of mistakes, a line each, into one.
func oneLine(err error) error {
	if many, ok := errors.AsType[*yaml.TypeError](err); ok {
		return errors.New(strings.Join(many.Errors, "; "))
	}
	return err
}

// loader reads the rule files that find returns.
func (*file) loader() rules.Loader { return rules.Sources{}.Loader() }

// find returns the rule files that match the patterns. One that matches nothing is a mistake: tests that expect silence
// would be content with it.
func find(dir string, patterns []string) ([]string, error) {
	var all []string
	for _, pattern := range patterns {
		if rules.IsPack(pattern) {
			all = append(all, pattern)
			continue
		}
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(dir, pattern)
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("rule_files: %w: %q", err, pattern)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("rule_files: there is no file %s", pattern)
		}
		all = append(all, found...)
	}
	return all, nil
}

// complete fills in what the test leaves open.
func (t *test) complete(i int, interval model.Duration) error {
	t.Name = cmp.Or(t.Name, fmt.Sprintf("tests[%d]", i))
	t.Interval = cmp.Or(t.Interval, interval)
	if t.Start.IsZero() {
		t.Start.Time = time.Unix(0, 0).UTC()
	}
	for _, c := range t.Alerts {
		if c.Name == "" {
			return fmt.Errorf("%s: the alert_rule_test at %v has no alertname", t.Name, c.EvalTime)
		}
	}
	return nil
}

// until is when, after the start, the last thing is asked for.
func (t *test) until() time.Duration {
	var last model.Duration
	for _, c := range t.Alerts {
		last = max(last, c.EvalTime)
	}
	for _, c := range t.Expressions {
		last = max(last, c.EvalTime)
	}
	return time.Duration(last)
}
