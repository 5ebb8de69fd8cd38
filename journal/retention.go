package journal

import (
	"errors"
	"os"
	"time"
)

// makeRoom lets the oldest segments go until size more bytes fit. The mutex is held.
func (j *Journal) makeRoom(size int64) {
	total := size
	for _, s := range j.segments {
		total += s.size
	}
	for total > int64(j.cfg.MaxSize) && len(j.segments) > 1 {
		total -= j.segments[0].size
		if !j.dropOldest("max_size") {
			return
		}
	}
}

// dropAged lets the oldest segment go when all of it is older than max_age. It is one at a time, so that a clock that
// jumps ahead does not empty the journal before someone can set it right.
func (j *Journal) dropAged(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	// A segment is complete when the next one begins.
	if len(j.segments) > 1 && now.Sub(j.segments[1].created) > time.Duration(j.cfg.MaxAge) {
		j.dropOldest("max_age")
	}
}

// dropOldest removes the oldest segment. Records that a consumer has not had are counted and logged.
func (j *Journal) dropOldest(limit string) bool {
	s := j.segments[0]
	j.countUndelivered(s, j.segments[1], limit)
	if err := j.disk.remove(segmentPath(j.dir, s.number)); err != nil && !errors.Is(err, os.ErrNotExist) {
		j.log.Error("remove journal segment", "segment", s.number, "err", err)
		return false
	}
	j.segments = j.segments[1:]
	j.metrics.dropped.Inc()
	return true
}

func (j *Journal) countUndelivered(s, next *segment, limit string) {
	for _, c := range j.consumers {
		if c.acked.Compare(s.end()) >= 0 {
			continue
		}
		from := s.start()
		if c.acked.Segment == s.number {
			from.Offset = max(from.Offset, c.acked.Offset)
		}
		n := j.recordsBetween(from, s, next)
		j.metrics.undelivered.WithLabelValues(c.name).Add(float64(n))
		j.log.Error("journal dropped records that were not delivered",
			"consumer", c.name, "records", n, "segment", s.number, "limit", limit)
	}
}

// recordsBetween returns the number of records from a position in s to the beginning of next.
func (j *Journal) recordsBetween(from Position, s, next *segment) uint64 {
	a, okA := j.firstBlock(s, from.Offset)
	b, okB := j.firstBlock(next, 0)
	if !okA || !okB || b.sequence < a.sequence {
		return 0
	}
	return b.sequence - a.sequence
}

// firstBlock returns the header of the first block of s at or behind off.
func (j *Journal) firstBlock(s *segment, off int64) (header, bool) {
	f, err := os.Open(segmentPath(j.dir, s.number))
	if err != nil {
		return header{}, false
	}
	defer f.Close()
	var r reader
	r.reset(f, s.number, off, s.size)
	b, err := r.next()
	return b.header, err == nil
}
