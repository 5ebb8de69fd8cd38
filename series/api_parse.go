package series

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// exemplars answers that there are none: samples are taken without. Wrong requests are refused all the same.
func (a *api) exemplars(r *http.Request) ([]byte, error) {
	from, err := timeOr(r, "start", minTime)
	if err != nil {
		return nil, err
	}
	to, err := timeOr(r, "end", maxTime)
	if err != nil {
		return nil, err
	}
	if to.Before(from) {
		return nil, failure(badData, errors.New("end timestamp must not be before start timestamp"))
	}
	expr, err := a.parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, failure(badData, err)
	}
	if len(parser.ExtractSelectors(expr)) == 0 {
		return nil, nil
	}
	return success([]string{})
}

func (a *api) format(r *http.Request) ([]byte, error) {
	expr, err := a.parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, wrong("query", err)
	}
	return success(expr.Pretty(0))
}

func (a *api) parse(r *http.Request) ([]byte, error) {
	expr, err := a.parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, wrong("query", err)
	}
	tree, err := node(expr)
	if err != nil {
		return nil, failure(internal, err)
	}
	return success(tree)
}

type object = map[string]any

// node describes an expression in the form of Prometheus' API. Experimental syntax, which the parser refuses, has no form
// here: its fields are always null or false.
func node(expr parser.Expr) (object, error) {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return object{"type": "numberLiteral", "val": strconv.FormatFloat(e.Val, 'f', -1, 64)}, nil
	case *parser.StringLiteral:
		return object{"type": "stringLiteral", "val": e.Val}, nil
	case *parser.VectorSelector:
		return selector(e, "vectorSelector"), nil
	case *parser.MatrixSelector:
		vs, ok := e.VectorSelector.(*parser.VectorSelector)
		if !ok {
			return nil, fmt.Errorf("a range of %T has no form in this API", e.VectorSelector)
		}
		o := selector(vs, "matrixSelector")
		o["range"], o["rangeExpr"] = e.Range.Milliseconds(), nil
		return o, nil
	case *parser.ParenExpr:
		return with(object{"type": "parenExpr"}, part{"expr", e.Expr})
	case *parser.UnaryExpr:
		return with(object{"type": "unaryExpr", "op": e.Op.String()}, part{"expr", e.Expr})
	case *parser.SubqueryExpr:
		return with(object{
			"type": "subquery", "range": e.Range.Milliseconds(), "rangeExpr": nil,
			"offset": e.OriginalOffset.Milliseconds(), "offsetExpr": nil, "step": e.Step.Milliseconds(), "stepExpr": nil,
			"timestamp": e.Timestamp, "startOrEnd": startOrEnd(e.StartOrEnd),
		}, part{"expr", e.Expr})
	case *parser.AggregateExpr:
		return with(object{
			"type": "aggregation", "op": e.Op.String(), "grouping": append([]string{}, e.Grouping...), "without": e.Without,
		}, part{"expr", e.Expr}, part{"param", e.Param})
	case *parser.BinaryExpr:
		return with(object{
			"type": "binaryExpr", "op": e.Op.String(), "matching": matching(e.VectorMatching), "bool": e.ReturnBool,
		}, part{"lhs", e.LHS}, part{"rhs", e.RHS})
	case *parser.Call:
		return call(e)
	}
	return nil, fmt.Errorf("%T has no form in this API", expr)
}

// part is an expression in another one, or nil.
type part struct {
	name string
	expr parser.Expr
}

// with adds the descriptions of parts.
func with(o object, parts ...part) (object, error) {
	for _, p := range parts {
		if p.expr == nil {
			o[p.name] = nil
			continue
		}
		described, err := node(p.expr)
		if err != nil {
			return nil, err
		}
		o[p.name] = described
	}
	return o, nil
}

func selector(e *parser.VectorSelector, kind string) object {
	return object{
		"type": kind, "name": e.Name, "offset": e.OriginalOffset.Milliseconds(), "offsetExpr": nil,
		"matchers": matchersObject(e.LabelMatchers), "timestamp": e.Timestamp, "startOrEnd": startOrEnd(e.StartOrEnd),
		"anchored": e.Anchored, "smoothed": e.Smoothed,
	}
}

func matchersObject(all []*labels.Matcher) []object {
	list := []object{}
	for _, m := range all {
		list = append(list, object{"name": m.Name, "value": m.Value, "type": m.Type.String()})
	}
	return list
}

func startOrEnd(item parser.ItemType) any {
	if item == 0 {
		return nil
	}
	return item.String()
}

func matching(m *parser.VectorMatching) any {
	if m == nil {
		return nil
	}
	return object{
		"card": m.Card.String(), "labels": append([]string{}, m.MatchingLabels...), "on": m.On,
		"include":    append([]string{}, m.Include...),
		"fillValues": map[string]*float64{"lhs": m.FillValues.LHS, "rhs": m.FillValues.RHS},
	}
}

func call(e *parser.Call) (object, error) {
	args := []object{}
	for _, arg := range e.Args {
		described, err := node(arg)
		if err != nil {
			return nil, err
		}
		args = append(args, described)
	}
	return object{
		"type": "call", "args": args,
		"func": object{"name": e.Func.Name, "argTypes": e.Func.ArgTypes, "variadic": e.Func.Variadic, "returnType": e.Func.ReturnType},
	}, nil
}
