package series

import (
	"context"
	"errors"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// samplesOnly is the store without chunks, which only remote reading asks for.
type samplesOnly struct{ *Store }

func (samplesOnly) ChunkQuerier(int64, int64) (storage.ChunkQuerier, error) {
	return nil, errors.New("chunks are not served")
}

// noExemplars is an exemplar storage without any: samples are taken without.
type noExemplars struct{}

func (noExemplars) ExemplarQuerier(context.Context) (storage.ExemplarQuerier, error) {
	return noExemplars{}, nil
}

func (noExemplars) Select(int64, int64, ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	return []exemplar.QueryResult{}, nil
}

// targets is the agent itself as what Prometheus would scrape: metadata of metrics are those of targets.
func (s *Store) targets() func(context.Context) v1.TargetRetriever {
	self := scrape.NewTarget(labels.EmptyLabels(), nil, nil, nil)
	self.SetMetadataStore(gathered{s})
	return func(context.Context) v1.TargetRetriever { return oneTarget{self} }
}

type oneTarget struct{ self *scrape.Target }

func (t oneTarget) TargetsActive() map[string][]*scrape.Target {
	return map[string][]*scrape.Target{"gatewatch": {t.self}}
}
func (oneTarget) TargetsDropped() map[string][]*scrape.Target { return nil }
func (oneTarget) TargetsDroppedCounts() map[string]int        { return nil }

func (t oneTarget) ScrapePoolConfig(string) (*config.ScrapeConfig, error) {
	return nil, errNotServed
}

// gathered tells the metadata of what the registry has now.
type gathered struct{ store *Store }

func (g gathered) ListMetadata() []scrape.MetricMetadata {
	// An error concerns single metrics; the others are there.
	families, _ := g.store.gatherer.Gather()
	all := make([]scrape.MetricMetadata, 0, len(families))
	for _, f := range families {
		all = append(all, scrape.MetricMetadata{
			MetricFamily: f.GetName(), Type: metricType(f.GetType().String()), Help: f.GetHelp(), Unit: f.GetUnit(),
		})
	}
	return all
}

func (g gathered) GetMetadata(name string) (scrape.MetricMetadata, bool) {
	for _, m := range g.ListMetadata() {
		if m.MetricFamily == name {
			return m, true
		}
	}
	return scrape.MetricMetadata{}, false
}

func (g gathered) SizeMetadata() int   { return 0 }
func (g gathered) LengthMetadata() int { return 0 }

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
