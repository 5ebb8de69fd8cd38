// Package relay hands alerts to an Alertmanager cluster.
package relay

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/retry"
	"gatewatch/internal/secret"
)

const (
	// relayResend is how often a member hears of an alert that goes on, relayValid how long it believes what it heard.
	relayResend = time.Minute
	relayValid  = 4 * relayResend
	// relayRetry is the wait after a member did not answer, relayTimeout how long it may take.
	relayRetry   = 2 * time.Second
	relayTimeout = 4 * time.Second
	// relayPatience is how long the whole cluster is away before the receivers here are told; relayHurry is how long an
	// alert waits then, so that a cluster that came back unnoticed is tried first.
	relayPatience = 5 * time.Second
	relayHurry    = time.Second
	// relayKeep is how long ends are repeated.
	relayKeep = 5 * time.Minute
	// maxRelayed bounds the alerts that are relayed; what is beyond goes to the receivers here. relayBatch is how many
	// stand in one request.
	maxRelayed = 5000
	relayBatch = 250
	// labelHost tells the alerts of several agents apart. It must not be one of Alertmanager's group labels.
	labelHost = "host"
)

// Relay hands alerts to all members of an Alertmanager cluster, as Prometheus does; they agree among themselves who
// tells people. An alert that no member takes goes to the receivers here, until its end.
type Relay struct {
	host, page, private string
	members             []*Member
	direct              func(context.Context, Alert)
	log                 *slog.Logger
	relayed             prometheus.Counter
	alone               prometheus.Counter
	refused             prometheus.Counter

	mu     sync.Mutex
	alerts map[string]*relayedAlert
}

type relayedAlert struct {
	Alert
	fired time.Time // when it was first heard of
	came  time.Time // when it was first heard of in its present state
	taken bool      // a member knows the present state
	// refused: a member says that the present state is no alert as it takes them.
	refused bool
	// direct: no member could be reached or would take it, so that the receivers here were told and have to hear the end.
	direct bool
}

// Alert is an alert that a rule found.
type Alert struct {
	Labels, Annotations map[string]string
	// Since is when its condition became true, Ended when it was over; zero while it fires.
	Since, Ended time.Time
}

func (a *Alert) key() string { return receivers.Key(a.Labels) }

// Options say whose alerts go where.
type Options struct {
	// Members are the addresses of all members of the cluster.
	Members []secret.Secret
	// Host is a label of all alerts without such, Page where they come from.
	Host, Page string
	// Private is an annotation that members are not told.
	Private string
	// Direct tells the receivers here.
	Direct func(context.Context, Alert)
}

// New returns a relay that begins to work with Run.
func New(o Options, log *slog.Logger, reg prometheus.Registerer) *Relay {
	f := promauto.With(reg)
	up := f.NewGaugeVec(prometheus.GaugeOpts{
		Name: "gatewatch_alertmanager_up", Help: "Whether the Alertmanager is there to take alerts; one that refuses a bad alert is.",
	}, []string{"alertmanager"})
	r := &Relay{
		host: o.Host, page: o.Page, private: o.Private, direct: o.Direct, log: log, alerts: map[string]*relayedAlert{},
		relayed: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_alerts_relayed_total", Help: "Beginnings and ends of alerts that an Alertmanager took.",
		}),
		alone: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_alerts_not_relayed_total", Help: "Beginnings and ends of alerts that no Alertmanager took, so that the receivers here were told.",
		}),
		refused: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_alerts_refused_total", Help: "Beginnings and ends of alerts that an Alertmanager refused as bad requests.",
		}),
	}
	for _, m := range Members(o.Members) {
		m.up = up.WithLabelValues(m.Name)
		r.members = append(r.members, m)
	}
	return r
}

// Put takes an alert in, and tells whether the receivers here have to hear of it, too. A zero end means that it fires.
// Ends they always hear of: they may have been told of the beginning before a restart, and else an end means nothing.
func (r *Relay) Put(a Alert) (direct bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, key := time.Now(), a.key()
	known := r.alerts[key]
	switch {
	case known == nil && len(r.alerts) >= maxRelayed:
		return true
	case known == nil:
		known = &relayedAlert{Alert: a, fired: now, came: now}
		r.alerts[key] = known
	case known.Ended.IsZero() != a.Ended.IsZero():
		if a.Ended.IsZero() { // again
			known.fired, known.direct = now, false
		}
		known.came, known.taken, known.refused = now, false, false
	case !a.Ended.IsZero():
		a.Ended = known.Ended // repeated
	}
	known.Alert = a
	if known.came.Equal(now) {
		for _, m := range r.members {
			select {
			case m.wake <- struct{}{}:
			default:
			}
		}
	}
	return known.direct || !a.Ended.IsZero()
}

// Fires tells whether members were or will be told that the alert fires.
func (r *Relay) Fires(a Alert) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.alerts[a.key()]
	return known != nil && known.Ended.IsZero()
}

// Run serves the members until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	var g errgroup.Group
	for _, m := range r.members {
		g.Go(func() error {
			r.serve(ctx, m)
			return nil
		})
	}
	for retry.Sleep(ctx, time.Second) {
		r.tellDirectly(ctx, time.Now())
	}
	return g.Wait()
}

// serve tells one member of all alerts when one changes, and now and then.
func (r *Relay) serve(ctx context.Context, m *Member) {
	for {
		wait := relayResend
		if err := r.tell(ctx, m); err != nil {
			wait = relayRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-m.wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// answered notes how m is doing, and logs when that changes.
func (r *Relay) answered(m *Member, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil && !m.failing:
		m.since = time.Now()
		r.log.Warn("Alertmanager does not take alerts", "alertmanager", m.Name, "err", err)
	case err == nil && m.failing:
		r.log.Info("Alertmanager takes alerts again", "alertmanager", m.Name)
	}
	m.failing, m.lastErr = err != nil, ""
	m.up.Set(1)
	if err != nil {
		m.lastErr = err.Error()
		m.up.Set(0)
	}
}

// tellDirectly hands what waited too long to the receivers here: all when no member can be reached, else what was refused.
func (r *Relay) tellDirectly(ctx context.Context, now time.Time) {
	var waited []Alert
	r.mu.Lock()
	away := true
	for _, m := range r.members {
		away = away && m.failing && now.Sub(m.since) >= relayPatience
	}
	for _, a := range r.alerts {
		waits := now.Sub(a.came)
		due := away && waits >= relayHurry || a.refused && waits >= relayPatience
		if due && !a.taken && !a.direct && a.Ended.IsZero() {
			a.direct = true
			r.alone.Inc()
			waited = append(waited, a.Alert)
		}
	}
	r.mu.Unlock()
	for _, a := range waited {
		r.direct(ctx, a)
	}
}

// Names returns the members as people know them.
func (r *Relay) Names() string {
	var all []string
	for _, m := range r.members {
		all = append(all, m.Name)
	}
	return strings.Join(all, ", ")
}
