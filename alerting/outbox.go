package alerting

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

	"gatewatch/alerting/receivers"
	"gatewatch/internal/atomicfile"
)

const (
	// maxUnsent bounds the notices that wait; the oldest goes when one more comes.
	maxUnsent = 500
	// maxNoticeFile is the largest file that is read as a notice.
	maxNoticeFile = 1 << 20
)

// facts knows what alerts themselves do not say.
type facts interface {
	// fill puts in what the incident cost by now.
	fill(ctx context.Context, n *receivers.Notice, now time.Time)
	// firing returns the firing alert with the key as of the last evaluation.
	firing(key string) (Alert, bool)
}

// outbox keeps the notices of one receiver until they are delivered: a file each, in memory only when the disk
// refuses. Alertmanager's pipeline puts them in, run takes them out.
type outbox struct {
	dir     string
	name    string
	ledger  *ledger
	facts   facts
	log     *slog.Logger
	metrics *deliveryMetrics
	wake    chan struct{}

	// The mailroom's mutex guards these: what the receiver was made of, whether it could be, the metrics of the outbox
	// and of the receiver, and the work that goes on.
	station     station
	usable      bool
	shared, own *registered
	cancel      context.CancelFunc
	work        sync.WaitGroup

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

// openOutbox reads the notices that the process before did not send.
func openOutbox(dir string, s station, l *ledger, about facts, log *slog.Logger, reg prometheus.Registerer) (*outbox, error) {
	o := &outbox{
		dir: filepath.Join(dir, s.name), name: s.name, ledger: l, facts: about, log: log.With("receiver", s.name),
		wake: make(chan struct{}, 1), shared: &registered{reg: reg}, own: &registered{reg: reg},
	}
	if err := o.reopen(s); err != nil {
		o.own.undo()
		return nil, err
	}
	err := os.MkdirAll(o.dir, 0o750)
	if err == nil {
		err = o.read()
	}
	if err != nil {
		o.own.undo()
		return nil, fmt.Errorf("read outbox %s: %w", o.dir, err)
	}
	o.metrics = newDeliveryMetrics(o.shared, s.name, func() float64 { return o.oldest().Seconds() })
	return o, nil
}

// read loads the files of the outbox. What is no notice is renamed and left.
func (o *outbox) read() error {
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
		o.ledger.told(n.Told)
	}
	return nil
}

// Notify takes a group of alerts from Alertmanager's pipeline. It always succeeds.
func (o *outbox) Notify(ctx context.Context, alerts ...*alert.Alert) (retry bool, err error) {
	now := time.Now()
	n := receivers.Notice{Created: now, GroupLabels: groupLabels(ctx), Told: o.told(ctx, now)}
	least := o.leastSeverity()
	for _, a := range alerts {
		if one := toNoticeAlert(a); least == "" || receivers.SeverityRank(one.Severity) <= receivers.SeverityRank(least) {
			n.Alerts = append(n.Alerts, one)
		}
	}
	if len(n.Alerts) == 0 {
		return false, nil
	}
	n.Cut()
	o.facts.fill(ctx, &n, now)
	if n.Acknowledged() && !n.Resolved() && o.ledger.knows(n.Told) {
		return false, nil // somebody takes care of it: that it goes on is no news
	}
	o.add(n)
	// The pipeline tells the ledger, too, but does not wait for the disk.
	o.ledger.told(n.Told)
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return false, nil
}

func (o *outbox) leastSeverity() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.minSeverity
}

func groupLabels(ctx context.Context) map[string]string {
	labels, _ := notify.GroupLabels(ctx)
	return stringMap(labels)
}

func (o *outbox) told(ctx context.Context, now time.Time) receivers.Told {
	t := receivers.Told{Receiver: o.name}
	t.GroupKey, _ = notify.GroupKey(ctx)
	t.Firing, _ = notify.FiringAlerts(ctx)
	t.Resolved, _ = notify.ResolvedAlerts(ctx)
	repeat, _ := notify.RepeatInterval(ctx)
	t.Expires = now.Add(2 * repeat)
	return t
}

// add puts n at the end, or in the place of an older notice about the same group that waits.
func (o *outbox) add(n receivers.Notice) {
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
func (o *outbox) newID(n receivers.Notice) string {
	o.lastID = max(o.lastID+1, n.Created.UnixNano())
	h := fnv.New32a()
	h.Write([]byte(n.Told.GroupKey))
	return fmt.Sprintf("%020d-%08x", o.lastID, h.Sum32())
}

// write keeps n on disk. A full disk must not keep an alert from its receiver: n stays in memory anyway.
func (o *outbox) write(n receivers.Notice) {
	text, err := json.Marshal(n)
	if err == nil {
		err = atomicfile.Write(o.path(n.ID), text, 0o640)
	}
	if err != nil {
		o.log.Warn("keeping message on disk, a restart would lose it", "err", err)
	}
}

func (o *outbox) path(id string) string { return filepath.Join(o.dir, id+".json") }

// drop removes the notice at i. The caller holds mu.
func (o *outbox) drop(i int) {
	if err := os.Remove(o.path(o.unsent[i].ID)); err != nil && !errors.Is(err, os.ErrNotExist) {
		o.log.Warn("removing message from disk, a restart may repeat it", "err", err)
	}
	o.unsent = slices.Delete(o.unsent, i, i+1)
}

// take returns the oldest notice and marks it as on its way.
func (o *outbox) take() (receivers.Notice, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.unsent) == 0 {
		return receivers.Notice{}, false
	}
	o.sending = o.unsent[0].ID
	return o.unsent[0], true
}

// settle ends the sending of a notice: done notices leave the outbox.
func (o *outbox) settle(id string, done bool, err error) {
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
func (o *outbox) oldest() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.unsent) == 0 {
		return 0
	}
	return max(0, time.Since(o.unsent[0].Created))
}
