package main

import (
	"github.com/prometheus/prometheus/promql/parser"
)

// loosen returns expr without what depends on how things stand: thresholds, and the past that an offset looks at. What
// is left has a series as soon as every metric is there, with labels by which they join.
func loosen(expr parser.Expr) parser.Expr {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		e.Expr = loosen(e.Expr)
	case *parser.UnaryExpr:
		e.Expr = loosen(e.Expr)
	case *parser.AggregateExpr:
		e.Expr = loosen(e.Expr)
	case *parser.SubqueryExpr:
		e.Expr = loosen(e.Expr)
		e.OriginalOffset = 0
	case *parser.Call:
		for i, arg := range e.Args {
			e.Args[i] = loosen(arg)
		}
	case *parser.MatrixSelector:
		e.VectorSelector = loosen(e.VectorSelector)
	case *parser.VectorSelector:
		e.OriginalOffset = 0
	case *parser.BinaryExpr:
		return loosenBinary(e)
	}
	return expr
}

func loosenBinary(e *parser.BinaryExpr) parser.Expr {
	e.LHS, e.RHS = loosen(e.LHS), loosen(e.RHS)
	switch {
	case e.Op == parser.LUNLESS:
		return e.LHS
	case e.Op == parser.LOR && len(selectors(e.RHS)) == 0:
		return e.LHS // a value for when there is nothing
	case !e.Op.IsComparisonOperator():
		return e
	case e.RHS.Type() == parser.ValueTypeScalar:
		return e.LHS
	case e.LHS.Type() == parser.ValueTypeScalar:
		return e.RHS
	}
	// Both sides have to be there, as far as they join, whatever their values.
	e.Op = parser.LAND
	e.VectorMatching.Card, e.VectorMatching.Include = parser.CardManyToMany, nil
	return e
}

// selectors returns what expr selects.
func selectors(expr parser.Expr) (all []*parser.VectorSelector) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			all = append(all, s)
		}
		return nil
	})
	return all
}
