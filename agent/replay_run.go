package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting"
	"gatewatch/configs"
	"gatewatch/detect"
	"gatewatch/event"
	"gatewatch/fraud"
	"gatewatch/intents"
	"gatewatch/logmetrics"
	"gatewatch/patterns"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/redact"
	"gatewatch/series"
)

const (
	// replayIdle is how long rules are evaluated in a gap of the logs; then the clock goes on to its end.
	replayIdle = time.Hour
	// chooseEvery is how often the groups of errors with a series are chosen.
	chooseEvery = time.Minute
	// replayRetention keeps all samples of a replay that rules look back at.
	replayRetention = 60 * 24 * time.Hour
)

// replay runs old logs through what the agent does with new ones, on the clock of the logs.
type replay struct {
	interval time.Duration
	registry *prometheus.Registry
	taken    *taken
	sides    []*side

	parts    pipeline.Parts
	cards    *pipeline.Metrics
	counts   *logmetrics.Metrics
	intents  *intents.Tracker
	fraud    *fraud.Watch
	patterns *patterns.Tracker
	unusual  *detect.Watcher
	look     time.Duration // how often it looks

	now, tick, first, last, chosen time.Time
	judge                          time.Time // when it looks next
	records, off, gaps             int
}

// side is one set of rules at work.
type side struct {
	name   string
	cfg    alerting.Config
	store  *series.Store
	alerts *alerting.Replay
}

// newReplay prepares the replay. Series are kept below dir.
func newReplay(cfg *configs.Config, dir string, sides []*side) (*replay, error) {
	classifier, err := payment.New(cfg.Payments.Outcomes)
	if err != nil {
		return nil, err
	}
	r := &replay{interval: time.Duration(cfg.Series.Interval), registry: prometheus.NewRegistry(), taken: &taken{}, sides: sides}
	quiet, unseen := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	orders := cfg.Payments.Intents
	orders.Redis = nil // the hosts' orders of today have no place in it
	r.counts = logmetrics.New(r.registry, logmetrics.Limits{})
	r.intents = intents.New(orders, "", quiet, r.registry)
	r.fraud = fraud.New("", quiet, r.registry)
	r.patterns = patterns.New(cfg.Patterns, "", quiet, r.registry)
	r.cards = pipeline.NewMetrics(r.registry)
	r.parts = pipeline.Parts{
		Host: hostname(), Redactor: redact.New(cfg.Redact, unseen), Classifier: classifier, CustomerSecret: []byte("replay"),
		Metrics: pipeline.NewMetrics(unseen), Log: quiet, // files are read ahead of the clock
	}
	kept := cfg.Series
	kept.Retention = model.Duration(replayRetention)
	for i, s := range sides {
		s.store, err = series.Open(filepath.Join(dir, fmt.Sprint(i)), kept, r.taken, quiet, prometheus.NewRegistry())
		if err != nil {
			return nil, err
		}
		if s.alerts, err = alerting.NewReplay(s.cfg, s.store); err != nil {
			return nil, err
		}
	}
	// All sides see the same metrics: what is unusual is looked for in the first one's.
	r.look = time.Duration(cfg.Detect.Interval)
	r.unusual = detect.New(cfg.Detect, "", metricsOf{sides[0].store}, quiet, r.registry)
	return r, nil
}

// run replays the logs to their end.
func (r *replay) run(ctx context.Context, logs *oldLogs) error {
	for {
		record, at, err := logs.next(ctx)
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil:
			return err
		case record == nil && r.records > 0:
			return r.ticks(ctx, r.last.Add(r.interval)) // what the last records say
		case record == nil:
			return nil
		}
		if r.records == 0 {
			r.begin(at)
		}
		if err := r.advance(ctx, at); err != nil {
			return err
		}
		r.observe(record)
	}
}

// begin sets the clock.
func (r *replay) begin(at time.Time) {
	r.first, r.now, r.last = at, at, at
	r.tick, r.judge = at.Truncate(r.interval), at.Add(detect.Settle)
	clock := func() time.Time { return r.now }
	r.intents.SetClock(clock)
	r.fraud.SetClock(clock)
	r.patterns.SetClock(clock)
}

// advance moves the clock to the time of a record, with everything that happens on the way.
func (r *replay) advance(ctx context.Context, at time.Time) error {
	if idle := r.last.Add(replayIdle); at.After(idle.Add(r.interval)) {
		if err := r.ticks(ctx, idle); err != nil {
			return err
		}
		r.gaps++
		r.tick, r.judge = at.Truncate(r.interval), at.Add(detect.Settle)
	}
	if err := r.ticks(ctx, at); err != nil {
		return err
	}
	if at.After(r.now) {
		r.now = at
	}
	r.last = r.now
	return nil
}

func (r *replay) ticks(ctx context.Context, until time.Time) error {
	for ; !r.tick.After(until); r.tick = r.tick.Add(r.interval) {
		if err := r.sample(ctx, r.tick); err != nil {
			return err
		}
	}
	return nil
}

// observe takes in one record.
func (r *replay) observe(record *oldRecord) {
	ev := record.Event
	r.records++
	if !record.timeless && r.now.Sub(ev.Time).Abs() > offClock {
		r.off++
	}
	if n := record.cardData; n > 0 {
		r.cards.CountCardData(ev.Source.Path, ev.Fact(event.Logger), n)
	}
	r.patterns.Observe(ev)
	r.counts.Observe(ev)
	r.intents.Observe(ev)
	r.fraud.Observe(ev)
}

// sample takes what the metrics are at ts, and evaluates the rules of all sides on it.
func (r *replay) sample(ctx context.Context, ts time.Time) error {
	r.now = ts
	r.intents.Sweep()
	r.fraud.Sweep()
	if ts.Sub(r.chosen) >= chooseEvery {
		r.chosen = ts
		r.patterns.Choose()
	}
	if err := r.taken.take(r.registry, ts); err != nil {
		return err
	}
	var g errgroup.Group
	for _, s := range r.sides {
		g.Go(func() error {
			if err := s.store.Sample(ctx, ts); err != nil {
				return err
			}
			s.alerts.Evaluate(ctx, ts)
			return ctx.Err()
		})
	}
	err := g.Wait()
	if err == nil && !ts.Before(r.judge) {
		r.unusual.Evaluate(ctx, ts) // rules see it from the next sample on, as in the agent
		r.judge = ts.Add(r.look)
	}
	return err
}

// close ends the stores; their folder is the caller's.
func (r *replay) close() {
	for _, s := range r.sides {
		if s.store != nil {
			_ = s.store.Close() // nobody reads it again
		}
	}
}

// taken gives several stores the same metrics.
type taken struct{ families []*dto.MetricFamily }

// take gathers the metrics. By the logs' clock, those that are new came to be at ts.
func (t *taken) take(from prometheus.Gatherer, ts time.Time) (err error) {
	if t.families, err = from.Gather(); err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	created := newLike((*dto.Counter)(nil).GetCreatedTimestamp())
	created.Seconds, created.Nanos = ts.Unix(), int32(ts.Nanosecond())
	for _, family := range t.families {
		for _, m := range family.Metric {
			switch {
			case m.Counter != nil:
				m.Counter.CreatedTimestamp = created
			case m.Histogram != nil:
				m.Histogram.CreatedTimestamp = created
			case m.Summary != nil:
				m.Summary.CreatedTimestamp = created
			}
		}
	}
	return nil
}

// newLike returns a new value of what a pointer may point to.
func newLike[T any](*T) *T { return new(T) }

// Gather returns what was taken last.
func (t *taken) Gather() ([]*dto.MetricFamily, error) { return t.families, nil }
