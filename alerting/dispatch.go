package alerting

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/alertmanager/alert"
	amconfig "github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"gatewatch/internal/quietlog"
)

const (
	// defaultReceiver is the only receiver of the simple routing.
	defaultReceiver = "default"
	// alertHorizon is when a firing alert would end if nothing more were heard of it. Rules run in this process: no
	// news is not good news, so it is far away.
	alertHorizon = 24 * time.Hour
	// stateRetention is how long ended silences and told incidents are remembered, at least.
	stateRetention = 5 * 24 * time.Hour
	// groupMaintenance is how often ended groups are forgotten.
	groupMaintenance = 30 * time.Second
	alertGC          = 30 * time.Minute
	stateMaintenance = 15 * time.Minute
	// maxGroups bounds the groups that are alive at a time; each has a goroutine.
	maxGroups = 1000
)

// groupBy says which alerts are one incident and told in one message.
var groupBy = [...]model.LabelName{"alertname", "provider"}

// dispatcher owns Alertmanager's parts: the alerts, their groups, inhibitions and silences.
type dispatcher struct {
	alerts     *mem.Alerts
	silences   *silences
	silencer   *silence.Silencer
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
	groups     marker.GroupMarker
	// shown is the routing in Alertmanager's own form, for its API.
	shown  *amconfig.Config
	ledger *ledger
	log    *slog.Logger
}

func newDispatcher(cfg Config, sil *silences, ledger *ledger, boxes []*outbox, log *slog.Logger) (*dispatcher, error) {
	// Alertmanager's own metrics describe its insides; what people need is in gatewatch_notification*.
	reg := prometheus.NewRegistry()
	engineLog, events, flags := quietlog.Warnings(log), eventrecorder.NopRecorder(), featurecontrol.NoopFlags{}
	d := &dispatcher{ledger: ledger, log: log, silences: sil, groups: marker.NewGroupMarker(), shown: shownRouting(route(cfg))}
	d.silencer = silence.NewSilencer(sil.Silences, engineLog, events)
	var err error
	// The context ends with Close in run.
	d.alerts, err = mem.NewAlerts(context.Background(), alertGC, 0, d.silencer, engineLog, events, reg, flags)
	if err != nil {
		return nil, err
	}
	d.inhibitor = inhibit.NewInhibitor(d.alerts, inhibitions(), engineLog, events)
	pipeline := notify.NewPipelineBuilder(reg, flags, events).New(
		integrations(boxes), func() time.Duration { return 0 }, d.inhibitor, d.silencer,
		timeinterval.NewIntervener(nil), d.groups, ledger.entries, nil)
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return nil, err
	}
	d.dispatcher = dispatch.NewDispatcher(d.alerts, dispatch.NewRoute(route(cfg), nil), pipeline, d.groups,
		func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) },
		groupMaintenance, groupLimit{}, engineLog, events, dispatch.NewDispatcherMetrics(false, reg, flags), tmpl)
	return d, nil
}

func integrations(boxes []*outbox) map[string][]notify.Integration {
	all := []notify.Integration{}
	for _, box := range boxes {
		all = append(all, notify.NewIntegration(box, box, box.receiver.Name(), 0, defaultReceiver))
	}
	return map[string][]notify.Integration{defaultReceiver: all}
}

// route is the simple routing: everything to the one receiver.
func route(cfg Config) *amconfig.Route {
	return &amconfig.Route{
		Receiver:       defaultReceiver,
		GroupBy:        groupBy[:],
		GroupWait:      &cfg.GroupWait,
		GroupInterval:  &cfg.GroupInterval,
		RepeatInterval: &cfg.RepeatInterval,
	}
}

// inhibitions are the alerts that make others pointless. The rules themselves know which alert of a provider contains
// another; here are those that the agent's own troubles explain.
func inhibitions() []amcommon.InhibitRule {
	return []amcommon.InhibitRule{
		{
			// Who cannot read the logs cannot say that nothing is in them.
			Name:           "blind agent",
			SourceMatchers: matchers(amlabels.MatchRegexp, "alertname", "GatewatchTailLag|GatewatchJournalBlocked"),
			TargetMatchers: matchers(amlabels.MatchEqual, "alertname", "PaymentNoTraffic"),
		},
		{
			// One rule at two severities tells the worse.
			Name:           "severity",
			SourceMatchers: matchers(amlabels.MatchEqual, "severity", "critical"),
			TargetMatchers: matchers(amlabels.MatchEqual, "severity", "warning"),
			Equal:          []string{"alertname", "provider"},
		},
	}
}

func matchers(kind amlabels.MatchType, name, value string) amcommon.Matchers {
	m, err := amlabels.NewMatcher(kind, name, value)
	if err != nil {
		panic(err) // the patterns are constants
	}
	return amcommon.Matchers{m}
}

type groupLimit struct{}

func (groupLimit) MaxNumberOfAggregationGroups() int { return maxGroups }

// run dispatches alerts until ctx ends, and writes its state down when it stops.
func (d *dispatcher) run(ctx context.Context) error {
	var g errgroup.Group
	stop := make(chan struct{})
	g.Go(func() error {
		d.silences.maintain(stop)
		return nil
	})
	g.Go(func() error {
		d.ledger.maintain(stop)
		return nil
	})
	g.Go(func() error {
		d.inhibitor.Run()
		return nil
	})
	// Nothing may be told before it is known what inhibits it.
	d.inhibitor.WaitForLoading()
	g.Go(func() error {
		d.dispatcher.Run(time.Now())
		return nil
	})
	<-ctx.Done()
	d.dispatcher.Stop()
	d.inhibitor.Stop()
	close(stop)
	err := g.Wait()
	d.alerts.Close()
	return err
}

// annotationSince carries when the condition of an alert became true. For Alertmanager an alert starts when it hears of
// it: one that starts earlier would not wait for the others of its group.
const annotationSince = "gatewatch_since"

// put hands an alert on. A zero ends means that it still fires.
func (d *dispatcher) put(ctx context.Context, labels, annotations map[string]string, since, ends time.Time) {
	now := time.Now()
	starts := now
	if ends.IsZero() {
		ends = now.Add(alertHorizon)
	} else if ends.Before(starts) {
		starts = ends
	}
	a := &alert.Alert{
		Alert: model.Alert{
			Labels: labelSet(labels), Annotations: labelSet(annotations), StartsAt: starts, EndsAt: ends,
		},
		UpdatedAt: now,
	}
	a.Annotations[annotationSince] = model.LabelValue(since.UTC().Format(time.RFC3339Nano))
	if err := a.Validate(); err != nil {
		d.log.Error("alert with invalid labels", "alert", labels["alertname"], "err", err)
		return
	}
	if err := d.alerts.Put(ctx, a); err != nil {
		d.log.Error("handing on alert", "alert", labels["alertname"], "err", err)
	}
}

func labelSet(in map[string]string) model.LabelSet {
	out := make(model.LabelSet, len(in)+1)
	for k, v := range in {
		out[model.LabelName(k)] = model.LabelValue(v)
	}
	return out
}
