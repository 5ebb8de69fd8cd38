package series

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// sampler is what one sample needs to know of those before.
type sampler struct {
	cache  map[string]*known
	key    []byte
	tick   uint64
	last   int64
	mapped time.Time
	behind bool
}

// known is a series of the last sample.
type known struct {
	ref  storage.SeriesRef
	lset labels.Labels
	tick uint64
}

func (s *sampler) reset() { *s = sampler{cache: map[string]*known{}} }

// store appends all families at ts as one transaction, and ends the series that are no longer there.
func (s *Store) store(ctx context.Context, families []*dto.MetricFamily, ts int64) error {
	if ts <= s.sampler.last {
		return nil
	}
	return s.storeIn(s.db.Appender(ctx), families, ts)
}

// storeIn is store with the storage's appender.
func (s *Store) storeIn(app storage.Appender, families []*dto.MetricFamily, ts int64) error {
	s.sampler.tick++
	b := &batch{store: s, app: app, ts: ts, before: s.sampler.last}
	for _, mf := range families {
		for _, m := range mf.Metric {
			b.metric(mf.GetName(), mf.GetType(), m)
		}
	}
	alive := 0
	for key, k := range s.sampler.cache {
		if k.tick == s.sampler.tick {
			alive++
			continue
		}
		delete(s.sampler.cache, key)
		_, err := b.app.Append(k.ref, k.lset, ts, math.Float64frombits(value.StaleNaN))
		b.count(err)
	}
	s.metrics.active.Set(float64(alive))
	if err := b.app.Commit(); err != nil {
		s.metrics.dropped.WithLabelValues(reasonStorage).Add(float64(b.stored))
		return err
	}
	s.sampler.last = ts
	s.metrics.samples.Add(float64(b.stored))
	return nil
}

// batch is one sample on its way into the database.
type batch struct {
	store  *Store
	app    storage.Appender
	ts     int64
	before int64 // time of the sample before this, 0 for none
	stored int

	name string
	m    *dto.Metric
	// born is true for metrics that came to be since the sample before: they were 0 then.
	born bool
}

func (b *batch) metric(name string, kind dto.MetricType, m *dto.Metric) {
	b.name, b.m, b.born = name, m, false
	switch kind {
	case dto.MetricType_COUNTER:
		b.bornAt(m.GetCounter().GetCreatedTimestamp())
		b.float("", "", "", m.GetCounter().GetValue())
	case dto.MetricType_GAUGE:
		b.float("", "", "", m.GetGauge().GetValue())
	case dto.MetricType_UNTYPED:
		b.float("", "", "", m.GetUntyped().GetValue())
	case dto.MetricType_SUMMARY:
		b.summary(m.GetSummary())
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		b.histogram(m.GetHistogram(), kind == dto.MetricType_GAUGE_HISTOGRAM)
	}
}

type timestamp interface {
	GetSeconds() int64
	GetNanos() int32
}

// bornAt decides about born. A metric without a time of birth (one of the operating system) may be old.
func (b *batch) bornAt(created timestamp) {
	if b.before == 0 || created.GetSeconds() == 0 {
		return
	}
	at := created.GetSeconds()*1000 + int64(created.GetNanos())/1e6
	b.born = at >= b.before-time.Duration(b.store.cfg.Interval).Milliseconds()
}

func (b *batch) summary(s *dto.Summary) {
	for _, q := range s.GetQuantile() {
		b.float("", "quantile", bound(q.GetQuantile()), q.GetValue())
	}
	b.bornAt(s.GetCreatedTimestamp())
	b.float("_sum", "", "", s.GetSampleSum())
	b.float("_count", "", "", float64(s.GetSampleCount()))
}

// bound writes a bucket's bound or a quantile as Prometheus does.
func bound(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if f == math.Trunc(f) && math.Abs(f) < 1e6 {
		s = strconv.FormatFloat(f, 'f', 1, 64)
	}
	return s
}

func (b *batch) float(suffix, label, labelValue string, v float64) {
	k, fresh := b.series(suffix, label, labelValue)
	if k == nil {
		return
	}
	var err error
	if fresh && b.born {
		k.ref, err = b.app.Append(k.ref, k.lset, b.before, 0)
		b.count(err)
	}
	ref, err := b.app.Append(k.ref, k.lset, b.ts, v)
	if err == nil {
		k.ref = ref
	}
	b.count(err)
}

func (b *batch) count(err error) {
	dropped := b.store.metrics.dropped
	switch {
	case err == nil:
		b.stored++
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrOutOfBounds),
		errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		dropped.WithLabelValues(reasonOutOfOrder).Inc()
	default:
		dropped.WithLabelValues(reasonStorage).Inc()
	}
}

// series finds the series of the current metric, and says whether it was not in the sample before. It returns nil
// when there are too many series: those already known go on, new ones wait.
func (b *batch) series(suffix, label, labelValue string) (k *known, fresh bool) {
	s := &b.store.sampler
	const sep = 0xff // in no valid UTF-8 text
	key := append(s.key[:0], b.name...)
	key = append(append(key, suffix...), sep)
	for _, l := range b.m.Label {
		key = append(append(key, l.GetName()...), sep)
		key = append(append(key, l.GetValue()...), sep)
	}
	key = append(key, labelValue...)
	s.key = key
	if k := s.cache[string(key)]; k != nil {
		k.tick = s.tick
		return k, false
	}
	if len(s.cache) >= b.store.cfg.MaxSeries {
		b.store.metrics.dropped.WithLabelValues(reasonLimit).Inc()
		return nil, false
	}
	build := labels.NewScratchBuilder(len(b.m.Label) + 2)
	build.Add(labels.MetricName, b.name+suffix)
	for _, l := range b.m.Label {
		build.Add(l.GetName(), l.GetValue())
	}
	if label != "" {
		build.Add(label, labelValue)
	}
	build.Sort()
	k = &known{lset: build.Labels(), tick: s.tick}
	s.cache[string(key)] = k
	return k, true
}
