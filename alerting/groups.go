package alerting

import (
	"cmp"
	"slices"

	"github.com/prometheus/prometheus/rules"
)

// showGroups makes the loaded groups visible to RuleGroups, in the order in which Prometheus lists them. The caller holds
// evaluating, or is alone.
func (e *Engine) showGroups() {
	all := make([]*rules.Group, 0, len(e.groups))
	for _, g := range e.groups {
		all = append(all, g.Group)
	}
	slices.SortFunc(all, func(a, b *rules.Group) int {
		return cmp.Or(cmp.Compare(a.File(), b.File()), cmp.Compare(a.Name(), b.Name()))
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loaded = all
}

// RuleGroups returns the loaded groups with their rules, sorted by file and name, for Prometheus' API. It does not wait
// for an evaluation that is going on.
func (e *Engine) RuleGroups() []*rules.Group {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.loaded)
}

// AlertingRules returns the alerting rules of RuleGroups.
func (e *Engine) AlertingRules() []*rules.AlertingRule {
	var all []*rules.AlertingRule
	for _, g := range e.RuleGroups() {
		all = append(all, g.AlertingRules()...)
	}
	return all
}
