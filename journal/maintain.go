package journal

import "time"

// How often the journal looks after itself.
const (
	cursorInterval    = time.Second
	retentionInterval = time.Minute
	// idleInterval stands in for a sync interval of 0, where every block is synced when it is written.
	idleInterval = time.Hour
)

// maintain syncs, saves cursors and lets old segments go until the journal is closed.
func (j *Journal) maintain() {
	every := time.Duration(j.cfg.SyncEvery)
	if every <= 0 {
		every = idleInterval
	}
	syncs, cursors, retention := time.NewTicker(every), time.NewTicker(cursorInterval), time.NewTicker(retentionInterval)
	defer syncs.Stop()
	defer cursors.Stop()
	defer retention.Stop()
	for {
		select {
		case <-j.stop:
			return
		case <-syncs.C:
			j.syncRecent()
		case <-cursors.C:
			if err := j.saveCursors(); err != nil {
				j.log.Warn("save journal cursors", "err", err)
			}
		case <-retention.C:
			j.dropAged(time.Now())
		}
	}
}

// syncRecent forces what was written since the last time to the disk, while Append goes on.
func (j *Journal) syncRecent() {
	j.mu.Lock()
	w := j.w
	if w == nil || w.durable >= w.size {
		j.mu.Unlock()
		return
	}
	size, durable, suspect := w.size, w.durable, w.suspect
	j.mu.Unlock()

	err := forceOut(w.f, suspect, durable, size)

	j.mu.Lock()
	defer j.mu.Unlock()
	if j.w != w {
		return // synced and closed by the change to a new segment
	}
	if err != nil {
		w.suspect = true
		j.metrics.syncErrors.Inc()
		j.log.Error("sync journal", "segment", w.number, "err", err)
		return
	}
	w.suspect = false
	w.durable = max(w.durable, size)
}
