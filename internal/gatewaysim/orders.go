package gatewaysim

import (
	"fmt"
	"slices"
	"time"
)

// step is something that will happen to an order.
type step struct {
	at time.Time
	do func(at time.Time) error
}

// plan are the steps to come, the next one first.
type plan []step

// add puts a step where it belongs; of two at the same time, the one added first happens first.
func (p *plan) add(at time.Time, do func(at time.Time) error) {
	i, _ := slices.BinarySearchFunc(*p, at, func(s step, at time.Time) int {
		if s.at.After(at) {
			return 1
		}
		return -1
	})
	*p = slices.Insert(*p, i, step{at, do})
}

// until takes the steps that are due and does them.
func (p *plan) until(now time.Time) error {
	for len(*p) > 0 && !(*p)[0].at.After(now) {
		next := (*p)[0]
		*p = slices.Delete(*p, 0, 1)
		if err := next.do(next.at); err != nil {
			return err
		}
	}
	return nil
}

const (
	// maxPlan bounds the steps to come; orders beyond get no further attempt.
	maxPlan = 20000
	// retryShare are the refused payments that are tried again at another provider.
	retryShare = 0.35
	// maxTries is how often.
	maxTries = 3
)

// follow plans what becomes of the order that a was an attempt to pay.
func (g *gateway) follow(a *attempt) {
	if len(g.plan) >= maxPlan {
		return
	}
	rng := g.traffic.rng
	after := func(least, most time.Duration) time.Time {
		return a.at.Add(least + time.Duration(rng.Int64N(int64(most-least))))
	}
	switch {
	case a.result.kind == pending:
		g.plan.add(after(4*time.Second, 40*time.Second), func(at time.Time) error { return g.settle(a, at) })
	case a.incident && a.result.code == incidentTimeout().code && !g.doubled:
		g.doubled = true
		g.payTwice(a)
	case a.result.kind == declined || a.result.kind == failed:
		if a.result.kind == failed && a.provider.java {
			// Who got no answer that decides asks later what became of the order.
			when := after(10*time.Second, 40*time.Second)
			if a.incident {
				healed := g.started.Add(g.cfg.IncidentAfter + g.cfg.IncidentFor)
				when = healed.Add(when.Sub(a.at))
			}
			g.plan.add(when, func(at time.Time) error { return g.ask(a, at, a.provider.closedOrder()) })
		}
		if a.try < maxTries && rng.Float64() < retryShare {
			g.plan.add(after(2*time.Second, 6*time.Second), func(at time.Time) error { return g.retry(a, at) })
		}
	}
}

// retry tries to pay the order of a at another provider.
func (g *gateway) retry(a *attempt, at time.Time) error {
	again := g.traffic.next(at, -1)
	for again.provider.java != a.provider.java || again.provider == a.provider {
		again = g.traffic.next(at, -1)
	}
	again.order, again.placed, again.try = a.order, a.placed, a.try+1
	again.amount, again.currency, again.merchant, again.client = a.amount, a.currency, a.merchant, a.client
	return g.write(&again)
}

// settle ends a payment that was pending: its provider tells, or is asked.
func (g *gateway) settle(a *attempt, at time.Time) error {
	done := *a
	done.at, done.result = at, a.provider.results[0]
	switch {
	case !a.provider.java:
		return done.webhook().appendTo(g.node)
	case g.traffic.rng.Float64() < 0.85:
		return g.notify(&done)
	}
	return g.ask(a, at, a.provider.firstRefusal())
}

// notify writes that the provider told of a payment.
func (g *gateway) notify(a *attempt) error {
	java{g.pay}.callback(a)
	nginx{g.web}.callback(a, 200)
	return nil
}

// ask writes that the provider was asked for the state of a's order, and what it said.
func (g *gateway) ask(a *attempt, at time.Time, says result) error {
	asked := *a
	asked.at, asked.result = at, says
	java{g.pay}.query(&asked)
	return nil
}

// payTwice lets an order that timed out be paid at another provider, and the first one succeed after all.
func (g *gateway) payTwice(a *attempt) {
	g.plan.add(a.at.Add(2*time.Second), func(at time.Time) error {
		approves := result{1, "10000", "", "Success", 200, approved}
		retried := *a
		retried.at, retried.provider, retried.method = at, g.traffic.named("alipay"), "ALI_WAP"
		retried.result, retried.latency, retried.try, retried.incident = approves, 400*time.Millisecond, a.try+1, false
		return g.write(&retried)
	})
	g.plan.add(a.at.Add(5*time.Second), func(at time.Time) error {
		late := *a
		late.at, late.result = at, a.provider.results[0]
		return g.notify(&late)
	})
}

// When WeChat Pay's test of the gateway and the forged callbacks come, from the beginning of the incident.
const (
	signTestAt = -8 * time.Second
	forgedAt   = 24 * time.Second
	forged     = 4
)

// script plans what happens beside the payments.
func (g *gateway) script() {
	if g.cfg.IncidentAfter < 0 {
		return
	}
	begins := g.started.Add(g.cfg.IncidentAfter)
	refuse := func(signature, client string) func(time.Time) error {
		return func(at time.Time) error {
			a := g.traffic.next(at, -1)
			a.provider, a.client = g.traffic.named(IncidentProvider), client
			java{g.pay}.refused(&a, signature)
			nginx{g.web}.callback(&a, 401)
			return nil
		}
	}
	if at := begins.Add(signTestAt); at.After(g.started) {
		g.plan.add(at, refuse("WECHATPAY/SIGNTEST/", "101.226.103.17"))
	}
	for i := range forged {
		g.plan.add(begins.Add(forgedAt+time.Duration(i)*900*time.Millisecond), refuse("", fmt.Sprintf("203.0.113.%d", 40+i%2)))
	}
}
