package states

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// The annotations of alert rules that say what Prometheus' rules cannot. A plain Prometheus takes them for text.
const (
	policyPrefix     = "gatewatch_"
	policyNoData     = "gatewatch_no_data"
	policyNoDataFor  = "gatewatch_no_data_for"
	policyNoDataMax  = "gatewatch_no_data_until"
	policyDataQuery  = "gatewatch_data_query"
	policyOnError    = "gatewatch_on_error"
	policyMinCount   = "gatewatch_min_count"
	policyCountQuery = "gatewatch_count_query"
	policyFlapping   = "gatewatch_flapping"
)

// What may happen to an alert whose data are missing, or whose rule fails.
const (
	chooseOK    = "ok"    // it ends
	chooseAlert = "alert" // it fires, and there is one where none was
	chooseKeep  = "keep"  // it goes on when it fires
)

const (
	// defaultNoDataFor is how long data must be missing until that is said.
	defaultNoDataFor = 5 * time.Minute
	// defaultNoDataMax ends an alert that nothing was heard of: a provider may be gone for good.
	defaultNoDataMax = 24 * time.Hour
	// errorKeepLimit is how long a rule may fail until its alerts end: what fired then is no longer news.
	errorKeepLimit = time.Hour
	// failuresUntilAlert is how many evaluations must fail one after another until that is an alert.
	failuresUntilAlert = 3
)

// Policy is what the annotations of a rule say.
type Policy struct {
	noData, onError      string
	noDataFor, noDataMax time.Duration
	// dataQuery gives a series for each thing that there are data about, "" when nobody wants to know. A mistake in it
	// is one of the rule.
	dataQuery  string
	minCount   float64
	countQuery string
	// steady keeps the rule's alerts from being held when they flap.
	steady bool
}

// Mistake is what is wrong with one annotation.
type Mistake struct{ Annotation, Text string }

// policyReader collects the mistakes.
type policyReader struct {
	annotations map[string]string
	parser      parser.Parser
	mistakes    []Mistake
}

// ReadPolicy reads the annotations of a rule with the expression expr. The policy is of no use when there are mistakes.
func ReadPolicy(expr string, annotations map[string]string, p parser.Parser) (Policy, []Mistake) {
	r := &policyReader{annotations: annotations, parser: p}
	r.names()
	a := Policy{
		noData:     r.choice(policyNoData, chooseOK, chooseOK, chooseAlert, chooseKeep),
		onError:    r.choice(policyOnError, chooseKeep, chooseOK, chooseAlert, chooseKeep),
		noDataFor:  r.duration(policyNoDataFor, defaultNoDataFor),
		noDataMax:  r.duration(policyNoDataMax, defaultNoDataMax),
		dataQuery:  r.query(policyDataQuery),
		countQuery: r.query(policyCountQuery),
		minCount:   r.count(),
		steady:     r.choice(policyFlapping, "on", "on", "off") == "off",
	}
	r.together(&a)
	if a.noData != chooseOK && a.dataQuery == "" && len(r.mistakes) == 0 {
		a.dataQuery = r.derive(expr)
	}
	return a, r.mistakes
}

func (r *policyReader) wrong(annotation, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{annotation, fmt.Sprintf(format, args...)})
}

func policyNames() []string {
	return []string{
		policyNoData, policyNoDataFor, policyNoDataMax, policyDataQuery, policyOnError, policyMinCount, policyCountQuery, policyFlapping,
	}
}

// names looks for annotations that mean nothing: a mistyped one would be silent.
func (r *policyReader) names() {
	for _, name := range slices.Sorted(maps.Keys(r.annotations)) {
		if strings.HasPrefix(name, policyPrefix) && !slices.Contains(policyNames(), name) {
			r.wrong(name, "is no annotation of Gatewatch, there are: %s", strings.Join(policyNames(), ", "))
		}
	}
}

func (r *policyReader) choice(name, usual string, choices ...string) string {
	text := cmp.Or(r.annotations[name], usual)
	if !slices.Contains(choices, text) {
		r.wrong(name, "must be one of %s, is %q", strings.Join(choices, ", "), text)
	}
	return text
}

func (r *policyReader) duration(name string, usual time.Duration) time.Duration {
	text, ok := r.annotations[name]
	if !ok {
		return usual
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		r.wrong(name, "must be a duration such as 5m, is %q", text)
	}
	return time.Duration(d)
}

func (r *policyReader) query(name string) string {
	text, ok := r.annotations[name]
	if !ok {
		return ""
	}
	expr, err := r.parser.ParseExpr(text)
	switch {
	case err != nil:
		r.wrong(name, "is no PromQL: %v", err)
	case expr.Type() != parser.ValueTypeVector:
		r.wrong(name, "must give series with labels, gives a %s", parser.DocumentedType(expr.Type()))
	}
	return text
}

func (r *policyReader) count() float64 {
	text, ok := r.annotations[policyMinCount]
	if !ok {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) {
		r.wrong(policyMinCount, "must be a number above 0, is %q", text)
	}
	return n
}

// together looks for annotations that need another one.
func (r *policyReader) together(a *Policy) {
	needs := func(name, other string) {
		if _, there := r.annotations[name]; there && r.annotations[other] == "" {
			r.wrong(name, "needs %s, too", other)
		}
	}
	needs(policyMinCount, policyCountQuery)
	needs(policyCountQuery, policyMinCount)
	if a.noData == chooseOK {
		for _, name := range []string{policyNoDataFor, policyNoDataMax, policyDataQuery} {
			if _, there := r.annotations[name]; there {
				r.wrong(name, "needs %s: alert or keep, too", policyNoData)
			}
		}
	}
	if a.noDataFor >= a.noDataMax {
		r.wrong(policyNoDataMax, "must be longer than %s (%v), is %v", policyNoDataFor, model.Duration(a.noDataFor), model.Duration(a.noDataMax))
	}
}

// derive returns the rule's expression without its conditions.
func (r *policyReader) derive(expr string) string {
	parsed, err := r.parser.ParseExpr(expr)
	if err != nil {
		return "" // a mistake of the rule, which is told elsewhere
	}
	data, ok := unconditional(parsed)
	if !ok {
		r.wrong(policyNoData, "needs %s here: what absent() gives does not tell whether there are data", policyDataQuery)
	}
	return data.String()
}

// unconditional changes expr so that it gives a series for all that there are data about, whether the condition holds
// for it or not: without comparisons, and without what is behind "and" and "unless". It is false when that says nothing.
func unconditional(expr parser.Expr) (_ parser.Expr, ok bool) {
	ok = true
	into := func(e *parser.Expr) {
		inner, good := unconditional(*e)
		*e, ok = inner, ok && good
	}
	switch e := expr.(type) {
	case *parser.ParenExpr:
		into(&e.Expr)
	case *parser.UnaryExpr:
		into(&e.Expr)
	case *parser.SubqueryExpr:
		into(&e.Expr)
	case *parser.AggregateExpr:
		into(&e.Expr)
	case *parser.Call:
		for i := range e.Args {
			into(&e.Args[i])
		}
		ok = ok && !strings.HasPrefix(e.Func.Name, "absent")
	case *parser.BinaryExpr:
		switch {
		case e.Op == parser.LAND || e.Op == parser.LUNLESS, e.Op.IsComparisonOperator() && !e.ReturnBool && e.LHS.Type() == parser.ValueTypeVector:
			return unconditional(e.LHS)
		case e.Op.IsComparisonOperator() && !e.ReturnBool && e.RHS.Type() == parser.ValueTypeVector:
			return unconditional(e.RHS)
		}
		into(&e.LHS)
		into(&e.RHS)
	}
	return expr, ok
}

// String says in a few words what differs from Prometheus, "" when nothing does.
func (p *Policy) String() string {
	var all []string
	if p.noData != chooseOK {
		all = append(all, "no data: "+p.noData)
	}
	if p.onError != chooseKeep {
		all = append(all, "on error: "+p.onError)
	}
	if p.minCount > 0 {
		all = append(all, fmt.Sprintf("at least %v events", p.minCount))
	}
	if p.steady {
		all = append(all, "never held")
	}
	return strings.Join(all, ", ")
}
