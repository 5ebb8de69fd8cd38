package alerting

import (
	"context"
	"runtime"
	"slices"

	"github.com/prometheus/prometheus/rules"
)

// batches lets the recording rules of a group be evaluated side by side where none of them reads what another one
// writes, so that the results are those of one after the other. What Prometheus has for it changes the order of rules,
// and templates of alerts read series that their expressions do not name: an alert waits for all before it.
type batches struct{ slots chan struct{} }

// newBatches uses all processors: one rule more than there are slots is evaluated by the caller.
func newBatches() batches { return batches{make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))} }

// SplitGroupIntoBatches returns the places of the rules, in their order.
func (b batches) SplitGroupIntoBatches(_ context.Context, g *rules.Group) []rules.ConcurrentRules {
	var all []rules.ConcurrentRules
	var together []rules.Rule
	for i, rule := range g.Rules() {
		if len(all) == 0 || slices.ContainsFunc(together, func(other rules.Rule) bool { return !independent(rule, other) }) {
			all, together = append(all, nil), nil
		}
		last := len(all) - 1
		all[last], together = append(all[last], i), append(together, rule)
	}
	return all
}

// independent tells whether two rules may be evaluated in any order.
func independent(a, b rules.Rule) bool {
	for _, r := range []rules.Rule{a, b} {
		if _, ok := r.(*rules.RecordingRule); !ok || r.DependencyRules() == nil {
			return false
		}
	}
	return a.Name() != b.Name() && !slices.Contains(a.DependencyRules(), b) && !slices.Contains(b.DependencyRules(), a)
}

// Allow takes a slot, if there is one.
func (b batches) Allow(context.Context, *rules.Group, rules.Rule) bool {
	select {
	case b.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// Done gives it back.
func (b batches) Done(context.Context) { <-b.slots }
