package detect

import (
	"context"
	"time"
)

const (
	// Settle is how long after a start nothing is judged: counts over the last minutes are not whole yet, and what was
	// written to the logs meanwhile is caught up with.
	Settle = 10 * time.Minute
	// saveEvery is how often the state is saved: what a crash can cost.
	saveEvery = 15 * time.Minute
)

// Run evaluates at each interval and saves the state, until ctx ends; then it saves the state once more.
func (w *Watcher) Run(ctx context.Context) error {
	saved := time.Now()
	for wait := Settle; ; {
		select {
		case <-ctx.Done():
			w.trySave()
			return nil
		case <-time.After(wait):
		}
		began := time.Now()
		w.Evaluate(ctx, began)
		if time.Since(saved) >= saveEvery {
			saved = time.Now()
			w.trySave()
		}
		wait = max(0, time.Duration(w.cfg.Interval)-time.Since(began))
	}
}

func (w *Watcher) trySave() {
	if err := w.save(); err != nil {
		w.metrics.unsaved.Inc()
		w.log.Error("what is usual is not saved", "err", err)
	}
}
