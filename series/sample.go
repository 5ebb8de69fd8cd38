package series

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/alecthomas/units"
)

// Run samples the registry every Interval until ctx ends, and calls after (which may be nil) once the sample of ts is
// stored. Samples have the whole multiples of Interval as their times. A sample that cannot be stored is counted and
// logged; Run goes on.
func (s *Store) Run(ctx context.Context, after func(ctx context.Context, ts time.Time)) error {
	interval := time.Duration(s.cfg.Interval)
	var failing bool
	for ts := time.Now().Truncate(time.Millisecond); ctx.Err() == nil; {
		err := s.Sample(ctx, ts)
		if err != nil && !failing {
			s.log.Error("sampling metrics", "err", err)
		}
		failing = err != nil
		if after != nil && ctx.Err() == nil {
			after(ctx, ts)
		}
		next := time.Now().Truncate(interval).Add(interval)
		if !sleepUntil(ctx, next) {
			break
		}
		ts = next
		if late := time.Since(next); late > interval/2 {
			// The machine was asleep or overloaded: a sample must not claim to be older than it is.
			ts = time.Now().Truncate(time.Millisecond)
		}
	}
	return nil
}

func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Sample gathers the registry and stores every series at ts, which must not be before the last one's: after a step of
// the clock backwards samples are refused and counted until the clock has caught up, or, if that would take long, the
// store starts empty. Run calls it; replays and tests do so with their own clock.
func (s *Store) Sample(ctx context.Context, ts time.Time) error {
	began := time.Now()
	if err := s.chooseDisk(); err != nil {
		return err
	}
	if err := s.checkClock(ts); err != nil {
		return err
	}
	families, gatherErr := s.gatherer.Gather()
	if gatherErr != nil {
		s.metrics.gatherErrors.Inc()
	}
	err := s.store(ctx, families, ts.UnixMilli())
	if errors.Is(err, syscall.ENOSPC) && s.memory == "" {
		err = errors.Join(err, s.exchange(s.openMemory))
	}
	s.mapChunks(ts)
	s.metrics.duration.Set(time.Since(began).Seconds())
	if gatherErr != nil {
		gatherErr = fmt.Errorf("gather metrics: %w", gatherErr)
	}
	return errors.Join(err, gatherErr)
}

// chooseDisk moves the store to memory when the disk is full and back when there is twice the room.
func (s *Store) chooseDisk() error {
	free, err := freeSpace(s.dir)
	if err != nil {
		return nil
	}
	switch {
	case s.memory == "" && free < uint64(lowSpace):
		return s.exchange(s.openMemory)
	case s.memory != "" && free > uint64(2*lowSpace):
		s.log.Info("disk has space again, metrics are written to it", "free", units.Base2Bytes(free))
		return s.exchange(s.openDisk)
	}
	return nil
}

// checkClock looks for a clock that went back.
func (s *Store) checkClock(ts time.Time) error {
	back := s.sampler.last - ts.UnixMilli()
	switch {
	case back < 0:
		s.sampler.behind = false
		return nil
	case back > maxClockStep.Milliseconds():
		return s.exchange(func() error { return s.startOver("the clock went back") })
	case !s.sampler.behind:
		s.sampler.behind = true
		s.log.Warn("clock went back, no metrics are stored until it has caught up", "by", time.Duration(back)*time.Millisecond)
	}
	s.metrics.dropped.WithLabelValues(reasonOutOfOrder).Add(float64(len(s.sampler.cache)))
	return nil
}

// mapInterval is how often full chunks leave the heap for the disk.
const mapInterval = time.Minute

// mapChunks writes full chunks to the disk. The engine does so by itself as well, but where nothing would catch its
// panic about a failed write; being first, after a look at the free space, leaves it nothing to do.
func (s *Store) mapChunks(ts time.Time) {
	if ts.Sub(s.sampler.mapped) < mapInterval {
		return
	}
	s.sampler.mapped = ts
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("writing chunks of metrics", "err", r)
		}
	}()
	s.db.ForceHeadMMap()
}
