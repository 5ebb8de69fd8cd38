// Package collect is the frame in which everything beside the logs is watched: sections of the configuration with what
// collects for them, the set that runs collectors on their tickers and serves what they found last, and what asks servers
// over one connection without ever hurting them.
package collect

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// Collector gathers the samples of one part. It is never called again before it has returned.
type Collector struct {
	Name              string
	Interval, Timeout time.Duration
	// Metrics are all that it may give.
	Metrics Metrics
	// MadeOf is what of the configuration and of Env it was made of, beside the name, interval and timeout, and what was
	// read from files that they name. A collector whose MadeOf is deeply equal goes on when the configuration is read
	// again. Nil: its entry, or the section when that is no list.
	MadeOf any
	// OfHost marks the parts of the host, whose duration and success have node_exporter's names as well.
	OfHost bool
	// Collect honours ctx, which ends after Timeout. What it added before an error is kept.
	Collect func(ctx context.Context, out *Samples) error
	// Stop gives back what Collect holds open; nil when that is nothing. It is called once, after the last collection.
	Stop func()
}

// Set holds the collectors and their last samples. It is a prometheus.Collector that serves the last samples and
// collects nothing itself. Its methods are safe for concurrent use.
type Set struct {
	log *slog.Logger

	// early is by which part of its interval the second collection of each collector comes early.
	early float64

	mu      sync.Mutex
	runners []*runner
	// start lets a runner work once those before it have ended. Nil while the set does not run.
	start func(r *runner, before []*runner)

	duration, success, lastSuccess Metric
	nodeDuration, nodeSuccess      Metric
	dropped, clashing              *prometheus.CounterVec

	settling sync.Mutex // held while it is decided which of several sources has a name
}

// Notes takes what collectors tell as documents beside their metrics. Add does not wait, and may drop and count.
type Notes interface {
	Add(event.Note)
}

// What is told of each collector; of those of the host under node_exporter's names as well.
var (
	durationSpec     = Spec{"gatewatch_collector_duration_seconds", GaugeKind, "How long the last collection took.", []string{"collector"}}
	successSpec      = Spec{"gatewatch_collector_success", GaugeKind, "Whether the last collection succeeded.", []string{"collector"}}
	lastSuccessSpec  = Spec{"gatewatch_collector_last_success_timestamp_seconds", GaugeKind, "When a collection last succeeded; 0 when none has.", []string{"collector"}}
	droppedSpec      = Spec{"gatewatch_collector_dropped_samples_total", CounterKind, "Samples left out because a collector has too many, or two alike.", []string{"collector"}}
	clashingSpec     = Spec{"gatewatch_collector_clashing_samples_total", CounterKind, "Samples of files and applications left out because another source gives the metric another type, or the same series.", []string{"collector", "metric"}}
	NodeDurationSpec = Spec{"node_scrape_collector_duration_seconds", GaugeKind, "node_exporter: Duration of a collector scrape.", []string{"collector"}}
	NodeSuccessSpec  = Spec{"node_scrape_collector_success", GaugeKind, "node_exporter: Whether a collector succeeded.", []string{"collector"}}
)

// NewSet returns a set of all and registers it with reg. It has no samples until Run. Agents that are started together do
// not go on asking at one moment: the second collections come early by up to half an interval, in each set by another part.
// Those of one set stay together, because a process that wakes once for all takes less of the CPU.
func NewSet(all []Collector, log *slog.Logger, reg prometheus.Registerer) (*Set, error) {
	s := &Set{
		log:          log,
		early:        rand.Float64() / 2,
		duration:     durationSpec.Metric(nil),
		success:      successSpec.Metric(nil),
		lastSuccess:  lastSuccessSpec.Metric(nil),
		nodeDuration: NodeDurationSpec.Metric(nil),
		nodeSuccess:  NodeSuccessSpec.Metric(nil),
		dropped:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: droppedSpec.Name, Help: droppedSpec.Help}, droppedSpec.Labels),
		clashing:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: clashingSpec.Name, Help: clashingSpec.Help}, clashingSpec.Labels),
	}
	for _, c := range all {
		s.runners = append(s.runners, s.newRunner(c))
	}
	for _, c := range []prometheus.Collector{s.dropped, s.clashing, s} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register collectors: %w", err)
		}
	}
	return s, nil
}

func (s *Set) newRunner(c Collector) *runner {
	return &runner{Collector: c, log: s.log.With("collector", c.Name), dropped: s.dropped.WithLabelValues(c.Name), settle: s.settle, early: s.early}
}

// Run collects until ctx is cancelled, the first time at once, and then returns nil.
func (s *Set) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	s.mu.Lock()
	s.start = func(r *runner, before []*runner) {
		ctx, cancel := context.WithCancel(ctx)
		r.stop, r.ended = cancel, make(chan struct{})
		r.begins(time.Now())
		wg.Go(func() {
			defer close(r.ended)
			defer cancel()
			for _, b := range before {
				<-b.ended
			}
			r.run(ctx)
		})
	}
	for _, r := range s.runners {
		s.start(r, nil)
	}
	s.mu.Unlock()
	<-ctx.Done() // also when nothing is collected
	s.mu.Lock()
	s.start = nil
	s.mu.Unlock()
	wg.Wait()
	return nil
}

// present returns the runners as they are now.
func (s *Set) present() []*runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runners
}

// Once collects everything one time, one after the other.
func (s *Set) Once(ctx context.Context) {
	for _, r := range s.present() {
		r.once(ctx)
	}
}

// Describe sends only the metrics about the collectors themselves: what else they give depends on the host.
func (s *Set) Describe(ch chan<- *prometheus.Desc) {
	ch <- s.duration.Desc
	ch <- s.success.Desc
	ch <- s.lastSuccess.Desc
}

// Collect sends the samples of each collector's last collection. It does not wait for one.
func (s *Set) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	var own Samples
	for _, r := range s.present() {
		st, families := r.state(now)
		if !st.known {
			continue
		}
		for _, m := range st.metrics {
			ch <- m
		}
		for _, f := range families {
			for _, m := range f.metrics {
				ch <- m
			}
		}
		own.Add(s.duration, st.took.Seconds(), r.Name)
		own.Add(s.success, Bool(st.ok), r.Name)
		own.Add(s.lastSuccess, UnixSeconds(st.lastOK), r.Name)
		if r.OfHost {
			own.Add(s.nodeDuration, st.took.Seconds(), r.Name)
			own.Add(s.nodeSuccess, Bool(st.ok), r.Name)
		}
	}
	for _, m := range own.Metrics {
		ch <- m
	}
}

// Bool returns b as Prometheus writes it.
func Bool(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// UnixSeconds returns t as Prometheus writes times; 0 for the zero time.
func UnixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
}
