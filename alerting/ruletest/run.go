package ruletest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting/states"
)

// Failure is something that is not as a test expects it.
type Failure struct {
	// Test is the test's name, or its place in the file.
	Test string
	// What is asked for: an alert or an expression, with its time.
	What string
	// Expected and Got are what should be and what is, a line each. Both are empty when Err says why nothing is.
	Expected, Got []string
	Err           error
}

// Result is what the tests of a file found.
type Result struct {
	// Tests is how many tests ran, Checks how many things they asked for.
	Tests, Checks int
	Failures      []Failure
}

// Run runs the tests of a file. The error says that the file, or a rule file that it names, is wrong; tests that fail
// are in the result. Rules are evaluated in every evaluation_interval, whatever their groups say, as promtool does.
func Run(ctx context.Context, path string) (Result, error) {
	f, err := read(path)
	if err != nil {
		return Result{}, err
	}
	runs := make([]*run, len(f.Tests))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range f.Tests {
		runs[i] = &run{file: f, test: &f.Tests[i], parser: parser.NewParser(parser.Options{})}
		g.Go(func() error {
			if err := runs[i].run(ctx); err != nil {
				return fmt.Errorf("%s: %s: %w", path, runs[i].test.Name, err)
			}
			return nil
		})
	}
	err = g.Wait()
	var all Result
	for _, r := range runs {
		all.Tests++
		all.Checks += len(r.test.Alerts) + len(r.test.Expressions)
		all.Failures = append(all.Failures, r.failures...)
	}
	return all, err
}

// run is one test at work.
type run struct {
	file     *file
	test     *test
	parser   parser.Parser
	data     *promqltest.LazyLoader
	groups   []*rules.Group
	states   *states.States
	failures []Failure
}

func (r *run) fail(f Failure) {
	f.Test = r.test.Name
	r.failures = append(r.failures, f)
}

func (r *run) run(ctx context.Context) (err error) {
	r.data, err = promqltest.NewLazyLoader(r.input(), promqltest.LazyLoaderOpts{
		EnableAtModifier: true, EnableNegativeOffset: true, StartTime: r.test.Start.Time,
	})
	if err != nil {
		return fmt.Errorf("input_series: %w", err)
	}
	defer func() { err = errors.Join(err, r.data.Close()) }()
	r.data.SubqueryInterval = time.Duration(r.file.EvaluationInterval)
	if err := r.load(ctx); err != nil {
		return err
	}
	if !r.evaluate(ctx) {
		return ctx.Err() // the failure of a rule is noted; what it leads to would only hide it
	}
	for _, c := range r.test.Expressions {
		r.checkExpression(ctx, c)
	}
	return ctx.Err()
}

// input writes the series as the loader reads them.
func (r *run) input() string {
	var b strings.Builder
	fmt.Fprintf(&b, "load %v\n", r.test.Interval)
	for _, s := range r.test.InputSeries {
		fmt.Fprintf(&b, "  %s %s\n", s.Series, s.Values)
	}
	return b.String()
}

// load reads the rules. Groups of which group_eval_order says nothing count as its first, as for promtool.
func (r *run) load(ctx context.Context) error {
	external, err := url.Parse(r.test.ExternalURL)
	if err != nil {
		return fmt.Errorf("external_url: %w", err)
	}
	// What makes an alert flap is configured, and not the rules' own.
	r.states = states.New(rules.EngineQueryFunc(r.data.QueryEngine(), r.data.Storage()), states.FlappingConfig{})
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:   r.states.Query,
		Appendable:  r.data.Storage(),
		Context:     ctx,
		NotifyFunc:  func(context.Context, string, ...*rules.Alert) {},
		Logger:      slog.New(slog.DiscardHandler),
		ExternalURL: external,
		GroupLoader: r.file.loader(),
	})
	loaded, errs := m.LoadGroups(time.Duration(r.test.Interval), labels.FromMap(r.test.ExternalLabels), r.test.ExternalURL, nil, false, r.file.RuleFiles...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	r.states.Load(loaded)
	for _, key := range slices.Sorted(maps.Keys(loaded)) {
		r.groups = append(r.groups, loaded[key])
	}
	slices.SortStableFunc(r.groups, func(a, b *rules.Group) int {
		return cmp.Compare(r.file.order[a.Name()], r.file.order[b.Name()])
	})
	for _, g := range r.groups {
		for _, a := range g.AlertingRules() {
			a.SetRestored(true) // there is nothing to restore, and before that there is no ALERTS series
		}
	}
	return nil
}

// evaluate runs the rules from the start to the last thing that is asked for, and checks the alerts on the way: those
// of a time are the ones of the last evaluation not after it. It returns false when a rule cannot be evaluated.
func (r *run) evaluate(ctx context.Context) bool {
	cases := slices.SortedStableFunc(slices.Values(r.test.Alerts), func(a, b alertCase) int {
		return cmp.Compare(a.EvalTime, b.EvalTime)
	})
	every, until := time.Duration(r.file.EvaluationInterval), r.test.until()
	for at := time.Duration(0); at <= until && ctx.Err() == nil; at += every {
		if !r.evaluateAt(ctx, at) {
			return false
		}
		for len(cases) > 0 && time.Duration(cases[0].EvalTime) < at+every {
			r.checkAlerts(cases[0])
			cases = cases[1:]
		}
	}
	return ctx.Err() == nil
}

func (r *run) evaluateAt(ctx context.Context, at time.Duration) bool {
	good := true
	ts := r.test.Start.Add(at)
	r.data.WithSamplesTill(ts, func(err error) {
		if err != nil {
			r.fail(Failure{What: fmt.Sprintf("input_series at %v", at), Err: err})
			return
		}
		for _, g := range r.groups {
			r.states.Eval(ctx, g, ts)
			for _, rule := range g.Rules() {
				if err := lastError(rule); err != nil {
					r.fail(Failure{What: fmt.Sprintf("rule %s at %v", rule.Name(), at), Err: err})
					good = false
				}
			}
		}
	})
	return good
}

// unexpanded begins an annotation whose template does not work. Prometheus sends it to people as it is.
const unexpanded = "<error expanding template: "

// lastError returns why a rule could not be evaluated, or why a text of one of its alerts could not be written.
func lastError(rule rules.Rule) error {
	alerting, ok := rule.(*rules.AlertingRule)
	if rule.LastError() != nil || !ok {
		return rule.LastError()
	}
	for _, a := range alerting.ActiveAlerts() {
		for name, text := range a.Annotations.Map() {
			if strings.HasPrefix(text, unexpanded) {
				return fmt.Errorf("annotation %s: %s", name, strings.Trim(text, "<>"))
			}
		}
	}
	return nil
}
