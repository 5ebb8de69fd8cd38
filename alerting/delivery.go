package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/outbox"
	"gatewatch/alerting/routing"
	"gatewatch/internal/quietlog"
)

// delivery is how alerts come to people as one configuration wants it: Alertmanager's routes, groups and inhibitions.
type delivery struct {
	plan *routing.Plan
	// shown is the routing in Alertmanager's own form, for its API.
	shown      *amconfig.Config
	route      *dispatch.Route
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
	// muted knows which groups time intervals mute.
	muted marker.GroupMarker
	gate  gate
	// inside are the metrics of Alertmanager's packages.
	inside prometheus.Gatherer
	work   sync.WaitGroup
}

func newDelivery(plan *routing.Plan, boxes []*outbox.Box, d *dispatcher) (*delivery, error) {
	reg := prometheus.NewRegistry()
	log, events, flags := quietlog.Warnings(d.log), eventrecorder.NopRecorder(), featurecontrol.NoopFlags{}
	v := &delivery{
		plan: plan, shown: shownRouting(plan), route: dispatch.NewRoute(plan.Route, nil), muted: marker.NewGroupMarker(),
		inhibitor: inhibit.NewInhibitor(d.alerts, plan.Inhibit, log, events),
	}
	metrics := notify.NewMetrics(reg, flags)
	intervals := timeinterval.NewIntervener(plan.Intervals)
	quiet := []notify.Stage{
		notify.NewTimeActiveStage(intervals, v.muted, metrics),
		notify.NewTimeMuteStage(intervals, v.muted, metrics),
		windowStage{plan.Windows, v.muted},
		notify.NewMuteStage(d.silencer, metrics),
	}
	receivers := notify.RoutingStage{}
	for name, told := range plan.Receivers {
		stage := &tellStage{inhibited: notify.NewMuteStage(v.inhibitor, metrics), quiet: quiet}
		for _, box := range boxes {
			if slices.Contains(told, box.Name) {
				stage.told = append(stage.told, newIntegration(box, !plan.NoEnds[box.Name], d, metrics))
			}
		}
		receivers[name] = stage
	}
	v.gate.stage = receivers
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return nil, err
	}
	v.dispatcher = dispatch.NewDispatcher(d.alerts, v.route, &v.gate, v.muted,
		func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) },
		groupMaintenance, &d.limit, log, events, dispatch.NewDispatcherMetrics(false, reg, flags), tmpl)
	v.inside = reg
	return v, nil
}

// start begins with all alerts that there are.
func (v *delivery) start() {
	v.work.Go(v.inhibitor.Run)
	// Nothing may be told before it is known what inhibits it.
	v.inhibitor.WaitForLoading()
	v.work.Go(func() { v.dispatcher.Run(time.Now()) })
	v.dispatcher.WaitForLoading()
}

// stop returns when nothing more is told.
func (v *delivery) stop() {
	v.dispatcher.Stop()
	v.inhibitor.Stop()
	v.gate.close()
	v.work.Wait()
}

// group adds an alert with these labels to the groups that it belongs to, of each receiver that is told of it.
func (v *delivery) group(of model.LabelSet, all map[string]ledger.Groups) {
	for _, r := range v.route.Match(of) {
		labels := model.LabelSet{}
		for name, value := range of {
			if _, by := r.RouteOpts.GroupBy[name]; by || r.RouteOpts.GroupByAll {
				labels[name] = value
			}
		}
		key := fmt.Sprintf("%s:%s", r.Key(), labels) // as Alertmanager's groups are called
		for _, receiver := range v.plan.Receivers[r.RouteOpts.Receiver] {
			if all[receiver] == nil {
				all[receiver] = ledger.Groups{}
			}
			all[receiver][key] = append(all[receiver][key], ledger.Hash(of))
		}
	}
}

// gate lets alerts through to the stages of a delivery until it is closed. Alertmanager's dispatcher does not wait for
// what is on its way when it stops; what is told late would not be known to the delivery after it.
type gate struct {
	stage notify.Stage

	mu     sync.RWMutex
	closed bool
}

var errClosed = errors.New("the configuration is exchanged")

// Exec is what the dispatcher calls with a group of alerts.
func (g *gate) Exec(ctx context.Context, log *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return ctx, nil, errClosed
	}
	return g.stage.Exec(ctx, log, alerts...)
}

// close returns when nobody is inside.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
