package journal

import "math"

// bounds are the times of the records in a segment. They are known for what this process wrote or searched.
type bounds struct {
	known    bool
	min, max int64
}

// include widens b by a block.
func (b *bounds) include(h *header) {
	if !b.known {
		*b = bounds{known: true, min: math.MaxInt64, max: math.MinInt64}
	}
	if h.records > 0 {
		b.min, b.max = min(b.min, h.minTime), max(b.max, h.maxTime)
	}
}

// learn keeps the bounds of a segment of which all blocks were looked at.
func (j *Journal) learn(s segment, b bounds) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.segments {
		if one.number == s.number && !one.bounds.known {
			one.bounds = b
		}
	}
}
