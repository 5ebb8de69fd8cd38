package patterns

import "time"

// SetClock makes now the tracker's clock, for logs that are replayed on their own: learning begins at its present time.
// It must be called before the first record.
func (t *Tracker) SetClock(now func() time.Time) { t.now, t.began = now, now() }

// Choose gives the series to the templates that have the most records, as Run does every minute.
func (t *Tracker) Choose() { t.chooseSeries() }
