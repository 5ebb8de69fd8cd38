// Package fraud looks over many payments at once for what one of them does not show: stolen cards that are tried out, and
// the refunds, chargebacks and fraud reports of a month, which the card schemes hold against limits.
package fraud

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// sweepEvery is how often sources are judged.
const sweepEvery = 5 * time.Second

// Watch follows payments through the records of all logs. Safe for concurrent use.
type Watch struct {
	path    string // of the months' file, "" for none
	log     *slog.Logger
	metrics *metrics
	now     func() time.Time

	mu      sync.Mutex
	sources *sources
	shops   *shops
	months  *months
}

// New returns a Watch that registers its metrics with reg. What was counted of this month and the last is read from the file at
// path, in an existing folder, and kept there; "" keeps nothing. A file that cannot be read is set aside, and said so in the
// log.
func New(path string, log *slog.Logger, reg prometheus.Registerer) *Watch {
	m := newMetrics(reg)
	w := &Watch{path: path, log: log, metrics: m, now: time.Now, sources: newSources(m.evicted), shops: newShops(m.evicted), months: newMonths()}
	w.load()
	reg.MustRegister(w)
	return w
}

// SetClock makes now the clock, for logs that are replayed on their own. It must be called before the first record.
func (w *Watch) SetClock(now func() time.Time) { w.now = now }

// Observe takes in one record; it keeps nothing of ev. Attempts count at the time that the log says, so that old records
// read late are no attack of today.
func (w *Watch) Observe(ev *event.Event) {
	w.month(ev)
	switch {
	case ev.Payment.Attempt() && asksForMoney(ev.Payment.Operation):
		w.attempt(ev)
	case ev.Source.Dataset == "access" && ev.Status != 0 && ev.Payment.Provider == "":
		w.request(ev)
	}
}

// asksForMoney tells the operations by which cards are tried.
func asksForMoney(operation string) bool { return operation == "authorize" || operation == "" }

// Run judges the sources every few seconds, and saves the months now and then, until ctx ends; then it saves them once more.
func (w *Watch) Run(ctx context.Context) error {
	tick, saves := time.NewTicker(sweepEvery), time.NewTicker(saveEvery)
	defer tick.Stop()
	defer saves.Stop()
	for {
		select {
		case <-ctx.Done():
			w.save()
			return nil
		case <-saves.C:
			w.save()
		case <-tick.C:
			w.Sweep()
		}
	}
}

// Sweep judges the sources once, as Run does every few seconds.
func (w *Watch) Sweep() {
	now := w.now()
	w.mu.Lock()
	w.months.forget(now)
	found := w.judge(now.Unix())
	w.mu.Unlock()
	w.metrics.show(found)
	for _, f := range found {
		if f.fresh {
			w.log.Warn("cards are being tested", "provider", f.provider, "merchant", f.merchant, "by", f.by, "who", f.who,
				"tried", f.tried, "refused", f.refused, "cards", f.cards)
		}
	}
}
