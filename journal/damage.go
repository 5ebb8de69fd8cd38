package journal

// reportDamage counts and logs a damaged part of a segment, once.
func (j *Journal) reportDamage(number uint64, from, to int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	const maxRemembered = 4096
	p := Position{number, from}
	if j.damage[p] {
		return
	}
	if len(j.damage) >= maxRemembered {
		clear(j.damage)
	}
	j.damage[p] = true
	j.metrics.corrupt.Inc()
	j.log.Error("journal block is damaged and was skipped", "segment", number, "offset", from, "bytes", to-from)
}
