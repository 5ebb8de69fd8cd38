// Package desk is where people do something about incidents: acknowledge, silence, call them a false alarm.
package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/atomicfile"
)

const (
	// maxHandled bounds the incidents that are remembered as handled; the one touched longest ago goes first.
	maxHandled = 2000
	// handledRetention is how long what people did about an incident is remembered after its end.
	handledRetention = 24 * time.Hour
)

// Desk remembers what people did about incidents, on disk, and does it.
type Desk struct {
	file        string
	silences    *Silences
	log         *slog.Logger
	falseAlarms *prometheus.CounterVec
	// groupedBy returns the labels that the alerts of an incident are grouped by, those that they do not have, too.
	groupedBy func(*receivers.Notice) []string

	mu      sync.Mutex
	handled map[string]*handled
}

// handled is what people did about one incident.
type handled struct {
	// Labels are those that its alerts share; nil when unknown.
	Labels map[string]string `json:"labels"`
	// Rank is the severity at the time of the acknowledgement.
	Rank         int             `json:"rank"`
	Acknowledged *receivers.Deed `json:"acknowledged,omitempty"`
	FalseAlarm   *receivers.Deed `json:"false_alarm,omitempty"`
	// Since is when the last of its alerts began of those that fired when somebody did something; zero when none did.
	Since time.Time `json:"since,omitzero"`
	// Over is when the incident was seen to have ended, zero before.
	Over    time.Time `json:"over,omitzero"`
	Touched time.Time `json:"touched"`
}

// Open reads what the process before knew. A file that cannot be read costs acknowledgements, not the start.
func Open(file string, silences *Silences, groupedBy func(*receivers.Notice) []string, log *slog.Logger, reg prometheus.Registerer) (*Desk, error) {
	d := &Desk{
		file: file, silences: silences, groupedBy: groupedBy, log: log, handled: map[string]*handled{},
		falseAlarms: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
			Name: "gatewatch_alert_false_alarms_total", Help: "Incidents that somebody called a false alarm, by rule.",
		}, []string{"alertname"}),
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read acknowledgements: %w", err)
	}
	if err := json.Unmarshal(text, &d.handled); err != nil {
		log.Warn("acknowledgements are damaged and forgotten", "file", file, "err", err)
		d.handled = nil
	}
	if d.handled == nil { // "null", too
		d.handled = map[string]*handled{}
	}
	maps.DeleteFunc(d.handled, func(_ string, h *handled) bool { return h == nil })
	return d, nil
}

// incidentKey names the incident of a notice, whichever receiver and route it is for.
func incidentKey(n *receivers.Notice) string {
	if len(n.GroupLabels) > 0 {
		return receivers.Key(n.GroupLabels)
	}
	return n.Told.GroupKey
}

// Act does what a person asks for, once.
func (d *Desk) Act(ctx context.Context, n *receivers.Notice, a receivers.Deed) (receivers.Handling, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var fresh bool
	var err error
	switch a.Kind {
	case receivers.DeedAcknowledge, receivers.DeedFalseAlarm:
		fresh = d.note(n, a)
	case receivers.DeedSilence:
		fresh, err = true, d.silence(ctx, n, a)
	case receivers.DeedUnsilence:
		fresh, err = d.unsilence(ctx, n)
	default:
		err = fmt.Errorf("nobody can %q an incident", a.Kind)
	}
	if err != nil {
		return receivers.Handling{}, false, err
	}
	return d.stand(ctx, n), fresh, nil
}

// note remembers an acknowledgement or a false alarm, and says whether it is the first. The caller holds mu.
func (d *Desk) note(n *receivers.Notice, a receivers.Deed) (fresh bool) {
	key := incidentKey(n)
	h := d.handled[key]
	if h == nil {
		h = &handled{Labels: n.GroupLabels, Since: n.LastSince()}
		d.handled[key] = h
	}
	place := &h.Acknowledged
	if a.Kind == receivers.DeedFalseAlarm {
		place = &h.FalseAlarm
	} else {
		h.Rank = n.Rank()
	}
	if *place != nil {
		return (*place).Same(a) // asked again after a crash: the chat was not told yet
	}
	*place = &a
	h.Touched = time.Now()
	if n.Resolved() {
		h.Over = n.Ended()
	}
	if a.Kind == receivers.DeedFalseAlarm {
		d.countFalse(n)
	}
	d.save()
	return true
}

// countFalse counts a false alarm for each rule that has a part in the incident.
func (d *Desk) countFalse(n *receivers.Notice) {
	counted := map[string]bool{}
	for i := range n.Alerts {
		if name := n.Alerts[i].Name; !counted[name] {
			counted[name] = true
			d.falseAlarms.WithLabelValues(name).Inc()
		}
	}
}

// before tells whether n is about the incident before the one of h. Receivers hear of the same incident one after the other:
// what is news to one of them may be long over.
func (h *handled) before(n *receivers.Notice) bool {
	return n.Resolved() && n.Ended().Before(h.Since)
}

// after tells whether n is about the incident after the one of h.
func (h *handled) after(n *receivers.Notice) bool {
	if n.Resolved() || h.Over.IsZero() {
		return false
	}
	// A clock that was set back tells nothing.
	return n.Fired().After(h.Over) || h.Over.After(time.Now())
}

// Look puts into n what people did about its incident. An end, or a higher severity, takes an acknowledgement away
// from what comes after it.
func (d *Desk) Look(ctx context.Context, n *receivers.Notice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h := d.handled[incidentKey(n)]; h != nil {
		changed := true
		switch {
		case n.Resolved() && h.Over.IsZero() && !h.before(n):
			h.Over = n.Ended()
		case h.after(n):
			delete(d.handled, incidentKey(n)) // another incident
		case !n.Resolved() && h.Over.IsZero() && h.Acknowledged != nil && n.Rank() < h.Rank:
			h.Acknowledged = nil
		default:
			changed = false
		}
		if changed {
			h.Touched = time.Now()
			d.save()
		}
	}
	d.show(ctx, n)
}

// Stand puts into n what people did about its incident by now.
func (d *Desk) Stand(ctx context.Context, n *receivers.Notice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.show(ctx, n)
}

func (d *Desk) show(ctx context.Context, n *receivers.Notice) {
	stand := d.stand(ctx, n)
	n.Handling = &stand
}

// stand tells how the incident stands. The caller holds mu.
func (d *Desk) stand(ctx context.Context, n *receivers.Notice) receivers.Handling {
	var stand receivers.Handling
	if h := d.handled[incidentKey(n)]; h != nil && !h.before(n) && !h.after(n) {
		stand.Acknowledged, stand.FalseAlarm = h.Acknowledged, h.FalseAlarm
	}
	if !n.Resolved() {
		stand.Silence = d.silenced(ctx, n)
	}
	return stand
}

// About returns what people did about the incident that the alert with these labels is part of.
func (d *Desk) About(ctx context.Context, labels map[string]string) receivers.Handling {
	d.mu.Lock()
	defer d.mu.Unlock()
	var stand receivers.Handling
	for _, h := range d.handled {
		if len(h.Labels) > 0 && h.Over.IsZero() && within(h.Labels, labels) {
			stand.Acknowledged, stand.FalseAlarm = h.Acknowledged, h.FalseAlarm
		}
	}
	stand.Silence = d.muting(ctx, labels)
	return stand
}

// within tells whether labels have all of part.
func within(part, labels map[string]string) bool {
	for name, value := range part {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// save writes what is known down and forgets what is old. The caller holds mu.
func (d *Desk) save() {
	type entry struct {
		key string
		*handled
	}
	var all []entry
	for key, h := range d.handled {
		all = append(all, entry{key, h})
	}
	slices.SortFunc(all, func(a, b entry) int { return a.Touched.Compare(b.Touched) })
	for i, one := range all {
		if over := !one.Over.IsZero() && time.Since(one.Over) > handledRetention; over || len(all)-i > maxHandled {
			delete(d.handled, one.key)
		}
	}
	text, err := json.Marshal(d.handled)
	if err == nil {
		err = atomicfile.Write(d.file, text, 0o640)
	}
	if err != nil {
		d.log.Warn("keeping acknowledgements on disk, a restart would lose them", "err", err)
	}
}
