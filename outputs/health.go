package outputs

import (
	"log/slog"
	"sync"
	"time"
)

// tellEvery is how often a failure that goes on is logged.
const tellEvery = time.Minute

// health turns many attempts into few log lines: when the output begins to fail, once a minute while it does or comes
// and goes, and when it works again. Safe for concurrent use.
type health struct {
	mu sync.Mutex
	// since is when the failure began that goes on; zero while the output works.
	since time.Time
	// told is when a failure was last logged, and open says that its end was not.
	told time.Time
	open bool
	err  error // why it fails, nil when it does not
}

// Trouble returns why events cannot be delivered now, or nil when nothing is known to be wrong. Safe for concurrent
// use.
func (e *Elasticsearch) Trouble() error {
	e.health.mu.Lock()
	defer e.health.mu.Unlock()
	return e.health.err
}

func (h *health) fails(log *slog.Logger, f fate, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
	now := time.Now()
	if h.since.IsZero() {
		h.since = now
	}
	if !h.told.IsZero() && now.Sub(h.told) < tellEvery {
		return
	}
	h.told, h.open = now, true
	if f == unwelcome {
		log.Error("cluster refuses events, and will until that is changed; they wait in the journal", "since", h.since, "err", err)
		return
	}
	log.Warn("events cannot be delivered now; they wait in the journal", "since", h.since, "err", err)
}

func (h *health) works(log *slog.Logger) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open {
		h.open = false
		log.Info("events are delivered again", "failed_for", time.Since(h.since))
	}
	h.since, h.err = time.Time{}, nil
}
