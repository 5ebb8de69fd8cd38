package alerting

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/outbox"
	"gatewatch/alerting/routing"
)

// tellStage tells the receivers of a route. What is muted, by a silence, a time interval of the route, maintenance or
// another alert, is not begun to be told; what was told before has its end told all the same: who was called must hear that
// it is over.
type tellStage struct {
	// inhibited takes out what other alerts make pointless, quiet what is muted otherwise.
	inhibited notify.Stage
	quiet     []notify.Stage
	told      []*integration
}

// Exec is what Alertmanager's pipeline calls with a group of alerts.
func (t *tellStage) Exec(ctx context.Context, log *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	ctx, loud, err := t.inhibited.Exec(ctx, log, alerts...)
	if err != nil {
		return ctx, nil, err
	}
	// The message of a group shows what goes on of it only while no other alert makes that pointless.
	alerts = slices.DeleteFunc(slices.Clone(alerts), func(a *alert.Alert) bool { return !a.Resolved() && !slices.Contains(loud, a) })
	for _, stage := range t.quiet {
		if len(loud) == 0 {
			break
		}
		if ctx, loud, err = stage.Exec(ctx, log, loud...); err != nil {
			return ctx, nil, err
		}
	}
	var all notify.FanoutStage
	for _, one := range t.told {
		all = append(all, notify.StageFunc(func(ctx context.Context, log *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
			return one.tell(ctx, log, alerts, loud)
		}))
	}
	return all.Exec(ctx, log, alerts...)
}

// windowStage takes out what maintenance windows mute. A group that is muted as a whole is marked like one that time
// intervals mute, for Alertmanager's API. It comes behind the stages of those, which set the mark anew.
type windowStage struct {
	windows routing.Windows
	marker  marker.GroupMarker
}

// Exec is what Alertmanager's pipeline calls with a group of alerts.
func (w windowStage) Exec(ctx context.Context, _ *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	now, ok := notify.Now(ctx)
	if !ok {
		now = time.Now()
	}
	var loud []*alert.Alert
	var by []string
	for _, a := range alerts {
		comment := w.windows.Mutes(stringMap(a.Labels), now)
		switch {
		case comment == "":
			loud = append(loud, a)
		case !slices.Contains(by, comment):
			by = append(by, comment)
		}
	}
	route, _ := notify.RouteID(ctx)
	group, _ := notify.GroupKey(ctx)
	if len(loud) == 0 && len(by) > 0 {
		w.marker.SetMuted(route, group, by)
	}
	return ctx, loud, nil
}

// integration is one receiver in Alertmanager's pipeline.
type integration struct {
	name      string
	ledger    *ledger.Ledger
	incidents *ledger.Keys
	stages    notify.MultiStage
}

func newIntegration(box *outbox.Box, ends bool, d *dispatcher, metrics *notify.Metrics) *integration {
	name := box.Name
	one := notify.NewIntegration(box, endsTold(ends), name, 0, routing.DefaultReceiver)
	entry := ledger.Receiver(name)
	return &integration{name: name, ledger: d.ledger, incidents: d.incidents, stages: notify.MultiStage{
		notify.NewDedupStage(&one, d.ledger, entry),
		notify.NewRetryStage(one, routing.DefaultReceiver, metrics, eventrecorder.NopRecorder()),
		notify.NewSetNotifiesStage(d.ledger, entry),
	}}
}

// endsTold says whether a receiver wants to hear of ends.
type endsTold bool

// SendResolved is what Alertmanager's pipeline asks.
func (e endsTold) SendResolved() bool { return bool(e) }

// tell hands on the alerts of a group of which loud are not muted.
func (i *integration) tell(ctx context.Context, log *slog.Logger, alerts, loud []*alert.Alert) (context.Context, []*alert.Alert, error) {
	key, _ := notify.GroupKey(ctx)
	key = i.incidents.Of(i.name, key)
	if len(loud) < len(alerts) || slices.ContainsFunc(alerts, (*alert.Alert).Resolved) {
		alerts = i.known(key, alerts, loud)
	}
	if len(alerts) == 0 {
		i.ledger.Hold(i.name, key)
		return ctx, nil, nil
	}
	return i.stages.Exec(notify.WithGroupKey(ctx, key), log, alerts...)
}

// known returns the alerts that are not muted and those of which the receiver was told that they fire; nil when there is
// nothing new in them. Ends that were told before the configuration was exchanged are left out.
func (i *integration) known(key string, alerts, loud []*alert.Alert) []*alert.Alert {
	firing, over := i.ledger.State(i.name, key)
	var keep []*alert.Alert
	news := false
	for _, a := range alerts {
		hash := ledger.Hash(a.Labels)
		switch {
		case a.Resolved() && slices.Contains(over, hash) && !slices.Contains(firing, hash):
		case slices.Contains(loud, a):
			keep, news = append(keep, a), true
		case slices.Contains(firing, hash):
			keep = append(keep, a)
			news = news || a.Resolved()
		}
	}
	if !news {
		return nil
	}
	return keep
}
