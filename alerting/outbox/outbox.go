// Package outbox keeps messages until their receivers took them: a folder for each receiver that survives restarts, and what
// sends, waits and tries again.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/atomicfile"
)

const (
	// maxUnsent bounds the notices that wait; the oldest goes when one more comes.
	maxUnsent = 500
	// maxNoticeFile is the largest file that is read as a notice.
	maxNoticeFile = 1 << 20
)

// Facts knows what alerts themselves do not say.
type Facts interface {
	// About returns an alert of Alertmanager's pipeline as people see it.
	About(a *alert.Alert) receivers.Alert
	// Fill puts in what the incident cost by now.
	Fill(ctx context.Context, n *receivers.Notice, now time.Time)
	// Stand puts in what people did about the incident by now.
	Stand(ctx context.Context, n *receivers.Notice)
	// Firing returns the firing alert with the key as of the last evaluation.
	Firing(key string) (receivers.Alert, bool)
}

// Box keeps the notices of one receiver until they are delivered: a file each, in memory only when the disk
// refuses. Alertmanager's pipeline puts them in, run takes them out.
type Box struct {
	dir string
	// Name is the receiver's.
	Name    string
	ledger  *ledger.Ledger
	facts   Facts
	log     *slog.Logger
	metrics *deliveryMetrics
	wake    chan struct{}

	// The mailroom's mutex guards these: what the receiver was made of, whether it could be, the metrics of the outbox
	// and of the receiver, and the work that goes on.
	station     Station
	usable      bool
	shared, own *Registered
	cancel      context.CancelFunc
	work        sync.WaitGroup

	// tried is the notice that failed last, and since when; run's own.
	tried struct {
		id    string
		since time.Time
	}

	mu       sync.Mutex
	receiver receivers.Receiver
	// minSeverity is the least severity that the receiver is told of; "" for any.
	minSeverity string
	// spacing is the least time between two messages.
	spacing  time.Duration
	unsent   []receivers.Notice // oldest first
	sending  string             // id of the notice on its way
	lastID   int64
	lastSent time.Time
	lastErr  string
}

// open reads the notices that the process before did not send.
func open(dir string, s Station, l *ledger.Ledger, about Facts, log *slog.Logger, reg prometheus.Registerer) (*Box, error) {
	o := &Box{
		dir: filepath.Join(dir, s.Name), Name: s.Name, ledger: l, facts: about, log: log.With("receiver", s.Name),
		wake: make(chan struct{}, 1), shared: &Registered{reg: reg}, own: &Registered{reg: reg},
	}
	if err := o.reopen(s); err != nil {
		o.own.Undo()
		return nil, err
	}
	err := os.MkdirAll(o.dir, 0o750)
	if err == nil {
		err = o.read()
	}
	if err != nil {
		o.own.Undo()
		return nil, fmt.Errorf("read outbox %s: %w", o.dir, err)
	}
	o.metrics = newDeliveryMetrics(o.shared, s.Name, func() float64 { return o.oldest().Seconds() })
	return o, nil
}

// read loads the files of the outbox. What is no notice is renamed and left.
func (o *Box) read() error {
	entries, err := os.ReadDir(o.dir) // sorted by name, which is by age
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		path := filepath.Join(o.dir, entry.Name())
		n, err := readNotice(path)
		if err != nil {
			o.log.Warn("setting unreadable notice aside", "file", path, "err", err)
			if err := os.Rename(path, path+".damaged"); err != nil {
				return err
			}
			continue
		}
		n.ID = strings.TrimSuffix(entry.Name(), ".json")
		// New ones sort behind it, also when the clock was set back.
		if id, err := strconv.ParseInt(strings.SplitN(n.ID, "-", 2)[0], 10, 64); err == nil {
			o.lastID = max(o.lastID, id)
		}
		o.unsent = append(o.unsent, n)
		// The process may have died between the notice's file and the ledger's.
		o.ledger.Told(n.Told)
	}
	return nil
}

// Notify takes a group of alerts from Alertmanager's pipeline. It always succeeds.
func (o *Box) Notify(ctx context.Context, alerts ...*alert.Alert) (retry bool, err error) {
	now := time.Now()
	n := receivers.Notice{Created: now, GroupLabels: groupLabels(ctx), Told: o.told(ctx, now)}
	least := o.leastSeverity()
	for _, a := range alerts {
		if one := o.facts.About(a); least == "" || receivers.SeverityRank(one.Severity) <= receivers.SeverityRank(least) {
			n.Alerts = append(n.Alerts, one)
		}
	}
	if len(n.Alerts) == 0 {
		return false, nil
	}
	n.Cut()
	o.facts.Fill(ctx, &n, now)
	if n.Acknowledged() && !n.Resolved() && o.ledger.Knows(n.Told) {
		return false, nil // somebody takes care of it: that it goes on is no news
	}
	o.add(n)
	// The pipeline tells the ledger, too, but does not wait for the disk.
	o.ledger.Told(n.Told)
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return false, nil
}

func (o *Box) leastSeverity() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.minSeverity
}

func groupLabels(ctx context.Context) map[string]string {
	labels, _ := notify.GroupLabels(ctx)
	all := make(map[string]string, len(labels))
	for name, value := range labels {
		all[string(name)] = string(value)
	}
	return all
}

func (o *Box) told(ctx context.Context, now time.Time) receivers.Told {
	t := receivers.Told{Receiver: o.Name}
	t.GroupKey, _ = notify.GroupKey(ctx)
	t.Firing, _ = notify.FiringAlerts(ctx)
	t.Resolved, _ = notify.ResolvedAlerts(ctx)
	repeat, _ := notify.RepeatInterval(ctx)
	t.Expires = now.Add(2 * repeat)
	return t
}

// add puts n at the end, or in the place of an older notice about the same group that waits.
func (o *Box) add(n receivers.Notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	same := slices.IndexFunc(o.unsent, func(old receivers.Notice) bool {
		return old.Told.GroupKey == n.Told.GroupKey && old.ID != o.sending
	})
	if same >= 0 {
		n.Absorb(o.unsent[same])
		o.unsent[same] = n
	} else {
		n.ID = o.newID(n)
		o.unsent = append(o.unsent, n)
	}
	o.write(n)
	if len(o.unsent) > maxUnsent {
		i := 0
		if o.unsent[0].ID == o.sending {
			i = 1
		}
		o.log.Error("outbox is full, dropping the oldest message", "waiting_since", o.unsent[i].Created)
		o.metrics.failed.Inc()
		o.drop(i)
	}
}

// newID returns a name that sorts after all before it.
func (o *Box) newID(n receivers.Notice) string {
	o.lastID = max(o.lastID+1, n.Created.UnixNano())
	h := fnv.New32a()
	h.Write([]byte(n.Told.GroupKey))
	return fmt.Sprintf("%020d-%08x", o.lastID, h.Sum32())
}

// write keeps n on disk. A full disk must not keep an alert from its receiver: n stays in memory anyway.
func (o *Box) write(n receivers.Notice) {
	text, err := json.Marshal(n)
	if err == nil {
		err = atomicfile.Write(o.path(n.ID), text, 0o640)
	}
	if err != nil {
		o.log.Warn("keeping message on disk, a restart would lose it", "err", err)
	}
}

func (o *Box) path(id string) string { return filepath.Join(o.dir, id+".json") }

// drop removes the notice at i. The caller holds mu.
func (o *Box) drop(i int) {
	if err := os.Remove(o.path(o.unsent[i].ID)); err != nil && !errors.Is(err, os.ErrNotExist) {
		o.log.Warn("removing message from disk, a restart may repeat it", "err", err)
	}
	o.unsent = slices.Delete(o.unsent, i, i+1)
}

// take returns the oldest notice and marks it as on its way.
func (o *Box) take() (receivers.Notice, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.unsent) == 0 {
		return receivers.Notice{}, false
	}
	o.sending = o.unsent[0].ID
	return o.unsent[0], true
}

// settle ends the sending of a notice: done notices leave the outbox.
func (o *Box) settle(id string, done bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sending = ""
	o.lastErr = ""
	if err != nil {
		o.lastErr = err.Error()
	} else {
		o.lastSent = time.Now()
	}
	if !done {
		return
	}
	if i := slices.IndexFunc(o.unsent, func(n receivers.Notice) bool { return n.ID == id }); i >= 0 {
		o.drop(i)
	}
}

// oldest is how long the oldest notice waits.
func (o *Box) oldest() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.unsent) == 0 {
		return 0
	}
	return max(0, time.Since(o.unsent[0].Created))
}
