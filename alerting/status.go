package alerting

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"

	"gatewatch/alerting/desk"
	"gatewatch/alerting/receivers"
)

const (
	// statusTimeout is how long the queries of a status may take in all.
	statusTimeout = 900 * time.Millisecond
	// maxStatusAlerts bounds the alerts of a status.
	maxStatusAlerts = 20
)

// openDesk makes the desk and a socket for each app token of the Slack receivers.
func (e *Engine) openDesk(reg prometheus.Registerer) (err error) {
	e.desk, err = desk.Open(filepath.Join(e.dir, "handled.json"), e.dispatch.silences, e.dispatch.groupedBy, e.log, reg)
	if err != nil {
		return err
	}
	e.sockets = newSockets(e, reg)
	return e.sockets.serve(e.mail.All())
}

// Act does what a person asks for with an incident. It makes the engine a receivers.Desk.
func (e *Engine) Act(ctx context.Context, n *receivers.Notice, a receivers.Deed) (receivers.Handling, bool, error) {
	return e.desk.Act(ctx, n, a)
}

// Handling returns what people did about the incident that an alert with these labels is part of.
func (e *Engine) Handling(ctx context.Context, labels map[string]string) receivers.Handling {
	return e.desk.About(ctx, labels)
}

// Status tells how things are.
func (e *Engine) Status(ctx context.Context) receivers.Status {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	s := receivers.Status{Silences: e.desk.Active(ctx), Handled: map[int]receivers.Handling{}, Providers: e.providers(ctx)}
	for _, a := range e.Alerts() {
		if a.State != stateFiring || len(s.Alerts) == maxStatusAlerts {
			continue
		}
		s.Handled[len(s.Alerts)] = e.desk.About(ctx, a.Labels)
		s.Alerts = append(s.Alerts, receivers.Alert{
			Name: a.Name, Severity: a.Severity, Verdict: a.Verdict, Labels: a.Labels, Annotations: a.Annotations, Since: a.Since, Value: a.Value,
		})
	}
	if lag := e.values(ctx, "max(gatewatch_tail_lag_seconds)"); len(lag) > 0 && !math.IsNaN(lag[0].F) {
		s.Lag, s.Known = time.Duration(lag[0].F*float64(time.Second)), true
	}
	for _, box := range e.mail.All() {
		s.Unsent += box.Status().Unsent
	}
	return s
}

// providers returns how the payments of each provider with traffic succeed.
func (e *Engine) providers(ctx context.Context) []receivers.ProviderStatus {
	var all []receivers.ProviderStatus
	for _, s := range e.values(ctx, "provider:payment_success:ratio1m") {
		if name := s.Metric.Get("provider"); name != "" {
			all = append(all, receivers.ProviderStatus{Name: name, Success: s.F, Usual: math.NaN()})
		}
	}
	for _, s := range e.values(ctx, "provider:payment_success:usual") {
		for i := range all {
			if all[i].Name == s.Metric.Get("provider") {
				all[i].Usual = s.F
			}
		}
	}
	slices.SortFunc(all, func(a, b receivers.ProviderStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// values returns the samples of expr now, none when it fails.
func (e *Engine) values(ctx context.Context, expr string) promql.Vector {
	result, err := e.query(ctx, expr, time.Now())
	if err != nil {
		e.log.Debug("query of a status", "query", expr, "err", fmt.Sprint(err))
		return nil
	}
	return result
}
