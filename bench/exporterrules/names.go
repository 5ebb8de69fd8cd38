package main

import (
	"slices"
	"strings"

	"gatewatch/collectors/collect"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// names are the metrics that collectors can give, with their labels.
type names struct {
	labels   map[string][]string
	families []string // what wildcards in the catalogue begin with
}

// ofScrape are the labels that Prometheus gives to what it scrapes.
var ofScrape = []string{"instance", "job"}

func newNames(all []collect.Row) names {
	n := names{labels: map[string][]string{}}
	for _, m := range all {
		if family, ok := strings.CutSuffix(m.Name, "*"); ok && family == "" {
			continue // whatever is in textfiles
		} else if ok {
			n.families = append(n.families, family)
			continue
		}
		n.labels[m.Name] = append(n.labels[m.Name], m.Labels...)
	}
	return n
}

// verdict says what a rule asks for and does not find.
type verdict struct {
	group string
	rule  rule
	// absent are metrics that no collector gives, unlabelled labels that a metric lacks, as metric{label}.
	absent, unlabelled []string
	// answers are those of the places that were asked, in their order.
	answers []answer
}

func (v *verdict) matches() bool { return len(v.absent) == 0 && len(v.unlabelled) == 0 }

// live tells whether the rule has series, which are the right ones, at the place with the number n.
func (v *verdict) live(n int) bool {
	return len(v.answers[n].series) > 0 && (v.answers[n].others || v.matches())
}

// judge looks up what r asks for. Its error says that r is no PromQL.
func (n names) judge(r rule) (verdict, error) {
	v := verdict{rule: r}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.expr)
	if err != nil {
		return v, err
	}
	for _, s := range selectors(expr) {
		n.look(s, &v)
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if a, ok := node.(*parser.AggregateExpr); ok && a.Without && slices.Contains(a.Grouping, "instance") {
			n.apart(a, &v)
		}
		return nil
	})
	return v, nil
}

// look notes in v what the collectors lack of s.
func (n names) look(s *parser.VectorSelector, v *verdict) {
	name := s.Name
	for _, m := range s.LabelMatchers {
		if m.Name == labels.MetricName {
			name = m.Value
		}
	}
	has, ok := n.find(name)
	if !ok {
		add(&v.absent, name)
		return
	}
	for _, m := range s.LabelMatchers {
		// A matcher that the absence of the label satisfies leaves a series without it in the result.
		if m.Name == labels.MetricName || m.Matches("") || has == nil || slices.Contains(has, m.Name) {
			continue
		}
		add(&v.unlabelled, name+"{"+m.Name+"}")
	}
}

// apart notes in v what a sum over servers, made by leaving their labels out, keeps apart by the label name.
func (n names) apart(sum *parser.AggregateExpr, v *verdict) {
	for _, s := range selectors(sum.Expr) {
		if has, _ := n.find(s.Name); slices.Contains(has, "name") && !slices.Contains(sum.Grouping, "name") {
			add(&v.unlabelled, s.Name+" without name")
		}
	}
}

// find returns the labels of a metric; nil for one of a family, whose labels are those of the system.
func (n names) find(name string) ([]string, bool) {
	candidates := []string{name}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			candidates = append(candidates, base)
		}
	}
	for _, c := range candidates {
		if has, ok := n.labels[c]; ok {
			return slices.Concat(has, ofScrape, []string{"le"}), true
		}
	}
	for _, family := range n.families {
		if strings.HasPrefix(name, family) {
			return nil, true
		}
	}
	return nil, false
}

func add(to *[]string, name string) {
	if !slices.Contains(*to, name) {
		*to = append(*to, name)
	}
}
