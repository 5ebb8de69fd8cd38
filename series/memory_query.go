package series

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// memoryQuerier answers the engine from a Memory.
type memoryQuerier struct{ m *Memory }

// Select returns the series that match, as they are now.
func (q memoryQuerier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	q.m.mu.RLock()
	defer q.m.mu.RUnlock()
	candidates := q.m.byRef
	if i := slices.IndexFunc(matchers, func(l *labels.Matcher) bool { return l.Name == labels.MetricName && l.Type == labels.MatchEqual }); i >= 0 {
		candidates = q.m.byName[matchers[i].Value]
	}
	set := &memorySet{at: -1}
	for _, k := range candidates {
		if !slices.ContainsFunc(matchers, func(l *labels.Matcher) bool { return !l.Matches(k.lset.Get(l.Name)) }) {
			set.all = append(set.all, found{k.lset, k.sampleSlice})
		}
	}
	if sorted {
		slices.SortFunc(set.all, func(a, b found) int { return labels.Compare(a.lset, b.lset) })
	}
	return set
}

// LabelValues and LabelNames are what pages ask for, not rules.
func (memoryQuerier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (memoryQuerier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (memoryQuerier) Close() error { return nil }

// found is a series as it was when it was asked for.
type found struct {
	lset labels.Labels
	sampleSlice
}

func (f found) Labels() labels.Labels { return f.lset }

// Iterator takes the place of one that is no longer needed.
func (f found) Iterator(old chunkenc.Iterator) chunkenc.Iterator {
	it, ok := old.(*memoryIterator)
	if !ok {
		it = &memoryIterator{}
	}
	it.sampleSlice, it.at = f.sampleSlice, -1
	return it
}

type memorySet struct {
	all []found
	at  int
}

func (s *memorySet) Next() bool                      { s.at++; return s.at < len(s.all) }
func (s *memorySet) At() storage.Series              { return s.all[s.at] }
func (*memorySet) Err() error                        { return nil }
func (*memorySet) Warnings() annotations.Annotations { return nil }

// millis is a time since 1970.
type millis = int64

// memoryIterator walks over samples, of which at is the present one.
type memoryIterator struct {
	sampleSlice
	at int
}

func (i *memoryIterator) Next() chunkenc.ValueType { i.at++; return i.here() }

// Seek goes forward to the first sample at t or later. It never goes back.
func (i *memoryIterator) Seek(t millis) chunkenc.ValueType {
	i.at = max(i.at, 0)
	if i.at < len(i.times) && i.times[i.at] < t {
		n, _ := slices.BinarySearch(i.times[i.at:], t)
		i.at += n
	}
	return i.here()
}

func (i *memoryIterator) here() chunkenc.ValueType {
	if i.at < len(i.times) {
		return chunkenc.ValFloat
	}
	return chunkenc.ValNone
}

func (i *memoryIterator) At() (int64, float64) { return i.times[i.at], i.values[i.at] }
func (i *memoryIterator) AtT() int64           { return i.times[i.at] }
func (*memoryIterator) AtST() int64            { return 0 }
func (*memoryIterator) Err() error             { return nil }
func (*memoryIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return 0, nil
}

func (*memoryIterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}
