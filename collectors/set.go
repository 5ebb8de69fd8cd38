// Package collectors watches what stands around the payment logs: the host, addresses reached over HTTP, certificates,
// databases. Each collector runs on its own ticker; a scrape only reads what was collected last, so that it is fast and
// never touches what is watched.
package collectors

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// collector gathers the samples of one part. It is never called again before it has returned.
type collector struct {
	name              string
	interval, timeout time.Duration
	// metrics are all that it may give.
	metrics metrics
	// ofHost marks the parts of the host, whose duration and success have node_exporter's names as well.
	ofHost bool
	// collect honours ctx, which ends after timeout. What it added before an error is kept.
	collect func(ctx context.Context, out *samples) error
	// stop gives back what collect holds open; nil when that is nothing. It is called once, after the last collection.
	stop func()
}

// table lists everything that cfg switches on.
func table(cfg *Config, dataDir string, notes Notes, log *slog.Logger) ([]collector, error) {
	e := env{
		log: log, notes: notes, names: givenNames{}, dataDir: dataDir, interval: time.Duration(cfg.Interval),
		host: HostConfig{Proc: "/proc", Sys: "/sys", Root: "/"},
	}
	if cfg.Host != nil {
		e.host = *cfg.Host
	}
	if cfg.Posture != nil {
		e.given = cfg.Posture.given()
	}
	var all []collector
	for key, s := range cfg.sections() {
		found, err := s.collectors(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		all = append(all, found...)
	}
	e.names.note(all)
	return all, nil
}

// Set holds the collectors and their last samples. It is a prometheus.Collector that serves the last samples and
// collects nothing itself.
type Set struct {
	runners []*runner
	// restoreTests are the files in which it is noted that a backup was restored, by its name.
	restoreTests map[string]string

	duration, success, lastSuccess metric
	nodeDuration, nodeSuccess      metric
	dropped                        *prometheus.CounterVec
}

// Notes takes what collectors tell as documents beside their metrics. Add does not wait, and may drop and count.
type Notes interface {
	Add(event.Note)
}

// New returns the collectors of a valid cfg and registers them with reg. They have no samples until Run. notes takes the
// documents of those that have some; those that know things from before a restart keep them below dataDir, unless it is "".
func New(cfg Config, dataDir string, notes Notes, log *slog.Logger, reg prometheus.Registerer) (*Set, error) {
	all, err := table(&cfg, dataDir, notes, log)
	if err != nil {
		return nil, err
	}
	s, err := newSet(all, log, reg)
	if err != nil {
		return nil, err
	}
	s.restoreTests = restoreTestFiles(cfg.Backups)
	return s, nil
}

// What is told of each collector; of those of the host under node_exporter's names as well.
var (
	durationSpec     = spec{"gatewatch_collector_duration_seconds", gaugeKind, "How long the last collection took.", []string{"collector"}}
	successSpec      = spec{"gatewatch_collector_success", gaugeKind, "Whether the last collection succeeded.", []string{"collector"}}
	lastSuccessSpec  = spec{"gatewatch_collector_last_success_timestamp_seconds", gaugeKind, "When a collection last succeeded; 0 when none has.", []string{"collector"}}
	droppedSpec      = spec{"gatewatch_collector_dropped_samples_total", counterKind, "Samples left out because a collector has too many.", []string{"collector"}}
	nodeDurationSpec = spec{"node_scrape_collector_duration_seconds", gaugeKind, "node_exporter: Duration of a collector scrape.", []string{"collector"}}
	nodeSuccessSpec  = spec{"node_scrape_collector_success", gaugeKind, "node_exporter: Whether a collector succeeded.", []string{"collector"}}
)

func newSet(all []collector, log *slog.Logger, reg prometheus.Registerer) (*Set, error) {
	s := &Set{
		duration:     durationSpec.metric(nil),
		success:      successSpec.metric(nil),
		lastSuccess:  lastSuccessSpec.metric(nil),
		nodeDuration: nodeDurationSpec.metric(nil),
		nodeSuccess:  nodeSuccessSpec.metric(nil),
		dropped:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: droppedSpec.name, Help: droppedSpec.help}, droppedSpec.labels),
	}
	for _, c := range all {
		s.runners = append(s.runners, &runner{
			collector: c, log: log.With("collector", c.name), dropped: s.dropped.WithLabelValues(c.name),
		})
	}
	for _, c := range []prometheus.Collector{s.dropped, s} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register collectors: %w", err)
		}
	}
	return s, nil
}

// Run collects until ctx is cancelled, the first time at once, and then returns nil.
func (s *Set) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, r := range s.runners {
		wg.Go(func() { r.run(ctx) })
	}
	<-ctx.Done() // also when nothing is collected
	wg.Wait()
	return nil
}

// Describe sends only the metrics about the collectors themselves: what else they give depends on the host.
func (s *Set) Describe(ch chan<- *prometheus.Desc) {
	ch <- s.duration.desc
	ch <- s.success.desc
	ch <- s.lastSuccess.desc
}

// Collect sends the samples of each collector's last collection. It does not wait for one.
func (s *Set) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	var own samples
	for _, r := range s.runners {
		st := r.state(now)
		if !st.known {
			continue
		}
		for _, m := range st.metrics {
			ch <- m
		}
		own.add(s.duration, st.took.Seconds(), r.name)
		own.add(s.success, boolValue(st.ok), r.name)
		own.add(s.lastSuccess, unixSeconds(st.lastOK), r.name)
		if r.ofHost {
			own.add(s.nodeDuration, st.took.Seconds(), r.name)
			own.add(s.nodeSuccess, boolValue(st.ok), r.name)
		}
	}
	for _, m := range own.metrics {
		ch <- m
	}
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unixSeconds returns t as Prometheus writes times; 0 for the zero time.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
}
