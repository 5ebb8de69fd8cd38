package pipeline

import (
	"fmt"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/payment"
)

// Explanation says why the facts of a record are what they are.
type Explanation struct {
	// Taken are the facts with the fields that gave them; Left are fields that could have given a fact and did not.
	Taken, Left []facts.Reason
	// Meant are the values that the configuration gave a meaning.
	Meant []payment.Reason
	// Classed is what the payment's classification rests on.
	Classed []payment.Reason
}

// explained does with ev what it would do otherwise, and reports why.
func (r *refiner) explained(ev *event.Event) {
	var x Explanation
	x.Taken, x.Left = r.names.Explain(ev)
	for i := range r.meanings {
		m := &r.meanings[i]
		before := string(ev.Fact(m.fact))
		m.apply(ev)
		if after := string(ev.Fact(m.fact)); after != before {
			x.Meant = append(x.Meant, payment.Reason{
				Fact: m.fact.String(), Value: after, Read: true, Why: fmt.Sprintf("the configuration says under values: that %q means this", before),
			})
		}
	}
	x.Classed = r.classifier.Explain(ev)
	r.explain(x)
}
