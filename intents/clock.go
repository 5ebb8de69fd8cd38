package intents

import "time"

// SetClock makes now the tracker's clock, for logs that are replayed on their own. It must be called before the first
// record.
func (t *Tracker) SetClock(now func() time.Time) { t.now = now }

// Sweep looks through the orders once, as Run does every few seconds.
func (t *Tracker) Sweep() { t.sweep() }
