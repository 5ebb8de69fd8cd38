package series

import (
	"math"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// histogram stores the native histogram under the metric's name and the classic one under its usual three names:
// rules and dashboards of both kinds find what they expect.
func (b *batch) histogram(h *dto.Histogram, gauge bool) {
	if !gauge {
		b.bornAt(h.GetCreatedTimestamp())
	}
	if isNative(h) {
		b.native(toNative(h, gauge))
	}
	if len(h.Bucket) == 0 {
		return
	}
	hasInf := false
	for _, bucket := range h.Bucket {
		hasInf = hasInf || math.IsInf(bucket.GetUpperBound(), 1)
		b.float("_bucket", labels.BucketLabel, bound(bucket.GetUpperBound()), float64(bucket.GetCumulativeCount()))
	}
	if !hasInf {
		b.float("_bucket", labels.BucketLabel, "+Inf", float64(h.GetSampleCount()))
	}
	b.float("_sum", "", "", h.GetSampleSum())
	b.float("_count", "", "", float64(h.GetSampleCount()))
}

func (b *batch) native(h *histogram.Histogram) {
	k, fresh := b.series("", "", "")
	if k == nil {
		return
	}
	var err error
	if fresh && b.born {
		zero := &histogram.Histogram{Schema: h.Schema, ZeroThreshold: h.ZeroThreshold}
		k.ref, err = b.app.AppendHistogram(k.ref, k.lset, b.before, zero, nil)
		b.count(err)
	}
	ref, err := b.app.AppendHistogram(k.ref, k.lset, b.ts, h, nil)
	if err == nil {
		k.ref = ref
	}
	b.count(err)
}

func isNative(h *dto.Histogram) bool {
	return len(h.PositiveSpan) > 0 || len(h.NegativeSpan) > 0 || h.GetZeroThreshold() > 0 || h.GetZeroCount() > 0
}

func toNative(h *dto.Histogram, gauge bool) *histogram.Histogram {
	n := &histogram.Histogram{
		Schema:        h.GetSchema(),
		ZeroThreshold: h.GetZeroThreshold(),
		ZeroCount:     h.GetZeroCount(),
		Count:         h.GetSampleCount(),
		Sum:           h.GetSampleSum(),
		PositiveSpans: spans(h.PositiveSpan), PositiveBuckets: h.PositiveDelta,
		NegativeSpans: spans(h.NegativeSpan), NegativeBuckets: h.NegativeDelta,
	}
	if gauge {
		n.CounterResetHint = histogram.GaugeType
	}
	return n.Compact(0)
}

func spans(in []*dto.BucketSpan) []histogram.Span {
	out := make([]histogram.Span, len(in))
	for i, s := range in {
		out[i] = histogram.Span{Offset: s.GetOffset(), Length: s.GetLength()}
	}
	return out
}
