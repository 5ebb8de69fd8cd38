package series_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/grafana/regexp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"gatewatch/series"
)

// oracle is Prometheus' own API over the store of b: what it answers is right.
func oracle(b *bench, of *ruleSet, build series.Build) http.Handler {
	empty := func() config.Config { return config.DefaultConfig }
	self := scrape.NewTarget(labels.EmptyLabels(), nil, nil, nil)
	self.SetMetadataStore(known{})
	api := v1.NewAPI(
		b.PromQL(), samplesOnly{b.Store}, nil, nil, noExemplars{},
		nil, func(context.Context) v1.TargetRetriever { return oneTarget{self} }, nil,
		empty, nil, v1.GlobalURLOptions{}, func(next http.HandlerFunc) http.HandlerFunc { return next },
		nil, "", false, false, 0, slog.New(slog.DiscardHandler),
		func(context.Context) v1.RulesRetriever { return of },
		0, 0, 0, false,
		regexp.MustCompile(`^$`),
		nil, &v1.PrometheusVersion{Version: "3.15.0", Revision: build.Revision, Branch: "gatewatch " + build.Version, GoVersion: build.GoVersion},
		nil, nil, nil, nil, nil,
		false, nil, false, false, false, false, 0, false, false, nil, nil,
		v1.OpenAPIOptions{IncludePaths: []string{"/status/buildinfo"}}, parser.NewParser(parser.Options{}),
	)
	router := route.New()
	api.Register(router.WithPrefix("/api/v1"))
	return router
}

// samplesOnly is the store without chunks, which only remote reading asks for.
type samplesOnly struct{ *series.Store }

func (samplesOnly) ChunkQuerier(int64, int64) (storage.ChunkQuerier, error) {
	return nil, errors.New("chunks are not served")
}

// noExemplars is an exemplar storage without any.
type noExemplars struct{}

func (noExemplars) ExemplarQuerier(context.Context) (storage.ExemplarQuerier, error) {
	return noExemplars{}, nil
}

func (noExemplars) Select(int64, int64, ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	return []exemplar.QueryResult{}, nil
}

type oneTarget struct{ self *scrape.Target }

func (t oneTarget) TargetsActive() map[string][]*scrape.Target {
	return map[string][]*scrape.Target{"gatewatch": {t.self}}
}
func (oneTarget) TargetsDropped() map[string][]*scrape.Target { return nil }
func (oneTarget) TargetsDroppedCounts() map[string]int        { return nil }

func (t oneTarget) ScrapePoolConfig(string) (*config.ScrapeConfig, error) {
	return nil, errors.New("no pools")
}

// known are the metadata of what odd registers.
type known struct{}

func (known) ListMetadata() []scrape.MetricMetadata {
	return []scrape.MetricMetadata{
		{MetricFamily: "odd", Type: model.MetricTypeGauge, Help: "Values & <texts> that are odd."},
		{MetricFamily: "paid_total", Type: model.MetricTypeCounter, Help: "What was paid."},
		{MetricFamily: "took_seconds", Type: model.MetricTypeHistogram, Help: "How long it took.", Unit: "seconds"},
	}
}

func (k known) GetMetadata(name string) (scrape.MetricMetadata, bool) {
	for _, m := range k.ListMetadata() {
		if m.MetricFamily == name {
			return m, true
		}
	}
	return scrape.MetricMetadata{}, false
}

func (known) SizeMetadata() int   { return 0 }
func (known) LengthMetadata() int { return 0 }

// odd fills a store with two samples of each kind of value and label.
func odd(b *bench) {
	values := promauto.With(b.app).NewGaugeVec(prometheus.GaugeOpts{Name: "odd", Help: "Values & <texts> that are odd."}, []string{"of", "http.status code"})
	for of, v := range map[string]float64{
		"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1), "tiny": 1e-9, "huge": 1.5e22, "third": 1.0 / 3, "-0": math.Copysign(0, -1),
		"a<b>&\"c\"\u2028\t中": 7,
	} {
		values.WithLabelValues(of, "200").Set(v)
	}
	paid := promauto.With(b.app).NewCounterVec(prometheus.CounterOpts{Name: "paid_total", Help: "What was paid."}, []string{"provider"})
	took := promauto.With(b.app).NewHistogram(prometheus.HistogramOpts{
		Name: "took_seconds", Help: "How long it took.", Unit: "seconds", Buckets: []float64{.1, 1, 10}, NativeHistogramBucketFactor: 1.5,
	})
	for i, provider := range []string{"alpha", "beta", "gamma"} {
		paid.WithLabelValues(provider).Add(float64(i + 1))
	}
	for range 3 {
		for _, seconds := range []float64{-2, 0, .05, .5, 5, 50} {
			took.Observe(seconds)
		}
		paid.WithLabelValues("beta").Inc()
		b.sample()
	}
}

// ruleSet are groups of rules that were evaluated on a store.
type ruleSet struct{ groups []*rules.Group }

func (s *ruleSet) RuleGroups() []*rules.Group { return s.groups }

func (s *ruleSet) AlertingRules() []*rules.AlertingRule {
	var all []*rules.AlertingRule
	for _, g := range s.groups {
		all = append(all, g.AlertingRules()...)
	}
	return all
}

func evaluated(t *testing.T, b *bench) *ruleSet {
	t.Helper()
	expr := func(text string) parser.Expr {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	none, log := labels.EmptyLabels(), slog.New(slog.DiscardHandler)
	alert := func(name, text string, hold, keep time.Duration, lset labels.Labels) rules.Rule {
		notes := labels.FromStrings("summary", "it is {{ $value }} <now> & here")
		return rules.NewAlertingRule(name, expr(text), hold, keep, lset, notes, none, "", true, log)
	}
	opts := func() *rules.ManagerOptions {
		return &rules.ManagerOptions{
			Context: t.Context(), Appendable: b.Store, Queryable: b.Store, QueryFunc: rules.EngineQueryFunc(b.PromQL(), b.Store), Logger: log,
			NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, NameValidationScheme: model.UTF8Validation,
		}
	}
	critical := labels.FromStrings("severity", "critical", "team", "a<b>")
	set := &ruleSet{[]*rules.Group{
		rules.NewGroup(rules.GroupOptions{Name: "first", File: "a.yml", Interval: time.Minute, Limit: 10, Opts: opts(), Rules: []rules.Rule{
			alert("Firing", `paid_total{provider="beta"} > 1`, 0, time.Hour, critical),
			alert("Pending", `paid_total{provider="alpha"}`, 90*time.Second, 0, none),
			alert("Quiet", `paid_total < 0`, 0, 0, none),
			rules.NewRecordingRule("paid:sum", expr(`sum(paid_total)`), critical),
		}}),
		rules.NewGroup(rules.GroupOptions{Name: "second", File: "b.yml", Interval: 5 * time.Second, Opts: opts(), Rules: []rules.Rule{
			rules.NewRecordingRule("broken", expr(`paid_total * on() odd`), none),
		}}),
		rules.NewGroup(rules.GroupOptions{Name: "third", File: "b.yml", Interval: 5 * time.Second, Opts: opts(), Rules: []rules.Rule{
			alert("Odd", `odd == 7`, 0, 0, none),
		}}),
	}}
	for _, g := range set.groups {
		g.Eval(t.Context(), b.ts)
	}
	// What was above 1 no longer is, and is kept firing.
	set.groups[0].Eval(t.Context(), b.ts.Add(time.Hour))
	return set
}
