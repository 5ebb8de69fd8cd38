package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// sealInterval is how often the sealer looks for what it could not seal, or has come of age.
	sealInterval = time.Minute
	// sealingSuffix ends the name of a segment that is being packed. It counts when it is renamed.
	sealingSuffix = ".sealing"
)

// The reasons for which a segment stays as it is.
var (
	// errDamaged: packing would hide what is damaged.
	errDamaged = errors.New("segment is damaged")
	// errLarger: packing did not help.
	errLarger = errors.New("segment does not get smaller")
	// errGone: retention was faster, or the journal closes.
	errGone = errors.New("segment is gone")
)

// sealFull packs full segments again, one after the other, until the journal is closed.
func (j *Journal) sealFull() {
	lowerPriority()
	tick := time.NewTicker(sealInterval)
	defer tick.Stop()
	for {
		j.retireOld(time.Now())
		j.sealAll()
		select {
		case <-j.stop:
			return
		case <-j.full:
		case <-tick.C:
		}
	}
}

func (j *Journal) wakeSealer() {
	select {
	case j.full <- struct{}{}:
	default:
	}
}

// sealAll seals what can be sealed. It stops at an error, which may go away: a full disk, mostly.
func (j *Journal) sealAll() {
	for {
		s := j.sealable()
		if s == nil {
			return
		}
		before := threadTime()
		err := j.seal(s)
		// Only the sealer has a thread of its own. Elsewhere, in tests, two threads may be compared.
		j.metrics.sealCPU.Add(max(0, threadTime()-before).Seconds())
		switch {
		case err == nil:
			j.metrics.sealed.Inc()
		case errors.Is(err, errGone):
		case errors.Is(err, errDamaged), errors.Is(err, errLarger):
			j.mu.Lock()
			s.unsealable = true
			j.mu.Unlock()
		default:
			j.metrics.sealErrors.Inc()
			j.log.Warn("seal journal segment", "segment", s.number, "err", err)
			return
		}
	}
}

// sealable returns the oldest segment that can be sealed, and reserves the room that it takes meanwhile.
func (j *Journal) sealable() *segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sealing = 0
	if j.closed {
		return nil
	}
	for _, s := range j.segments {
		if s.sealed || s.unsealable || j.w != nil && s == j.w.segment && !(j.w.retired && j.w.durable >= j.w.size) {
			continue
		}
		if j.storedBytes()+s.stored > int64(j.cfg.MaxSize) {
			continue
		}
		j.sealing = s.stored
		return s
	}
	return nil
}

// retireOld ends the segment that is written to when it is old, so that it can be sealed although nothing more comes.
func (j *Journal) retireOld(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || j.w == nil || j.w.sealed || j.w.retired || now.Sub(j.w.created) <= maxHotAge {
		return
	}
	if err := j.w.sync(); err != nil {
		j.metrics.syncErrors.Inc()
		j.log.Error("sync journal", "segment", j.w.number, "err", err)
		return
	}
	j.w.retired = true
}

// seal writes a packed copy of s beside it, forces it to the disk and renames it over s.
func (j *Journal) seal(s *segment) (err error) {
	path := segmentPath(j.dir, s.number)
	sealing := path + sealingSuffix
	defer func() {
		if err != nil {
			if rerr := j.disk.remove(sealing); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
				j.log.Warn("remove what was not sealed", "segment", s.number, "err", rerr)
			}
		}
	}()
	if err := j.disk.remove(sealing); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	j.mu.Lock()
	from := *s
	j.mu.Unlock()
	out, err := j.disk.open(sealing, true)
	if err != nil {
		return err
	}
	h, stored, err := j.pack(out, from)
	if err == nil {
		err = out.Sync()
	}
	if err = firstError(err, out.Close()); err != nil {
		return err
	}
	if err := j.replace(s, h, stored, sealing); err != nil {
		return err
	}
	return nil
}

// replace puts the packed copy in the place of s.
func (j *Journal) replace(s *segment, h segmentHeader, stored int64, sealing string) error {
	path := segmentPath(j.dir, s.number)
	if err := j.renameSealed(s, h, stored, sealing, path); err != nil {
		return err
	}
	// Before this the old file may come back after a crash of the machine. It holds the same.
	if err := j.disk.syncDir(j.dir); err != nil {
		j.log.Warn("sync journal folder", "err", err)
	}
	return nil
}

func (j *Journal) renameSealed(s *segment, h segmentHeader, stored int64, sealing, path string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	// A segment that retention dropped must not come back.
	if j.closed || len(j.segments) == 0 || s.number < j.segments[0].number {
		return errGone
	}
	if err := j.disk.rename(sealing, path); err != nil {
		return err
	}
	s.sealed, s.stored, s.bounds = true, stored, h.bounds
	j.sealing = 0
	return nil
}

// removeUnsealed removes what a crash left of sealing.
func (j *Journal) removeUnsealed() error {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), segmentSuffix+sealingSuffix) {
			if err := j.disk.remove(filepath.Join(j.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
