package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/configs"
	"gatewatch/journal"
	"gatewatch/payment"
	"gatewatch/redact"
	"gatewatch/series"
	"gatewatch/web"
)

// addPage serves the web page, /metrics and the API on the listener.
func (a *agent) addPage() error {
	names, build := providerNames(), buildInfo()
	alertmanager, err := a.alerts.Alertmanager(a.redacted, a.registry)
	if err != nil {
		return err
	}
	metrics, err := metricsPage(a.registry)
	if err != nil {
		return err
	}
	deps := web.Deps{
		Series:     pageSeries{a.store},
		Logs:       pageLogs{a.journal},
		Incidents:  a.incidents.all,
		Agent:      a.facts,
		Errors:     a.errorGroups,
		Orders:     a.orderFindings,
		Objectives: a.objectives,
		Unclassed:  a.unclassedCodes,
		Deployed:   a.patterns.Deployed,
		// Also without a backup that is watched: a reload may bring one.
		RestoreTested: a.collectors.RestoreTested,
		ProviderName: func(provider, lang string) string {
			if n, ok := names[provider]; ok {
				return n[lang]
			}
			return provider
		},
		Metrics:      metrics,
		Prometheus:   a.store.API(a.alerts, series.Build{Version: build.version, Revision: build.revision, GoVersion: build.goVersion}),
		Alertmanager: alertmanager,
		Ready:        a.ready,
		Reload:       a.reloads.ask,
	}
	if len(a.cfg.Alerting.Alertmanagers) == 0 {
		deps.Silence, deps.Unsilence = a.silence, a.alerts.Expire
	}
	handler, err := web.New(a.cfg.HTTP, deps, a.log, a.registry)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	page := part{"page", func(ctx context.Context) error {
		stopped := context.AfterFunc(ctx, func() { server.Close() })
		defer stopped()
		if err := server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}}
	a.parts = append([]part{page}, a.parts...) // first to start, last to stop
	return nil
}

func (a *agent) silence(ctx context.Context, q web.SilenceRequest) error {
	_, err := a.alerts.Silence(ctx, q.Labels, string(a.redacted([]byte(q.By))), string(a.redacted([]byte(q.Comment))), q.Until)
	return err
}

// redacted returns what people write here without card data and secrets.
func (a *agent) redacted(text []byte) []byte {
	// What it counts is not of the logs.
	return redact.New(a.live.Load().cfg.Redact, prometheus.NewRegistry()).Redact(nil, text)
}

var errNotLooked = errors.New("the log files are not looked at yet")

// ready returns nil once every group of files is being followed; the rest is open before the page is served.
func (a *agent) ready(context.Context) error {
	for _, g := range a.live.Load().groups {
		if !g.Looked() {
			return errNotLooked
		}
	}
	return nil
}

// providerNames returns the providers' names for people, by canonical name and language.
func providerNames() map[string]map[string]string {
	names := map[string]map[string]string{}
	for _, p := range payment.Providers() {
		names[p.Name] = map[string]string{"en": p.English, "zh": p.Chinese}
	}
	return names
}

// pageSeries lets the page ask the metrics store.
type pageSeries struct{ store *series.Store }

func (s pageSeries) Query(ctx context.Context, expr string, at time.Time) ([]web.Sample, error) {
	points, err := s.store.Query(ctx, expr, at)
	if err != nil {
		return nil, err
	}
	out := make([]web.Sample, len(points))
	for i, p := range points {
		out[i] = web.Sample{Labels: p.Labels, Value: p.Value}
	}
	return out, nil
}

func (s pageSeries) QueryRange(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]web.Line, error) {
	lines, err := s.store.QueryRange(ctx, expr, from, to, step)
	if err != nil {
		return nil, err
	}
	out := make([]web.Line, len(lines))
	for i, l := range lines {
		out[i].Labels = l.Labels
		out[i].Points = make([]web.Point, len(l.Samples))
		for k, p := range l.Samples {
			out[i].Points[k] = web.Point(p)
		}
	}
	return out, nil
}

// pageLogs lets the page search the journal.
type pageLogs struct{ journal *journal.Journal }

func (l pageLogs) Search(ctx context.Context, q web.LogQuery) (web.LogResult, error) {
	query := journal.Query{From: q.From, To: q.To, Words: q.Words, Limit: q.Limit, Budget: q.Budget}
	for _, m := range q.Equal {
		query.Equal = append(query.Equal, journal.Match(m))
	}
	found, err := l.journal.Search(ctx, query)
	if err != nil {
		return web.LogResult{}, err
	}
	out := web.LogResult{Complete: found.Complete, Reached: found.Reached, Scanned: found.Scanned}
	for _, r := range found.Hits {
		out.Hits = append(out.Hits, web.Hit{Time: r.Time, Path: r.Source.Path, Offset: r.Offset, Document: r.Document})
	}
	return out, nil
}

// facts describes the agent for its own page.
func (a *agent) facts() web.Agent {
	b := buildInfo()
	now, current := a.snapshot(), a.live.Load()
	facts := web.Agent{
		Version: b.version, Revision: b.revision, GoVersion: b.goVersion, Host: hostname(), Started: a.started,
		Journal: web.Journal{
			Bytes: int64(now["gatewatch_journal_bytes"]), MaxBytes: int64(a.cfg.Journal.MaxSize),
			Segments: int(now["gatewatch_journal_segments"]), Oldest: unixTime(now["gatewatch_journal_oldest_timestamp_seconds"]),
		},
	}
	if text, err := configs.Render(current.cfg); err == nil {
		facts.Config = string(text)
	}
	if now["gatewatch_journal_blocked"] > 0 {
		facts.Journal.Error = "the disk takes no records; reading waits"
	}
	for _, g := range current.groups {
		for _, s := range g.Status() {
			facts.Files = append(facts.Files, web.File{Path: s.Path, Offset: s.Offset, Size: s.Size, Last: s.LastRead})
		}
	}
	if current.elastic != nil {
		out := web.Output{
			Name:      "Elasticsearch",
			Delivered: int64(now["gatewatch_output_sent_records_total"]),
			Rejected:  int64(now["gatewatch_output_dead_letters_total"]),
			Waiting:   waiting(now["gatewatch_journal_consumer_lag_bytes"]),
		}
		if err := current.elastic.Trouble(); err != nil {
			out.Error = err.Error()
		}
		facts.Outputs = append(facts.Outputs, out)
	}
	return facts
}

// objectives returns the objectives of the configuration in effect.
func (a *agent) objectives() []web.Objective {
	var all []web.Objective
	for _, o := range a.live.Load().cfg.SLO {
		all = append(all, web.Objective{Name: o.Name, Share: o.Objective / 100, Window: time.Duration(o.Window)})
	}
	return all
}
