package alerting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"gatewatch/alerting/receivers"
	"gatewatch/alerting/states"
)

// maxEpisodes bounds what a replay remembers; further alerts are counted only.
const maxEpisodes = 100_000

// Replay evaluates rules on its caller's clock and remembers what fired. It tells nobody, keeps no state on disk and
// belongs to one goroutine.
type Replay struct {
	groups   []*replayGroup
	states   *states.States
	episodes []*Episode
	failures map[string]error
	// Forgotten is how many alerts are not among the episodes because there were too many.
	Forgotten int
}

// Episode is one time that an alert fired.
type Episode struct {
	Alert    string            `json:"alert"`
	Severity string            `json:"severity"`
	Labels   map[string]string `json:"labels"`
	// Summary is the alert's, as of its last evaluation. Verdict is the last one that says something.
	Summary string `json:"summary"`
	Verdict string `json:"verdict"`
	// Since is when the condition became true, Fired when the alert began, Ended when it was over; zero when it fires at
	// the end of the replay.
	Since time.Time `json:"since"`
	Fired time.Time `json:"fired"`
	Ended time.Time `json:"ended,omitzero"`
}

type replayGroup struct {
	*rules.Group
	due  time.Time
	open map[string]*Episode // that fire, by the alert's key
}

// NewReplay returns a replay of the rules of cfg on the series in store. It fails when a rule file has mistakes
// (invalid.Mistakes with all of them).
func NewReplay(cfg Config, store Storage) (*Replay, error) {
	external, err := url.Parse(cfg.ExternalURL)
	if err != nil {
		return nil, fmt.Errorf("external_url: %w", err)
	}
	return newReplay(cfg, store, external, cfg.sources().Loader(), rules.EngineQueryFunc(store.PromQL(), store))
}

// newReplay is NewReplay with what reads the rules and what answers their queries.
func newReplay(cfg Config, store Storage, external *url.URL, l rules.GroupLoader, answer rules.QueryFunc) (*Replay, error) {
	files, err := cfg.sources().Find()
	if err != nil {
		return nil, err
	}
	states := states.New(answer, cfg.Flapping)
	manager := rules.NewManager(&rules.ManagerOptions{
		ExternalURL: external,
		QueryFunc:   states.Query,
		NotifyFunc:  func(context.Context, string, ...*rules.Alert) {},
		Context:     context.Background(),
		Appendable:  store,
		Queryable:   store,
		Logger:      slog.New(slog.DiscardHandler),
		GroupLoader: l,

		RuleConcurrencyController: newBatches(),
	})
	loaded, errs := manager.LoadGroups(defaultInterval, labels.FromMap(cfg.ExternalLabels), cfg.ExternalURL, nil, false, files...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	states.Load(loaded)
	r := &Replay{failures: map[string]error{}, states: states}
	for _, key := range slices.Sorted(maps.Keys(loaded)) {
		g := loaded[key]
		for _, a := range g.AlertingRules() {
			a.SetRestored(true) // there is nothing to restore
		}
		r.groups = append(r.groups, &replayGroup{Group: g, open: map[string]*Episode{}})
	}
	return r, nil
}

// Evaluate evaluates the groups that are due at ts, which must be after the time of the call before.
func (r *Replay) Evaluate(ctx context.Context, ts time.Time) {
	for _, g := range r.groups {
		if g.isDue(ts) {
			r.evaluate(ctx, g, ts)
		}
	}
}

// isDue tells whether g is to be evaluated at ts, which is then done.
func (g *replayGroup) isDue(ts time.Time) bool {
	if ts.Before(g.due) {
		return false
	}
	g.due = ts.Truncate(g.Interval()).Add(g.Interval())
	return true
}

func (r *Replay) evaluate(ctx context.Context, g *replayGroup, ts time.Time) {
	r.states.Eval(ctx, g.Group, ts)
	if ctx.Err() == nil {
		r.note(g, ts)
	}
}

// note compares what fires with what fired before.
func (r *Replay) note(g *replayGroup, ts time.Time) {
	fires := map[string]bool{}
	for _, rule := range g.Rules() {
		if err := rule.LastError(); err != nil && r.failures[rule.Name()] == nil {
			r.failures[rule.Name()] = err
		}
		alerting, ok := rule.(*rules.AlertingRule)
		if !ok {
			continue
		}
		for _, active := range alerting.ActiveAlerts() {
			if active.State == rules.StateFiring {
				a := toAlert(active, nil)
				fires[a.key()] = true
				r.fire(g, a, ts)
			}
		}
	}
	for key, e := range g.open {
		if !fires[key] {
			e.Ended = ts
			delete(g.open, key)
		}
	}
}

func (r *Replay) fire(g *replayGroup, a Alert, ts time.Time) {
	e := g.open[a.key()]
	if e == nil {
		e = &Episode{Alert: a.Name, Severity: a.Severity, Labels: a.Labels, Verdict: verdictOpen, Since: a.Since.UTC(), Fired: ts}
		g.open[a.key()] = e
		if len(r.episodes) < maxEpisodes {
			r.episodes = append(r.episodes, e)
		} else {
			r.Forgotten++
		}
	}
	e.Summary = a.Text("summary", "en")
	if a.Verdict != verdictOpen {
		e.Verdict = a.Verdict
	}
}

// Episodes returns what fired so far, in the order of time.
func (r *Replay) Episodes() []Episode {
	all := make([]Episode, len(r.episodes))
	for i, e := range r.episodes {
		all[i] = *e
	}
	slices.SortStableFunc(all, func(a, b Episode) int {
		return cmp.Or(a.Fired.Compare(b.Fired), cmp.Compare(receivers.Key(a.Labels), receivers.Key(b.Labels)))
	})
	return all
}

// Failures returns the first error of each rule that could not be evaluated, by the rule's name.
func (r *Replay) Failures() map[string]error { return maps.Clone(r.failures) }
