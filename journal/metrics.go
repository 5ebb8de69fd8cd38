package journal

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what the journal does. What can be read off the journal's state is collected when asked for.
type metrics struct {
	records, bytes, appendErrors, syncErrors prometheus.Counter
	torn, corrupt, dropped                   prometheus.Counter
	sealed, sealErrors, sealCPU              prometheus.Counter
	undelivered                              *prometheus.CounterVec
	state                                    *stateCollector
	reg                                      prometheus.Registerer // nil when not registered
}

func newMetrics(j *Journal) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "gatewatch_journal_" + name, Help: help})
	}
	return &metrics{
		records:      counter("appended_records_total", "Records written to the journal."),
		bytes:        counter("appended_bytes_total", "Bytes written to the journal, compressed."),
		appendErrors: counter("append_errors_total", "Batches that could not be written; they are tried again."),
		syncErrors:   counter("sync_errors_total", "Times the disk failed to take written blocks."),
		torn:         counter("torn_tails_total", "Times a half-written end was cut off when the journal was opened."),
		corrupt:      counter("corrupt_blocks_total", "Damaged parts of the journal that were skipped."),
		dropped:      counter("dropped_segments_total", "Segments removed to keep max_size and max_age."),
		sealed:       counter("sealed_segments_total", "Segments packed again with stronger compression."),
		sealErrors:   counter("seal_errors_total", "Times a segment could not be packed again; it is tried again."),
		sealCPU:      counter("seal_cpu_seconds_total", "CPU time that packing segments again took; 0 where threads' times are not known."),
		undelivered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatewatch_journal_undelivered_dropped_records_total",
			Help: "Records removed to keep max_size and max_age before the consumer had them.",
		}, []string{"consumer"}),
		state: newStateCollector(j),
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.records, m.bytes, m.appendErrors, m.syncErrors, m.torn, m.corrupt, m.dropped,
		m.sealed, m.sealErrors, m.sealCPU, m.undelivered, m.state}
}

// register registers everything with reg, or nothing.
func (m *metrics) register(reg prometheus.Registerer) error {
	if reg == nil {
		return nil
	}
	for i, c := range m.all() {
		if err := reg.Register(c); err != nil {
			for _, done := range m.all()[:i] {
				reg.Unregister(done)
			}
			return err
		}
	}
	m.reg = reg
	return nil
}

func (m *metrics) unregister() {
	if m.reg == nil {
		return
	}
	for _, c := range m.all() {
		m.reg.Unregister(c)
	}
}

// stateCollector reports the journal's size and its consumers' lag.
type stateCollector struct {
	j                            *Journal
	bytes, segments, oldest, lag *prometheus.Desc
}

func newStateCollector(j *Journal) *stateCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("gatewatch_journal_"+name, help, labels, nil)
	}
	return &stateCollector{
		j:        j,
		bytes:    desc("bytes", "Size of the journal on disk."),
		segments: desc("segments", "Files of the journal."),
		oldest:   desc("oldest_timestamp_seconds", "Time of the oldest record in the journal's oldest block."),
		lag:      desc("consumer_lag_bytes", "Bytes of the journal that the consumer has not acknowledged.", "consumer"),
	}
}

// Describe implements prometheus.Collector.
func (s *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- s.bytes
	ch <- s.segments
	ch <- s.oldest
	ch <- s.lag
}

// Collect implements prometheus.Collector.
func (s *stateCollector) Collect(ch chan<- prometheus.Metric) {
	j := s.j
	j.mu.Lock()
	defer j.mu.Unlock()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(s.bytes, float64(j.storedBytes()))
	gauge(s.segments, float64(len(j.segments)))
	if oldest, ok := j.oldestTime(); ok {
		gauge(s.oldest, float64(oldest)/1e9)
	}
	for name, c := range j.consumers {
		gauge(s.lag, float64(j.lagBytes(c.acked)), name)
	}
}

// lagBytes returns the bytes of the journal behind p, on disk: about, where p is in a sealed segment.
func (j *Journal) lagBytes(p Position) int64 {
	var n int64
	for _, s := range j.segments {
		switch {
		case s.number > p.Segment:
			n += s.stored
		case s.number == p.Segment && p.Offset < s.size:
			n += int64(float64(s.stored) * float64(s.size-p.Offset) / float64(s.size))
		}
	}
	return n
}

// oldestTime returns the time of the oldest record of the oldest block that has records.
func (j *Journal) oldestTime() (int64, bool) {
	if len(j.segments) == 0 {
		return 0, false
	}
	s := j.segments[0]
	if s.oldest == 0 {
		j.firstBlock(s, 0, func(_ *reader, b *frame) {
			if b.records > 0 {
				s.oldest = b.minTime
			}
		})
	}
	return s.oldest, s.oldest != 0
}
