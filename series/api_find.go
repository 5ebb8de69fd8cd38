package series

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

func (a *api) labelNames(r *http.Request) ([]byte, error) {
	return a.labels(r, func(q storage.Querier, hints *storage.LabelHints, set []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(r.Context(), hints, set...)
	})
}

func (a *api) labelValues(r *http.Request) ([]byte, error) {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, failure(badData, fmt.Errorf("invalid label name: %q", name))
	}
	return a.labels(r, func(q storage.Querier, hints *storage.LabelHints, set []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(r.Context(), name, hints, set...)
	})
}

type labelsOf func(storage.Querier, *storage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)

// labels answers with what ask finds for any of the selectors of a request, sorted.
func (a *api) labels(r *http.Request, ask labelsOf) ([]byte, error) {
	sel, err := selectionOf(r)
	if err != nil {
		return nil, err
	}
	sets, err := a.matchers(r)
	if err != nil {
		return nil, failure(badData, err)
	}
	q, err := a.samples.Querier(sel.from, sel.to)
	if err != nil {
		return nil, queryFailure(err)
	}
	defer q.Close() // only reads
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	found := map[string]struct{}{}
	var notes annotations.Annotations
	for _, set := range sets {
		names, more, err := ask(q, &storage.LabelHints{Limit: sel.hint()}, set)
		if err != nil {
			return nil, queryFailure(err)
		}
		notes = notes.Merge(more)
		for _, name := range names {
			found[name] = struct{}{}
		}
	}
	sorted := slices.AppendSeq([]string{}, maps.Keys(found))
	slices.Sort(sorted)
	sorted, truncated := cut(sorted, sel.limit)
	if truncated {
		notes = notes.Add(errTruncated)
	}
	return successWith(sorted, notes, "")
}

func (a *api) series(r *http.Request) ([]byte, error) {
	if len(r.Form["match[]"]) == 0 {
		return nil, failure(badData, errors.New("no match[] parameter provided"))
	}
	sel, err := selectionOf(r)
	if err != nil {
		return nil, err
	}
	sets, err := a.matchers(r)
	if err != nil {
		return nil, wrong("match[]", err)
	}
	q, err := a.samples.Querier(sel.from, sel.to)
	if err != nil {
		return nil, queryFailure(err)
	}
	defer q.Close() // only reads
	set := selectSeries(r.Context(), q, sel, sets)
	found := []labelSet{}
	for set.Next() {
		if err := r.Context().Err(); err != nil {
			return nil, queryFailure(err)
		}
		found = append(found, labelSet{set.At().Labels()})
		if sel.limit > 0 && len(found) > sel.limit {
			break
		}
	}
	if set.Err() != nil {
		return nil, queryFailure(set.Err())
	}
	notes := set.Warnings()
	found, truncated := cut(found, sel.limit)
	if truncated {
		notes = notes.Add(errTruncated)
	}
	return successWith(found, notes, "")
}

// selectSeries finds what matches any of the selectors. Only what is sorted can be merged.
func selectSeries(ctx context.Context, q storage.Querier, sel selection, sets [][]*labels.Matcher) storage.SeriesSet {
	hints := &storage.SelectHints{Start: sel.from, End: sel.to, Func: "series", Limit: sel.hint()}
	if len(sets) == 1 {
		return q.Select(ctx, false, hints, sets[0]...)
	}
	found := make([]storage.SeriesSet, len(sets))
	for i, set := range sets {
		found[i] = q.Select(ctx, true, hints, set...)
	}
	return storage.NewMergeSeriesSet(found, 0, storage.ChainedSeriesMerge)
}

// metadata tells of what the registry has now.
func (a *api) metadata(r *http.Request) ([]byte, error) {
	limit, err := countOr(r, "limit", -1)
	if err != nil {
		return nil, err
	}
	// Each metric has one type and text here, but a wrong number is a mistake all the same.
	if _, err := countOr(r, "limit_per_metric", -1); err != nil {
		return nil, err
	}
	// An error concerns single metrics; the others are there.
	families, _ := a.gatherer.Gather()
	found, wanted := map[string][]metadata.Metadata{}, r.FormValue("metric")
	for _, f := range families {
		if limit >= 0 && len(found) >= limit {
			break
		}
		if wanted == "" || wanted == f.GetName() {
			found[f.GetName()] = []metadata.Metadata{{Type: metricType(f.GetType().String()), Help: f.GetHelp(), Unit: f.GetUnit()}}
		}
	}
	return success(found)
}

func countOr(r *http.Request, name string, missing int) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, failure(badData, fmt.Errorf("%s must be a number", name))
	}
	return n, nil
}

func metricType(of string) model.MetricType {
	switch of {
	case "COUNTER":
		return model.MetricTypeCounter
	case "GAUGE":
		return model.MetricTypeGauge
	case "SUMMARY":
		return model.MetricTypeSummary
	case "HISTOGRAM":
		return model.MetricTypeHistogram
	case "GAUGE_HISTOGRAM":
		return model.MetricTypeGaugeHistogram
	}
	return model.MetricTypeUnknown
}
