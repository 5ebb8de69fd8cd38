package alerting

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

	"gatewatch/alerting/receivers"
)

// station is a receiver as a configuration wants it.
type station struct {
	name string
	// settings are what the receiver is made of; one with the same settings need not be exchanged.
	settings    any
	minSeverity string
	spacing     time.Duration
	open        func(prometheus.Registerer) (receivers.Receiver, error)
}

func (s *station) equals(other *station) bool {
	return s.minSeverity == other.minSeverity && s.spacing == other.spacing && reflect.DeepEqual(s.settings, other.settings)
}

// mailroom has an outbox for each receiver, and lets them work. Receivers may be exchanged at any time.
type mailroom struct {
	dir    string
	ledger *ledger
	about  facts
	log    *slog.Logger
	reg    prometheus.Registerer
	failed chan error

	mu    sync.Mutex
	ctx   context.Context // in which outboxes work; nil while they do not
	boxes []*outbox
}

func newMailroom(dir string, l *ledger, about facts, log *slog.Logger, reg prometheus.Registerer) *mailroom {
	return &mailroom{dir: dir, ledger: l, about: about, log: log, reg: reg, failed: make(chan error, 1)}
}

// all returns the outboxes, in the order of the configuration.
func (r *mailroom) all() []*outbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.boxes)
}

// run lets the outboxes work until ctx ends or one of them fails.
func (r *mailroom) run(ctx context.Context) error {
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

// differs tells whether other receivers are wanted than there are.
func (r *mailroom) differs(wanted []station) bool {
	return !slices.EqualFunc(r.all(), wanted, func(o *outbox, s station) bool { return o.name == s.name && o.usable && o.station.equals(&s) })
}

// exchange makes the receivers those that are wanted. Those that did not change go on undisturbed, those that did keep
// what is unsent. On error they are as before.
func (r *mailroom) exchange(wanted []station) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := make([]station, 0, len(r.boxes))
	for _, box := range r.boxes {
		before = append(before, box.station)
	}
	err := r.replace(wanted)
	if err != nil {
		err = errors.Join(err, r.replace(before))
	}
	r.sweep()
	return err
}

func (r *mailroom) replace(wanted []station) error {
	var boxes, fresh []*outbox
	for i := range wanted {
		s := &wanted[i]
		at := slices.IndexFunc(r.boxes, func(o *outbox) bool { return o.station.name == s.name })
		if at < 0 {
			box, err := openOutbox(r.dir, *s, r.ledger, r.about, r.log, r.reg)
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
func (r *mailroom) sweep() {
	folders, err := os.ReadDir(r.dir)
	if err != nil {
		return // there is none before the first receiver
	}
	for _, folder := range folders {
		if slices.ContainsFunc(r.boxes, func(o *outbox) bool { return o.station.name == folder.Name() }) {
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
func (o *outbox) start(ctx context.Context, failed chan<- error) {
	ctx, o.cancel = context.WithCancel(ctx)
	o.work.Go(func() { o.run(ctx) })
	r, ok := o.to().(receivers.Runner)
	if !ok {
		return
	}
	o.work.Go(func() {
		if err := r.Run(ctx); err != nil && ctx.Err() == nil {
			select {
			case failed <- fmt.Errorf("receiver %s: %w", o.station.name, err):
			default: // another one was first
			}
		}
	})
}

// stop returns when the outbox does not work any more.
func (o *outbox) stop() {
	if o.cancel != nil {
		o.cancel()
		o.work.Wait()
		o.cancel = nil
	}
}

// reopen exchanges the receiver of an outbox that does not work. What is unsent stays.
func (o *outbox) reopen(s station) error {
	o.own.undo()
	o.usable = false
	receiver, err := s.open(o.own)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.receiver, o.minSeverity, o.spacing, o.lastErr = receiver, s.minSeverity, max(sendSpacing, s.spacing), ""
	o.station, o.usable = s, true
	return nil
}

// close ends an outbox. Its messages stay on disk.
func (o *outbox) close() {
	o.stop()
	o.own.undo()
	o.shared.undo()
}

// to returns the receiver.
func (o *outbox) to() receivers.Receiver {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.receiver
}
