package intents

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// sweepEvery is how often orders are looked through for those whose time is over.
const sweepEvery = 5 * time.Second

// Tracker follows orders through the records of all logs. Safe for concurrent use.
type Tracker struct {
	orders   *memory
	metrics  *metrics
	findings findings
	now      func() time.Time
}

// New returns a Tracker that registers its metrics with reg. cfg must be valid.
func New(cfg Config, reg prometheus.Registerer) *Tracker {
	return &Tracker{orders: newMemory(&cfg), metrics: newMetrics(reg), now: time.Now}
}

// Observe takes in one record; it keeps nothing of ev. Records without an order's number count for refunds and
// chargebacks only.
func (t *Tracker) Observe(ev *event.Event) {
	if ev.Payment.Provider == "" {
		return
	}
	t.metrics.other(&ev.Payment)
	ob, ok := observe(ev)
	if !ok {
		return
	}
	var out effects
	evicted := t.orders.observe(&ob, t.now(), &out)
	t.metrics.evicted.Add(float64(evicted))
	t.note(&out, ob.provider)
}

// Run looks through the orders until ctx ends.
func (t *Tracker) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			t.sweep()
		}
	}
}

func (t *Tracker) sweep() {
	var out effects
	now := t.now()
	by := t.orders.sweep(now, &out)
	t.metrics.wait(by, now)
	t.note(&out, "")
}

func (t *Tracker) note(out *effects, provider string) {
	t.metrics.count(out, provider)
	for _, one := range out.found {
		t.findings.add(one)
	}
}

// Findings returns the latest orders that somebody should look at, the newest first, 200 at most.
func (t *Tracker) Findings() []Finding { return t.findings.latest() }
