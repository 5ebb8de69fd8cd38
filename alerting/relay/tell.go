package relay

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"
)

// maxSplits is how often the batches of one round are split to find the alerts that a member refuses.
const maxSplits = 64

// postedAlert is an alert in Alertmanager's API v2.
type postedAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// postedState is the state of an alert that a member is told.
type postedState struct {
	key  string
	came time.Time
	postedAlert
}

// telling is one round of telling a member.
type telling struct {
	member         *Member
	splits         int // left
	taken, refused []postedState
	refusal        error // what the member said of the first refused alert
	err            error // why the first of the rest did not arrive
}

// tell posts all alerts to m; an empty list when there is none, which asks whether m is there.
func (r *Relay) tell(ctx context.Context, m *Member) error {
	all := r.states(time.Now())
	t := telling{member: m, splits: maxSplits}
	if len(all) == 0 {
		t.post(ctx, nil)
	}
	for batch := range slices.Chunk(all, relayBatch) {
		if !t.post(ctx, batch) {
			break
		}
	}
	r.mark(&t)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.answered(m, t.err)
	if len(all) == 0 {
		return nil // nobody waits, and the next alert wakes the relay
	}
	return t.err
}

// post hands a batch to the member, and tells whether it is worth to go on: a member that does not answer would only keep
// the round waiting. An Alertmanager answers 400 when one alert of many is bad, so that one is looked for.
func (t *telling) post(ctx context.Context, batch []postedState) (goOn bool) {
	alerts := make([]postedAlert, 0, len(batch))
	for _, s := range batch {
		alerts = append(alerts, s.postedAlert)
	}
	body, err := json.Marshal(alerts)
	if err == nil {
		err = t.member.post(ctx, http.MethodPost, "/api/v2/alerts", body)
	}
	status, answered := errors.AsType[*statusError](err)
	switch {
	case err == nil:
		t.taken = append(t.taken, batch...)
	case answered && status.code == http.StatusBadRequest && len(batch) > 1 && t.splits > 0:
		t.splits--
		half := len(batch) / 2
		return t.post(ctx, batch[:half]) && t.post(ctx, batch[half:])
	case answered && status.code == http.StatusBadRequest:
		t.refused = append(t.refused, batch...)
		if t.refusal == nil {
			t.refusal = err
		}
	default:
		if t.err == nil {
			t.err = err
		}
		return answered
	}
	return true
}

// mark notes what a round came to.
func (r *Relay) mark(t *telling) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range t.taken {
		if a := r.alerts[s.key]; a != nil && a.came.Equal(s.came) && !a.taken {
			a.taken = true
			r.relayed.Inc()
		}
	}
	fresh := 0
	for _, s := range t.refused {
		if a := r.alerts[s.key]; a != nil && a.came.Equal(s.came) && !a.refused {
			a.refused = true
			r.refused.Inc()
			fresh++
		}
	}
	if fresh > 0 {
		r.log.Warn("Alertmanager refuses alerts", "alertmanager", t.member.Name, "alerts", fresh, "err", t.refusal)
	}
}

// states returns what is to be told. It forgets old ends.
func (r *Relay) states(now time.Time) []postedState {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]postedState, 0, len(r.alerts))
	for key, a := range r.alerts {
		if !a.Ended.IsZero() && now.Sub(a.came) > relayKeep {
			delete(r.alerts, key)
			continue
		}
		all = append(all, postedState{key, a.came, r.posted(a, now)})
	}
	return all
}

func (r *Relay) posted(a *relayedAlert, now time.Time) postedAlert {
	p := postedAlert{Labels: maps.Clone(a.Labels), Annotations: maps.Clone(a.Annotations), StartsAt: a.fired, EndsAt: now.Add(relayValid), GeneratorURL: r.page}
	if _, named := p.Labels[labelHost]; !named && r.host != "" {
		p.Labels[labelHost] = r.host
	}
	delete(p.Annotations, r.private)
	if !a.Ended.IsZero() {
		p.EndsAt = a.Ended
		if !p.StartsAt.Before(p.EndsAt) {
			p.StartsAt = p.EndsAt.Add(-time.Millisecond)
		}
	}
	return p
}
