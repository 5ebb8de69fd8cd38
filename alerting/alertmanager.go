package alerting

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	apiv2 "github.com/prometheus/alertmanager/api/v2"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/routing"
	"gatewatch/internal/quietlog"
)

const (
	// maxAPIRequests is how many requests to Alertmanager's API are answered at a time.
	maxAPIRequests = 8
	// maxPostedAlerts is how many alerts there may be for more to be taken from outside. Those of the rules always are.
	maxPostedAlerts = 2000
	// resolveTimeout is when an alert that was posted without its end is over, unless it is posted again.
	resolveTimeout = 5 * time.Minute
)

// alertmanager serves Alertmanager's API v2 over the engine's own alerts, silences and groups.
type alertmanager struct {
	engine  *Engine
	api     *apiv2.API
	clean   func([]byte) []byte
	slots   chan struct{}
	refused prometheus.Counter

	// mu guards which routing the API shows.
	mu    sync.Mutex
	shown *amconfig.Config
}

// Alertmanager returns a handler of Alertmanager's API v2, below /api/v2/: its own handlers, over the alerts, groups and
// silences of this engine. Alerts that are posted to it are told like those of the rules, and end like in Alertmanager
// when nobody posts them again. While Alertmanagers tell people, it refuses what would have no effect here. It guards
// nothing: who may write is up to the caller. clean takes card data and secrets out of a JSON text, which stays one.
func (e *Engine) Alertmanager(clean func([]byte) []byte, reg prometheus.Registerer) (http.Handler, error) {
	a := &alertmanager{engine: e, clean: clean, slots: make(chan struct{}, maxAPIRequests)}
	a.refused = promauto.With(reg).NewCounter(prometheus.CounterOpts{
		Name: "gatewatch_alertmanager_api_refused_total", Help: "Requests to Alertmanager's API that were refused: wrong, too many, or too large.",
	})
	d := e.dispatch
	groups := func(
		ctx context.Context, routes func(*dispatch.Route) bool, alerts func(*alert.Alert, time.Time) bool,
	) (dispatch.AlertGroups, map[model.Fingerprint][]string, error) {
		return d.live().dispatcher.Groups(ctx, routes, alerts)
	}
	var err error
	// Alertmanager's own metrics describe its insides.
	a.api, err = apiv2.NewAPI(e.posted, groups, func(route, group string) ([]string, bool) { return d.live().muted.Muted(route, group) }, d.silences.Silences, nil, quietlog.Warnings(e.log), prometheus.NewRegistry())
	if err != nil {
		return nil, fmt.Errorf("alertmanager's API: %w", err)
	}
	return a, nil
}

func (a *alertmanager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	default:
		a.refuse(w, http.StatusServiceUnavailable, fmt.Errorf("more than %d requests at a time, try again", maxAPIRequests))
		return
	}
	a.follow()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		a.api.Handler.ServeHTTP(w, r)
		return
	}
	if err := a.writable(r); err != nil {
		a.refuse(w, http.StatusConflict, err)
		return
	}
	if err := a.takeBody(w, r); err != nil {
		a.refuse(w, http.StatusBadRequest, err)
		return
	}
	a.write(w, r)
}

// follow shows the routing in effect.
func (a *alertmanager) follow() {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.engine.dispatch
	live := d.live()
	if a.shown == live.shown {
		return
	}
	a.shown = live.shown
	a.api.Update(live.shown, func(ctx context.Context, labels model.LabelSet) {
		live.inhibitor.Mutes(ctx, labels)
		d.silencer.Mutes(ctx, labels)
	})
}

// writable says why a request that would change something is not taken.
func (a *alertmanager) writable(r *http.Request) error {
	if err := a.engine.toldElsewhere(); err != nil {
		return err
	}
	if !strings.HasSuffix(r.URL.Path, "/alerts") {
		return nil
	}
	there := a.engine.dispatch.alerts.GetPending()
	defer there.Close()
	n := 0
	for range there.Next() {
		n++
	}
	if n > maxPostedAlerts {
		return fmt.Errorf("there are more than %d alerts already", maxPostedAlerts)
	}
	return nil
}

// write lets the API change something. A change of silences is on disk before its author is told.
func (a *alertmanager) write(w http.ResponseWriter, r *http.Request) {
	answer := &heldAnswer{ResponseWriter: w, code: http.StatusOK}
	a.api.Handler.ServeHTTP(answer, r)
	sil := a.engine.dispatch.silences
	switch {
	case answer.code >= http.StatusBadRequest:
		a.refused.Inc()
	case r.Method == http.MethodDelete:
		sil.Note(r.Context(), path.Base(r.URL.Path), "silence ended")
	case strings.HasSuffix(r.URL.Path, "/silences"):
		var made struct{ SilenceID string }
		if err := json.Unmarshal(answer.body.Bytes(), &made); err == nil {
			sil.Note(r.Context(), made.SilenceID, "silence made")
		}
	}
	answer.send()
}

// refuse answers as Alertmanager does: with a text in JSON.
func (a *alertmanager) refuse(w http.ResponseWriter, code int, err error) {
	a.refused.Inc()
	text, _ := json.Marshal(err.Error()) // a text always has a form in JSON
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(text)
}

// heldAnswer is a short answer that waits to be sent.
type heldAnswer struct {
	http.ResponseWriter
	code int
	body bytes.Buffer
}

func (h *heldAnswer) WriteHeader(code int)        { h.code = code }
func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }

func (h *heldAnswer) send() {
	h.ResponseWriter.WriteHeader(h.code)
	h.ResponseWriter.Write(h.body.Bytes())
}

// shownRouting is the routing in the form of Alertmanager's configuration, without what receivers are made of.
func shownRouting(plan *routing.Plan) *amconfig.Config {
	shown := &amconfig.Config{
		Global: &amconfig.GlobalConfig{ResolveTimeout: model.Duration(resolveTimeout)},
		Route:  plan.Route, InhibitRules: plan.Inhibit,
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Receivers)) {
		shown.Receivers = append(shown.Receivers, amconfig.Receiver{Name: name})
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Intervals)) {
		shown.TimeIntervals = append(shown.TimeIntervals, amconfig.TimeInterval{Name: name, TimeIntervals: plan.Intervals[name]})
	}
	return shown
}
