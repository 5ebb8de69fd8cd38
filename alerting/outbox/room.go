package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/receivers"
)

// Station is a receiver as a configuration wants it.
type Station struct {
	Name string
	// Settings are what the receiver is made of; one with the same settings need not be exchanged.
	Settings any
	// MinSeverity is the least severity that the receiver is told of, "" for any, Spacing the least time between two messages.
	MinSeverity string
	Spacing     time.Duration
	// Open makes the receiver, which registers its metrics.
	Open func(prometheus.Registerer) (receivers.Receiver, error)
}

func (s *Station) equals(other *Station) bool {
	return s.MinSeverity == other.MinSeverity && s.Spacing == other.Spacing && reflect.DeepEqual(s.Settings, other.Settings)
}

// Room has an outbox for each receiver, and lets them work. Receivers may be exchanged at any time.
type Room struct {
	dir    string
	ledger *ledger.Ledger
	about  Facts
	log    *slog.Logger
	reg    prometheus.Registerer
	failed chan error

	mu    sync.Mutex
	ctx   context.Context // in which outboxes work; nil while they do not
	boxes []*Box
}

func NewRoom(dir string, l *ledger.Ledger, about Facts, log *slog.Logger, reg prometheus.Registerer) *Room {
	return &Room{dir: dir, ledger: l, about: about, log: log, reg: reg, failed: make(chan error, 1)}
}

// All returns the outboxes, in the order of the configuration.
func (r *Room) All() []*Box {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.boxes)
}

// Stations returns what the receivers are made of.
func (r *Room) Stations() []Station {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Station, len(r.boxes))
	for i, box := range r.boxes {
		all[i] = box.station
	}
	return all
}

// Run lets the outboxes work until ctx ends or one of them fails.
func (r *Room) Run(ctx context.Context) error {
	r.mu.Lock()
	r.ctx = ctx
	for _, box := range r.boxes {
		box.start(ctx, r.failed)
	}
	r.mu.Unlock()
	var err error
	select {
	case <-ctx.Done():
	case err = <-r.failed:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ctx = nil
	var stopping sync.WaitGroup
	for _, box := range r.boxes {
		stopping.Go(box.stop)
	}
	stopping.Wait()
	return err
}

// Differs tells whether other receivers are wanted than there are.
func (r *Room) Differs(wanted []Station) bool {
	return !slices.EqualFunc(r.All(), wanted, func(o *Box, s Station) bool { return o.Name == s.Name && o.usable && o.station.equals(&s) })
}

// Exchange makes the receivers those that are wanted. Those that did not change go on undisturbed, those that did keep
// what is unsent. On error they are as before.
func (r *Room) Exchange(wanted []Station) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := make([]Station, 0, len(r.boxes))
	for _, box := range r.boxes {
		before = append(before, box.station)
	}
	err := r.replace(wanted)
	if err != nil {
		err = errors.Join(err, r.restore(before))
	}
	r.sweep()
	return err
}

// restore makes the receivers those of before when some were exchanged and others could not be. Where a receiver cannot be
// made again, its outbox goes on with the one that it has: messages wait for nobody's mistake.
func (r *Room) restore(before []Station) error {
	var errs []error
	var boxes []*Box
	for _, box := range r.boxes {
		at := slices.IndexFunc(before, func(s Station) bool { return s.Name == box.Name })
		if at < 0 {
			box.close()
			continue
		}
		boxes = append(boxes, box)
		if !box.usable || !box.station.equals(&before[at]) {
			box.stop()
			errs = append(errs, box.reopen(before[at]))
		}
		if r.ctx != nil && box.cancel == nil {
			box.start(r.ctx, r.failed)
		}
	}
	r.boxes = boxes
	return errors.Join(errs...)
}

func (r *Room) replace(wanted []Station) error {
	var boxes, fresh []*Box
	for i := range wanted {
		s := &wanted[i]
		at := slices.IndexFunc(r.boxes, func(o *Box) bool { return o.station.Name == s.Name })
		if at < 0 {
			box, err := open(r.dir, *s, r.ledger, r.about, r.log, r.reg)
			if err != nil {
				return err
			}
			r.boxes = append(r.boxes, box)
			boxes, fresh = append(boxes, box), append(fresh, box)
			continue
		}
		box := r.boxes[at]
		if boxes = append(boxes, box); box.usable && box.station.equals(s) {
			continue
		}
		box.stop()
		if err := box.reopen(*s); err != nil {
			return err
		}
		fresh = append(fresh, box)
	}
	for _, box := range r.boxes {
		if !slices.Contains(boxes, box) {
			box.close()
		}
	}
	r.boxes = boxes
	if r.ctx != nil {
		for _, box := range fresh {
			box.start(r.ctx, r.failed)
		}
	}
	return nil
}

// sweep looks at what receivers that are no more left behind: it is told when one of that name comes back, and removed
// when it has become too old for that.
func (r *Room) sweep() {
	folders, err := os.ReadDir(r.dir)
	if err != nil {
		return // there is none before the first receiver
	}
	for _, folder := range folders {
		if slices.ContainsFunc(r.boxes, func(o *Box) bool { return o.station.Name == folder.Name() }) {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(r.dir, folder.Name(), "*.json"))
		left := 0
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil || time.Since(info.ModTime()) < maxNoticeAge {
				left++
				continue
			}
			if err := os.Remove(file); err != nil {
				r.log.Warn("removing message of a receiver that is no more", "file", file, "err", err)
			}
		}
		if left > 0 {
			r.log.Warn("unsent messages of a receiver that is not configured any more are kept for a day", "receiver", folder.Name(), "messages", left)
		}
	}
}

// start lets the outbox work until stop is called.
func (o *Box) start(ctx context.Context, failed chan<- error) {
	ctx, o.cancel = context.WithCancel(ctx)
	o.work.Go(func() { o.run(ctx) })
	r, ok := o.Receiver().(receivers.Runner)
	if !ok {
		return
	}
	o.work.Go(func() {
		if err := r.Run(ctx); err != nil && ctx.Err() == nil {
			select {
			case failed <- fmt.Errorf("receiver %s: %w", o.station.Name, err):
			default: // another one was first
			}
		}
	})
}

// stop returns when the outbox does not work any more.
func (o *Box) stop() {
	if o.cancel != nil {
		o.cancel()
		o.work.Wait()
		o.cancel = nil
	}
}

// reopen exchanges the receiver of an outbox that does not work. What is unsent stays.
func (o *Box) reopen(s Station) error {
	o.own.Undo()
	o.usable = false
	receiver, err := s.Open(o.own)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.receiver, o.minSeverity, o.spacing, o.lastErr = receiver, s.MinSeverity, max(sendSpacing, s.Spacing), ""
	o.station, o.usable = s, true
	return nil
}

// close ends an outbox. Its messages stay on disk.
func (o *Box) close() {
	o.stop()
	o.own.Undo()
	o.shared.Undo()
}

// Receiver returns the receiver.
func (o *Box) Receiver() receivers.Receiver {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.receiver
}
