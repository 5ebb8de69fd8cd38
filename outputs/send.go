package outputs

import (
	"context"
	"fmt"
	"net/http"

	"gatewatch/internal/retry"
)

// growth says how fast requests grow again after they had to shrink: by one part in growth at each success.
const growth = 8

// delivery is the state of sending one batch.
type delivery struct {
	left []item
	// limit is the largest body to try next. It shrinks when a request fails in a way that its size may have caused.
	limit int
	// failures counts attempts in a row that brought nothing forward.
	failures int
}

// setback is why a delivery does not go on at once; the zero value says that it does.
type setback struct {
	fate    fate
	records int
	err     error
}

// send delivers all items, with as many requests as it takes, and returns false when ctx ended before. A request
// under way goes on until late ends.
func (e *Elasticsearch) send(ctx, late context.Context, items []item) bool {
	d := &delivery{left: items, limit: e.bulkSize()}
	for len(d.left) > 0 {
		before := len(d.left)
		n := share(d.left, min(d.limit, e.bulkSize()))
		o := e.post(late, d.left[:n])
		s := e.advance(d, n, o)
		if len(d.left) < before {
			d.failures = 0
		}
		if s.err == nil {
			e.health.works(e.log)
			continue
		}
		if late.Err() != nil {
			return false
		}
		d.failures++
		e.metrics.retries.Add(float64(s.records))
		e.health.fails(e.log, s.fate, s.err)
		if s.fate == again && o.fate == again && o.asked == 0 && d.failures < len(e.cfg.URLs) && ctx.Err() == nil {
			// The next node may answer at once.
			continue
		}
		if !retry.Sleep(ctx, pauseAfter(d.failures, s.fate, o.asked)) {
			return false
		}
	}
	return true
}

// advance takes the outcome of the request with the first n items into d.
func (e *Elasticsearch) advance(d *delivery, n int, o outcome) setback {
	switch o.fate {
	case delivered:
		d.limit = min(d.limit+d.limit/growth+1, e.bulkSize())
		return e.settle(d, n, o.verdicts)
	case oversize:
		if n == 1 {
			v := verdict{fate: rejected, status: http.StatusRequestEntityTooLarge, errorType: tooLarge, reason: o.err.Error()}
			return e.settle(d, 1, []verdict{v})
		}
		e.lowerBulkSize(o.size / 2)
		d.limit = o.size / 2
		return setback{}
	}
	// No usable answer may come of the size, and a node that is short of memory refuses what it might take in parts.
	if n > 1 && (o.fate == unknown || o.status == http.StatusTooManyRequests && d.failures > 0) {
		d.limit = o.size / 2
	}
	return setback{o.fate, n, o.err}
}

// settle takes the verdicts on the first n items into d: what is not delivered, and not hopeless, comes first in what
// is left.
func (e *Elasticsearch) settle(d *delivery, n int, verdicts []verdict) setback {
	if verdicts == nil {
		e.metrics.sent.Add(float64(n))
		d.left = d.left[n:]
		return setback{}
	}
	var s setback
	var keep []item
	for i, v := range verdicts {
		it := d.left[i]
		switch v.fate {
		case delivered:
			e.metrics.delivered(v.status)
		case rejected:
			stays, err := e.reject(&it, v)
			if err != nil {
				s.note(again, err)
			}
			if stays {
				keep = append(keep, it)
			}
		default:
			if v.status == http.StatusNotFound {
				e.tmpl.forget()
			}
			s.note(v.fate, fmt.Errorf("the cluster refused documents for now: %d %s: %s", v.status, v.errorType, cut(v.reason)))
			keep = append(keep, it)
		}
	}
	if err := e.dead.sync(); err != nil {
		// What was written may be lost in a crash of the machine; it is still counted and in the journal.
		e.log.Error("dead-letter file not synced", "err", err)
	}
	d.left = append(keep, d.left[n:]...)
	return s
}

// reject mends it or keeps it as a dead letter. It tells whether the item is to be sent again.
func (e *Elasticsearch) reject(it *item, v verdict) (bool, error) {
	if mend(it, v) {
		e.metrics.mended.Inc()
		return true, nil
	}
	if err := e.dead.write(it, v); err != nil {
		return true, err
	}
	return false, nil
}

// note counts one more record that has to wait, and keeps the first and the gravest reason.
func (s *setback) note(f fate, err error) {
	s.records++
	if s.err == nil || f == unwelcome && s.fate != unwelcome {
		s.fate, s.err = f, err
	}
}

// lowerBulkSize notes that a body of more than size was too large for the cluster, or for a proxy before it.
func (e *Elasticsearch) lowerBulkSize(size int) {
	for {
		old := e.largest.Load()
		if int64(size) >= old {
			return
		}
		if e.largest.CompareAndSwap(old, int64(size)) {
			e.log.Warn("bulk requests are too large for the cluster", "largest_now", size)
			return
		}
	}
}
