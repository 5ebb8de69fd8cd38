package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// part is something that works until its context ends.
type part struct {
	name string
	run  func(context.Context) error
}

// stopTimeout is how long a part may take to stop; after it the next ones are stopped anyway.
const stopTimeout = 10 * time.Second

// crew is the parts at work. Its methods belong to one goroutine.
type crew struct {
	log *slog.Logger
	// failed gets why the first part that ended by itself did so.
	failed  chan error
	workers []*worker // in the order of their start
}

// worker is one part at work.
type worker struct {
	part
	cancel context.CancelFunc
	done   chan struct{}
	err    error // of its stopping, once done is closed
}

func newCrew(log *slog.Logger) *crew { return &crew{log: log, failed: make(chan error, 1)} }

// start lets p work until it is stopped.
func (c *crew) start(p part) *worker {
	ctx, cancel := context.WithCancel(context.Background())
	w := &worker{part: p, cancel: cancel, done: make(chan struct{})}
	c.workers = append(c.workers, w)
	go func() { // stop waits for it
		defer close(w.done)
		err := p.run(ctx)
		if ctx.Err() != nil {
			w.err = err
			return
		}
		select {
		case c.failed <- fmt.Errorf("%s: %w", p.name, orStopped(err)):
		default: // another one was first
		}
	}()
	return w
}

// stop ends w and waits until it has ended, or until ctx ends.
func (c *crew) stop(ctx context.Context, w *worker) error {
	w.cancel()
	select {
	case <-w.done:
	case <-ctx.Done():
		return fmt.Errorf("%s does not stop: %w", w.name, context.Cause(ctx))
	}
	c.workers = slices.DeleteFunc(c.workers, func(other *worker) bool { return other == w })
	if w.err != nil && !errors.Is(w.err, context.Canceled) {
		c.log.Warn("part did not stop cleanly", "part", w.name, "err", w.err)
	}
	return nil
}

// stopAll stops all parts, the last one first: what produces is started after what consumes.
func (c *crew) stopAll() {
	for _, w := range slices.Backward(slices.Clone(c.workers)) {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		if err := c.stop(ctx, w); err != nil {
			c.log.Warn("part does not stop, going on without it", "part", w.name, "waited", stopTimeout)
		}
		cancel()
	}
}

var errStopped = errors.New("stopped by itself")

func orStopped(err error) error {
	if err == nil {
		return errStopped
	}
	return err
}
