package outbox

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/retry"
)

const (
	// sendSpacing is the time between two messages: Slack takes about one a second for a channel.
	sendSpacing = time.Second
	// A failed sending is repeated after minBackoff, then twice as long each time up to maxBackoff.
	minBackoff = time.Second
	maxBackoff = time.Minute
	// blockedBackoff is the wait after an error that only people can mend (a wrong token): they may do so any time.
	blockedBackoff = 5 * time.Minute
	// maxNoticeAge is when a notice that cannot be delivered is given up. One that a process before left is tried for as long
	// as minTrying all the same: the clock may have been set on, and the network not be there yet.
	maxNoticeAge = 24 * time.Hour
	minTrying    = time.Hour
	// sendGrace is how long a message that is on its way holds up the end of the agent.
	sendGrace = 3 * time.Second
	// refreshInterval is how often the figures in messages of incidents that go on are brought up to date.
	refreshInterval = time.Minute
	// lateAfter is when a message says that it is late.
	lateAfter = 30 * time.Second
)

// Status tells how one receiver is doing.
type Status struct {
	Name string
	// Unsent is how many messages wait, Oldest since when the first of them does.
	Unsent int
	Oldest time.Time
	// LastSent is when a message was delivered last, zero if none was since the start.
	LastSent time.Time
	// LastError is why the last message did not get through, "" if it did.
	LastError string
}

func (o *Box) Status() Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Status{Name: o.Name, Unsent: len(o.unsent), LastSent: o.lastSent, LastError: o.lastErr}
	if len(o.unsent) > 0 {
		s.Oldest = o.unsent[0].Created
	}
	return s
}

type deliveryMetrics struct {
	sent, failed, retried prometheus.Counter
}

func newDeliveryMetrics(reg prometheus.Registerer, receiver string, oldest func() float64) *deliveryMetrics {
	f := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"receiver": receiver}, reg))
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatewatch_notification_oldest_unsent_seconds", Help: "Age of the oldest message that is not delivered.",
	}, oldest)
	return &deliveryMetrics{
		sent: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_notifications_sent_total", Help: "Messages delivered.",
		}),
		failed: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_notifications_failed_total", Help: "Messages refused for good, given up, or blocked by a wrong configuration.",
		}),
		retried: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_notifications_retried_total", Help: "Attempts that failed and are repeated.",
		}),
	}
}

// run delivers notices, the oldest first, until ctx ends.
func (o *Box) run(ctx context.Context) {
	refresh := time.NewTicker(refreshInterval)
	defer refresh.Stop()
	backoff := minBackoff
	blocked := false
	o.mu.Lock()
	spacing := o.spacing
	o.mu.Unlock()
	for {
		n, ok := o.take()
		if !ok {
			select {
			case <-o.wake:
				continue
			case <-refresh.C:
				o.refresh(ctx)
				continue
			case <-ctx.Done():
				return
			}
		}
		err := o.send(ctx, n)
		var wait time.Duration
		if err == nil {
			o.metrics.sent.Inc()
			o.settle(n.ID, true, nil)
			wait, backoff, blocked = spacing, minBackoff, false
		} else {
			failure := receivers.AsSendError(err)
			done := o.fail(n, failure, blocked)
			blocked = failure.Blocked
			o.settle(n.ID, done, failure)
			wait, backoff = nextWait(failure, backoff)
		}
		if !retry.Sleep(ctx, wait) {
			return
		}
	}
}

// send hands n to the receiver. The end of ctx leaves a message on its way a moment to arrive: cut off, nobody would
// know whether it did, and it would be sent again after the restart.
func (o *Box) send(ctx context.Context, n receivers.Notice) error {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if retry.Sleep(inner, sendGrace) {
			cancel()
		}
	})
	defer stop()
	o.facts.Stand(inner, &n) // somebody may have acknowledged it since
	return o.Receiver().Send(inner, n, o.lateness(n))
}

// fail counts and logs a failed sending, and says whether the notice is given up.
func (o *Box) fail(n receivers.Notice, err *receivers.SendError, blockedBefore bool) (done bool) {
	switch {
	case err.Refused:
		o.metrics.failed.Inc()
		o.log.Error("message refused for good", "err", err)
		return true
	case time.Since(n.Created) > maxNoticeAge && time.Since(o.trying(n.ID)) > minTrying:
		o.metrics.failed.Inc()
		o.log.Error("message given up", "since", n.Created, "err", err)
		return true
	case err.Blocked && !blockedBefore:
		o.metrics.failed.Inc()
		o.log.Error("messages cannot be delivered until the configuration is changed", "err", err)
	case err.Blocked:
	default:
		o.metrics.retried.Inc()
		o.log.Warn("message not delivered, will be sent again", "since", n.Created, "err", err)
	}
	return false
}

// trying returns since when the notice, which is the oldest one, is tried in this process.
func (o *Box) trying(id string) time.Time {
	if o.tried.id != id {
		o.tried.id, o.tried.since = id, time.Now()
	}
	return o.tried.since
}

// nextWait returns how long to wait after a failure and the backoff of the one after it.
func nextWait(err *receivers.SendError, backoff time.Duration) (wait, next time.Duration) {
	switch {
	case err.Refused:
		return sendSpacing, minBackoff
	case err.Blocked:
		return blockedBackoff, minBackoff
	case err.After > 0:
		return err.After, minBackoff
	}
	// Many agents must not come back at the same moment.
	jitter := rand.N(backoff/4 + 1)
	return backoff + jitter, min(2*backoff, maxBackoff)
}

// lateness is how long ago n should have been delivered, 0 when it is on time.
func (o *Box) lateness(n receivers.Notice) time.Duration {
	if late := time.Since(n.Created); late >= lateAfter {
		return late
	}
	return 0
}
