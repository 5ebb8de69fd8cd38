package outbox

import (
	"context"
	"time"

	"gatewatch/alerting/receivers"
)

// refresh brings the figures in the messages of incidents that go on up to date, where the receiver can. What waits to
// be told goes first, and what fails is tried again the next time.
func (o *Box) refresh(ctx context.Context) {
	r, ok := o.Receiver().(receivers.Refresher)
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

// renew puts into n what its alerts say now. Alertmanager tells no end of what is silenced, so that those are seen here.
func (o *Box) renew(ctx context.Context, n *receivers.Notice) {
	var gone []*receivers.Alert
	for i := range n.Alerts {
		a := &n.Alerts[i]
		if !a.Ended.IsZero() {
			continue
		}
		if now, ok := o.facts.Firing(receivers.Key(a.Labels)); ok {
			a.Annotations, a.Verdict, a.Value = now.Annotations, now.Verdict, now.Value
		} else {
			gone = append(gone, a)
		}
	}
	o.facts.Fill(ctx, n, time.Now())
	if len(gone) == 0 || n.Handling == nil || n.Handling.Silence == nil {
		return
	}
	for _, a := range gone {
		a.Ended = time.Now()
	}
	o.facts.Fill(ctx, n, time.Now())
}
