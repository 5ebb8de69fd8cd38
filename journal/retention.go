package journal

import (
	"errors"
	"os"
	"time"
)

// makeRoom lets the oldest segments go until size more bytes fit, beside a segment that is being sealed. The mutex is
// held.
func (j *Journal) makeRoom(size int64) {
	total := size + max(j.sealing, j.cfg.segmentSize()) + j.storedBytes()
	for total > int64(j.cfg.MaxSize) && len(j.segments) > 1 {
		total -= j.segments[0].stored
		if !j.dropOldest("max_size") {
			return
		}
	}
}

// dropDelivered gives room back to a full disk: the oldest segment, when every consumer has had it. Without a consumer the
// journal is the only place where the records are, and keeps them. The mutex is held.
func (j *Journal) dropDelivered() bool {
	if len(j.segments) < 2 || len(j.consumers) == 0 {
		return false
	}
	s := j.segments[0]
	for _, c := range j.consumers {
		if c.acked.Compare(s.end()) < 0 {
			return false
		}
	}
	j.log.Warn("disk is full: the oldest delivered part of the journal goes before its time; journal.max_size is larger than the room there is",
		"segment", s.number, "bytes", s.stored)
	return j.dropOldest("disk")
}

// storedBytes returns the size of all segments on disk. The mutex is held.
func (j *Journal) storedBytes() int64 {
	var total int64
	for _, s := range j.segments {
		total += s.stored
	}
	return total
}

// dropAged lets the oldest segments go when all of them is older than max_age. It is a part of max_size at a time, so
// that a clock that jumps ahead does not empty the journal before someone can set it right.
func (j *Journal) dropAged(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	// A segment is complete when the next one begins.
	left := int64(j.cfg.MaxSize) / segmentsKept
	for left > 0 && len(j.segments) > 1 && now.Sub(j.segments[1].created) > time.Duration(j.cfg.MaxAge) {
		left -= j.segments[0].stored
		if !j.dropOldest("max_age") {
			return
		}
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
	a, okA := j.sequenceAt(s, from.Offset)
	b, okB := j.sequenceAt(next, 0)
	if !okA || !okB || b < a {
		return 0
	}
	return b - a
}

// sequenceAt returns how many records stand in the journal before the position off in s.
func (j *Journal) sequenceAt(s *segment, off int64) (uint64, bool) {
	var before uint64
	ok := j.firstBlock(s, off, func(r *reader, b *frame) {
		before = b.sequence
		if !b.sealed() || off <= b.position {
			return
		}
		if raw, ok, err := r.body(b, nil); err == nil && ok {
			n, _ := b.recordsBefore(raw, off)
			before += uint64(n)
		}
	})
	return before, ok
}

// firstBlock calls use with the first block of s that ends behind off, if there is one.
func (j *Journal) firstBlock(s *segment, off int64, use func(*reader, *frame)) bool {
	f, err := os.Open(segmentPath(j.dir, s.number))
	if err != nil {
		return false
	}
	defer f.Close()
	var r reader
	if err := r.attach(f, *s); err != nil {
		return false
	}
	b, err := r.from(off)
	if err != nil {
		return false
	}
	use(&r, &b)
	return true
}
