package alerting

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// alertsSeries is the name of the series that say which alerts there are.
const alertsSeries = "ALERTS"

// withoutAlerts returns an expression that gives something wherever expr does, and does not depend on alerts. It returns
// false when there is none as simple.
func withoutAlerts(expr parser.Expr) (bound parser.Expr, ok bool) {
	if !dependsOnAlerts(expr) {
		return expr, true
	}
	switch e := expr.(type) {
	case *parser.ParenExpr:
		inner, ok := withoutAlerts(e.Expr)
		return &parser.ParenExpr{Expr: inner}, ok
	case *parser.BinaryExpr:
		if e.Op == parser.LUNLESS && dependsOnAlerts(e.RHS) {
			return withoutAlerts(e.LHS) // what is taken away again may have been given
		}
		if e.Op != parser.LAND && e.Op != parser.LOR && e.Op != parser.LUNLESS {
			return nil, false
		}
		left, leftOK := withoutAlerts(e.LHS)
		right, rightOK := withoutAlerts(e.RHS)
		switch {
		case leftOK && rightOK:
			return &parser.BinaryExpr{Op: e.Op, LHS: left, RHS: right, VectorMatching: e.VectorMatching}, true
		case e.Op == parser.LAND && leftOK:
			return left, true // both must give something
		case e.Op == parser.LAND && rightOK:
			return right, true
		case e.Op == parser.LUNLESS && leftOK:
			return left, true
		}
	}
	return nil, false
}

func dependsOnAlerts(expr parser.Expr) bool {
	return slices.Contains(seriesNames(expr), alertsSeries)
}

// seriesNames returns the names of the series that an expression asks for.
func seriesNames(expr parser.Expr) (names []string) {
	for _, matchers := range parser.ExtractSelectors(expr) {
		for _, m := range matchers {
			if m.Name == labels.MetricName {
				names = append(names, m.Value)
			}
		}
	}
	return names
}

// staleNaN is the value that ends a series.
func staleNaN() float64 { return math.Float64frombits(value.StaleNaN) }
