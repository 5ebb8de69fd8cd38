package alerting

import (
	"context"
	"time"

	"gatewatch/alerting/receivers"
)

// refresh brings the figures in the messages of incidents that go on up to date, where the receiver can. What waits to
// be told goes first, and what fails is tried again the next time.
func (o *outbox) refresh(ctx context.Context) {
	r, ok := o.receiver.(receivers.Refresher)
	if !ok {
		return
	}
	for _, n := range r.Open() {
		if ctx.Err() != nil || o.oldest() > 0 {
			return
		}
		o.renew(ctx, &n)
		if err := r.Refresh(ctx, n); err != nil {
			o.log.Debug("bringing a message up to date", "err", err)
			return
		}
	}
}

// renew puts into n what its alerts say now.
func (o *outbox) renew(ctx context.Context, n *receivers.Notice) {
	for i := range n.Alerts {
		a := &n.Alerts[i]
		if now, ok := o.facts.firing(receivers.Key(a.Labels)); ok && a.Ended.IsZero() {
			a.Annotations, a.Verdict, a.Value = now.Annotations, now.Verdict, now.Value
		}
	}
	o.facts.fill(ctx, n, time.Now())
}
