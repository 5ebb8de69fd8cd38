package series

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// Memory is a store for simulations: its samples lie in memory as they are, so that rules which look back for hours find
// them without unpacking anything. It has the same life of series as Store, but neither native histograms nor a disk. Sample
// belongs to one goroutine, all else is safe for concurrent use.
type Memory struct {
	sampling *Store // its sampler, without its database
	keep     int64  // milliseconds

	mu     sync.RWMutex
	byName map[string][]*kept
	byHash map[uint64][]*kept
	byRef  []*kept // the reference is the place + 1
}

// kept is a series with its samples.
type kept struct {
	ref  storage.SeriesRef
	lset labels.Labels
	sampleSlice
}

// sampleSlice is never changed but for what is appended behind its end: a copy of it stays as it is.
type sampleSlice struct {
	times  []int64
	values []float64
}

// NewMemory returns an empty store that keeps samples for as long as cfg.Retention says.
func NewMemory(cfg Config, g prometheus.Gatherer) *Memory {
	log := slog.New(slog.DiscardHandler)
	m := &Memory{
		sampling: &Store{cfg: cfg, gatherer: g, log: log, metrics: newMetrics(prometheus.NewRegistry()), engine: newEngine(log)},
		keep:     time.Duration(cfg.Retention).Milliseconds(),
		byName:   map[string][]*kept{}, byHash: map[uint64][]*kept{},
	}
	m.sampling.sampler.reset()
	return m
}

// Sample gathers the metrics and stores every series at ts, which must be after the last one's.
func (m *Memory) Sample(_ context.Context, ts time.Time) error {
	families, err := m.sampling.gatherer.Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	return m.sampling.storeIn(m.Appender(context.Background()), families, ts.UnixMilli())
}

// Track is a series that its owner writes by itself, beside those of Sample. It belongs to one goroutine.
type Track struct {
	app  memoryAppender
	ref  storage.SeriesRef
	lset labels.Labels
}

// Track returns the series with these labels, of which "__name__" is the metric's name.
func (m *Memory) Track(of map[string]string) *Track {
	return &Track{app: memoryAppender{m}, lset: labels.FromMap(of)}
}

// Add stores the value at ts, which must be after the last one's.
func (t *Track) Add(ts time.Time, v float64) (err error) {
	t.ref, err = t.app.Append(t.ref, t.lset, ts.UnixMilli(), v)
	return err
}

// QueryRange evaluates a PromQL expression at from, from+step … up to to, as Store.QueryRange does.
func (m *Memory) QueryRange(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Line, error) {
	return queryRange(ctx, m.sampling.engine, m, expr, from, to, step)
}

// PromQL returns the engine that queries run on.
func (m *Memory) PromQL() promql.QueryEngine { return m.sampling.engine }

// Appender gives rules a way to write their results. What is appended is there at once.
func (m *Memory) Appender(context.Context) storage.Appender { return memoryAppender{m} }

// Querier gives access to all samples; the engine itself leaves out what is outside of mint and maxt.
func (m *Memory) Querier(int64, int64) (storage.Querier, error) { return memoryQuerier{m}, nil }

type memoryAppender struct{ m *Memory }

func (a memoryAppender) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	k := a.m.find(ref, l)
	if n := len(k.times); n > 0 && k.times[n-1] >= t {
		return k.ref, storage.ErrOutOfOrderSample
	}
	k.times, k.values = append(k.times, t), append(k.values, v)
	// Twice as much as is wanted, so that each sample is copied once.
	if old := t - 2*a.m.keep; k.times[0] < old {
		from, _ := slices.BinarySearch(k.times, t-a.m.keep)
		k.times, k.values = slices.Clone(k.times[from:]), slices.Clone(k.values[from:])
	}
	return k.ref, nil
}

// find returns a series, which it makes when it is new.
func (m *Memory) find(ref storage.SeriesRef, l labels.Labels) *kept {
	if ref > 0 && int(ref) <= len(m.byRef) {
		return m.byRef[ref-1]
	}
	hash := l.Hash()
	for _, k := range m.byHash[hash] {
		if labels.Equal(k.lset, l) {
			return k
		}
	}
	k := &kept{ref: storage.SeriesRef(len(m.byRef) + 1), lset: l}
	name := l.Get(labels.MetricName)
	m.byRef = append(m.byRef, k)
	m.byHash[hash] = append(m.byHash[hash], k)
	m.byName[name] = append(m.byName[name], k)
	return k
}

func (memoryAppender) Commit() error                     { return nil }
func (memoryAppender) Rollback() error                   { return nil }
func (memoryAppender) SetOptions(*storage.AppendOptions) {}
func (memoryAppender) AppendExemplar(ref storage.SeriesRef, _ labels.Labels, _ exemplar.Exemplar) (storage.SeriesRef, error) {
	return ref, nil
}

func (memoryAppender) AppendHistogram(ref storage.SeriesRef, _ labels.Labels, _ int64, _ *histogram.Histogram, _ *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return ref, nil
}

func (memoryAppender) AppendHistogramSTZeroSample(ref storage.SeriesRef, _ labels.Labels, _, _ int64, _ *histogram.Histogram, _ *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return ref, nil
}

func (memoryAppender) AppendSTZeroSample(ref storage.SeriesRef, _ labels.Labels, _, _ int64) (storage.SeriesRef, error) {
	return ref, nil
}

func (memoryAppender) UpdateMetadata(ref storage.SeriesRef, _ labels.Labels, _ metadata.Metadata) (storage.SeriesRef, error) {
	return ref, nil
}
