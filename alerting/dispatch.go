package alerting

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting/desk"
	"gatewatch/alerting/ledger"
	"gatewatch/alerting/outbox"
	"gatewatch/alerting/receivers"
	"gatewatch/alerting/routing"
	"gatewatch/internal/quietlog"
)

const (
	// alertHorizon is when a firing alert would end if nothing more were heard of it. Rules run in this process: no
	// news is not good news, so it is farther away than a clock is ever set on.
	alertHorizon = 100 * 365 * 24 * time.Hour
	// groupMaintenance is how often ended groups are forgotten.
	groupMaintenance = 30 * time.Second
	alertGC          = 30 * time.Minute
)

// dispatcher owns what of Alertmanager outlives a configuration, the alerts and the silences, and the delivery that the
// configuration in effect makes of them.
type dispatcher struct {
	alerts    *mem.Alerts
	silences  *desk.Silences
	silencer  *silence.Silencer
	ledger    *ledger.Ledger
	incidents *ledger.Keys
	limit     groupLimit
	log       *slog.Logger
	// fired are the alerts that fired when the process before ended.
	fired []savedAlert

	// current is the delivery in effect. What is on its way in one that is exchanged asks for it, too.
	current atomic.Pointer[delivery]

	// mu is held while deliveries are exchanged.
	mu      sync.Mutex
	running bool
}

func newDispatcher(dir string, fired []savedAlert, sil *desk.Silences, told *ledger.Ledger, log *slog.Logger) (*dispatcher, error) {
	// Alertmanager's own metrics describe its insides; what people need is in gatewatch_notification*.
	reg := prometheus.NewRegistry()
	engineLog, events, flags := quietlog.Warnings(log), eventrecorder.NopRecorder(), featurecontrol.NoopFlags{}
	d := &dispatcher{ledger: told, log: log, fired: fired, silences: sil, silencer: silence.NewSilencer(sil.Silences, engineLog, events)}
	var err error
	d.incidents = ledger.OpenKeys(filepath.Join(dir, "incidents.json"), told, log)
	// The context ends with Close in run.
	d.alerts, err = mem.NewAlerts(context.Background(), alertGC, 0, d.silencer, engineLog, events, reg, flags)
	return d, err
}

// live returns the delivery that is in effect.
func (d *dispatcher) live() *delivery { return d.current.Load() }

// mutes tells whether a maintenance window is open for the alert.
func (d *dispatcher) mutes(a savedAlert) bool {
	return d.live().plan.Windows.Mutes(a.Labels, time.Now()) != ""
}

// groupedBy returns the labels that the alerts of n are grouped by where they are one group.
func (d *dispatcher) groupedBy(n *receivers.Notice) (names []string) {
	of := labelSet(n.Alerts[0].Labels)
	for _, r := range d.live().route.Match(of) {
		group := map[string]string{}
		for name := range r.RouteOpts.GroupBy {
			if value, there := of[name]; there {
				group[string(name)] = string(value)
			}
		}
		if !r.RouteOpts.GroupByAll && maps.Equal(group, n.GroupLabels) {
			for name := range r.RouteOpts.GroupBy {
				names = append(names, string(name))
			}
		}
	}
	return names
}

// exchange puts a plan into effect, with the outboxes of all its receivers. What was told stays told: groups that get
// another key because routes changed go on as the incidents that they were.
func (d *dispatcher) exchange(plan *routing.Plan, boxes []*outbox.Box) error {
	next, err := newDelivery(plan, boxes, d)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.current.Load()
	if before != nil && d.running {
		before.stop()
		d.limit.keep(before)
	}
	if before != nil {
		d.incidents.HandOver(d.groups(before), d.groups(next))
	} else {
		d.resume(next)
	}
	d.current.Store(next)
	if d.running {
		next.start()
	}
	return nil
}

// resume lets incidents go on that were open when the process before ended: it may have had other routes.
func (d *dispatcher) resume(v *delivery) {
	told, err := d.incidents.Open()
	if err != nil {
		d.log.Warn("looking for open incidents, some may be told again", "err", err)
		return
	}
	after := map[string]ledger.Groups{}
	for i := range d.fired {
		v.group(labelSet(d.fired[i].Labels), after)
	}
	d.incidents.HandOver(told, after)
}

// groups returns the present groups of alerts of each receiver, by the keys that v gives them.
func (d *dispatcher) groups(v *delivery) map[string]ledger.Groups {
	all := map[string]ledger.Groups{}
	pending := d.alerts.GetPending()
	defer pending.Close()
	for a := range pending.Next() {
		v.group(a.Data.Labels, all)
	}
	return all
}

// run dispatches alerts until ctx ends, and writes its state down when it stops.
func (d *dispatcher) run(ctx context.Context) error {
	var g errgroup.Group
	stop := make(chan struct{})
	g.Go(func() error {
		d.silences.Maintain(stop)
		return nil
	})
	g.Go(func() error {
		d.ledger.Maintain(stop)
		return nil
	})
	d.mu.Lock()
	d.running = true
	d.live().start()
	d.mu.Unlock()
	<-ctx.Done()
	d.mu.Lock()
	d.running = false
	d.live().stop()
	d.mu.Unlock()
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
	d.limit.heed(labels["alertname"], ends.After(now))
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
