package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// change is what one block did to the marks.
type change struct {
	header
	marks map[string][]byte
}

func (c change) full() bool { return c.flags&flagFull != 0 }

// recover finds out where the journal ends and what the marks are. Usually that needs the newest segment alone.
func (j *Journal) recover() error {
	if err := j.removeUnsealed(); err != nil {
		return err
	}
	all, err := listSegments(j.dir)
	if err != nil {
		return err
	}
	last, err := j.lastCursor()
	if err != nil {
		return err
	}
	j.next = last.Segment + 1
	for i := range all {
		j.segments = append(j.segments, &all[i])
		j.next = max(j.next, all[i].number+1)
	}
	for len(j.segments) > 0 && j.w == nil {
		if err := j.recoverNewest(); err != nil {
			return err
		}
	}
	// A cursor behind the end saw blocks that the machine lost when it crashed. New blocks must not come to stand
	// where they were, or the consumer would miss them.
	if j.w != nil && last.Compare(j.end()) > 0 {
		j.w.retired = true
	}
	j.marksSize = marksGrowth(nil, j.marks)
	return nil
}

// recoverNewest opens the newest segment for writing, or removes it when it holds no block.
func (j *Journal) recoverNewest() error {
	s := j.segments[len(j.segments)-1]
	found, err := j.scan(s)
	if err != nil {
		return err
	}
	if s.sealed {
		return j.continueSealed(s, found.changes)
	}
	cut := found.cut()
	path := segmentPath(j.dir, s.number)
	if cut < s.size {
		j.metrics.torn.Inc()
		j.log.Warn("journal cut a half-written end", "segment", s.number, "bytes", s.size-cut)
	}
	changes := found.before(cut)
	if len(changes) == 0 {
		j.segments = j.segments[:len(j.segments)-1]
		return j.disk.remove(path)
	}
	f, err := j.disk.open(path, false)
	if err != nil {
		return err
	}
	// Nothing is written where the cut was, so that nothing old can come back there if the machine crashes now.
	j.w = &writer{segment: s, f: f, durable: found.durable, retired: cut < s.size}
	if cut < s.size {
		if err := f.Truncate(cut); err != nil {
			return err
		}
		s.size = cut
	}
	for _, c := range changes {
		s.bounds.include(&c.header)
		j.sequence = c.sequence + uint64(c.records)
	}
	return j.recoverMarks(changes)
}

// continueSealed has the newest segment sealed: the next block begins another one.
func (j *Journal) continueSealed(s *segment, changes []change) error {
	f, err := j.disk.open(segmentPath(j.dir, s.number), false)
	if err != nil {
		return err
	}
	j.w = &writer{segment: s, f: f, durable: s.size, retired: true}
	for _, c := range changes {
		j.sequence = c.sequence + uint64(c.records)
	}
	return j.recoverMarks(changes)
}

// recoverMarks applies the changes of the newest segment. When its first block, which has all marks, is damaged, the
// segments before it tell.
func (j *Journal) recoverMarks(changes []change) error {
	for i := len(j.segments) - 2; !hasFull(changes) && i >= 0; i-- {
		j.w.retired = true // so that the newest segment begins with all marks again
		found, err := j.scan(j.segments[i])
		if err != nil {
			return err
		}
		changes = append(found.changes, changes...)
	}
	for _, c := range changes {
		if c.full() {
			clear(j.marks)
		}
		applyMarks(j.marks, c.marks)
	}
	return nil
}

func hasFull(changes []change) bool {
	return slices.ContainsFunc(changes, change.full)
}

// scanned is what a segment holds.
type scanned struct {
	changes []change
	damaged []part
	size    int64
	durable int64
	sealed  bool
}

// part is a part of a segment that holds no intact block.
type part struct{ from, to int64 }

// scan reads all of a segment.
func (j *Journal) scan(s *segment) (scanned, error) {
	f, err := os.Open(segmentPath(j.dir, s.number))
	if err != nil {
		return scanned{}, err
	}
	defer f.Close()
	found := scanned{size: max(s.size, segmentHeaderSize), sealed: s.sealed}
	if s.size < segmentHeaderSize {
		found.damaged = []part{{0, s.size}}
	}
	r := reader{damaged: func(from, to int64) { found.damaged = append(found.damaged, part{from, to}) }}
	if err := r.attach(f, *s); err != nil {
		return scanned{}, err
	}
	for {
		b, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = found.add(&r, &b)
		}
		if err != nil {
			return scanned{}, fmt.Errorf("%s: %w", filepath.Base(f.Name()), err)
		}
	}
	for _, p := range found.damaged {
		if s.sealed || p.from < found.cut() {
			j.reportDamage(s.number, p.from, p.to)
		}
	}
	return found, nil
}

// add notes what block b holds, when its body is intact. A block counts as a whole or not at all: where its records
// are lost, its marks must not tell that they are here.
func (s *scanned) add(r *reader, b *frame) error {
	marks, err := b.marks()
	if err != nil {
		r.report(b.at, b.end())
		return nil
	}
	if _, ok, err := r.storedBody(b); err != nil || !ok {
		return err
	}
	s.changes = append(s.changes, change{b.header, marks})
	if !b.sealed() {
		s.durable = max(s.durable, b.durable)
	}
	return nil
}

// cut returns where the segment ends as far as it can be trusted: at the first damage behind what was on the disk for
// certain. A crash of the machine may have kept later blocks and lost earlier ones; the records of both are still in
// the followed files, and come again in order.
func (s *scanned) cut() int64 {
	if s.sealed { // all of it was on the disk before it got its name
		return s.size
	}
	for _, p := range s.damaged {
		if p.from >= s.durable {
			return p.from
		}
	}
	return s.size
}

// before returns the changes of the blocks before cut.
func (s *scanned) before(cut int64) []change {
	for i, c := range s.changes {
		if c.position >= cut {
			return s.changes[:i]
		}
	}
	return s.changes
}
