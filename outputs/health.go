package outputs

import (
	"log/slog"
	"sync"
	"time"
)

// tellEvery is how often a failure that goes on is logged.
const tellEvery = time.Minute

// health turns many attempts into few log lines: when the output begins to fail, once a minute while it does, and
// when it works again. Safe for concurrent use.
type health struct {
	mu      sync.Mutex
	failing bool
	since   time.Time
	told    time.Time
}

func (h *health) fails(log *slog.Logger, f fate, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if !h.failing {
		h.failing, h.since, h.told = true, now, time.Time{}
	}
	if now.Sub(h.told) < tellEvery {
		return
	}
	h.told = now
	if f == unwelcome {
		log.Error("cluster refuses events, and will until that is changed; they wait in the journal", "since", h.since, "err", err)
		return
	}
	log.Warn("events cannot be delivered now; they wait in the journal", "since", h.since, "err", err)
}

func (h *health) works(log *slog.Logger) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		h.failing = false
		log.Info("events are delivered again", "failed_for", time.Since(h.since))
	}
}
