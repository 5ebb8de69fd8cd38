package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// part is something that works until its context ends. Parts are started in order and stopped in reverse, so that
// what produces stops before what consumes.
type part struct {
	name string
	run  func(context.Context) error
}

// stopTimeout is how long a part may take to stop; after it the next ones are stopped anyway.
const stopTimeout = 10 * time.Second

// runParts runs the parts until ctx ends or one of them fails, and returns why that one failed.
func runParts(ctx context.Context, parts []part, log *slog.Logger) error {
	type running struct {
		part
		cancel context.CancelFunc
		done   chan error
	}
	failed := make(chan error, len(parts))
	all := make([]running, 0, len(parts))
	for _, p := range parts {
		// Not derived from ctx: each part is stopped on its turn.
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := running{p, cancel, make(chan error, 1)}
		go func() {
			err := p.run(partCtx)
			if partCtx.Err() == nil {
				failed <- fmt.Errorf("%s: %w", p.name, orStopped(err))
			}
			r.done <- err
		}()
		all = append(all, r)
	}
	var reason error
	select {
	case <-ctx.Done():
	case reason = <-failed:
	}
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		r.cancel()
		select {
		case err := <-r.done:
			if err != nil && !errors.Is(err, context.Canceled) && reason == nil {
				log.Warn("part did not stop cleanly", "part", r.name, "err", err)
			}
		case <-time.After(stopTimeout):
			log.Warn("part does not stop, going on without it", "part", r.name, "waited", stopTimeout)
		}
	}
	return reason
}

var errStopped = errors.New("stopped by itself")

func orStopped(err error) error {
	if err == nil {
		return errStopped
	}
	return err
}
