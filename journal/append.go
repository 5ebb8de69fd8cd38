package journal

import (
	"fmt"
	"hash/crc32"
	"slices"
	"time"
)

// Append writes b as one block, with one write: all of it is in the journal afterwards, or nothing. It keeps nothing
// of b. An error that is ErrFull goes away when there is room again; after any error the same batch may be tried
// again. An empty batch is nothing to do.
func (j *Journal) Append(b Batch) error {
	if len(b.Records) == 0 && len(b.Marks) == 0 {
		return nil
	}
	e := j.encoders.Get().(*encoder)
	defer j.encoders.Put(e)
	h, err := e.encode(&b)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return ErrClosed
	}
	err = j.commit(e, h, &b)
	if isFull(err) && j.dropDelivered() {
		err = j.commit(e, h, &b)
	}
	if err != nil {
		j.metrics.appendErrors.Inc()
		if isFull(err) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

// commit writes the block and, when that worked, makes it visible.
func (j *Journal) commit(e *encoder, h header, b *Batch) error {
	grown := j.marksSize + marksGrowth(j.marks, b.Marks)
	if grown > maxMarksBytes {
		return fmt.Errorf("%w: %d bytes of marks; at most %d", ErrTooLarge, grown, maxMarksBytes)
	}
	if j.w != nil {
		if err := j.w.mend(); err != nil {
			return err
		}
	}
	w, fresh := j.w, j.needsSegment(h.size())
	if fresh {
		var err error
		if w, err = j.beginSegment(); err != nil {
			return err
		}
	}
	j.assemble(w, fresh, e, &h, b)
	if err := j.put(w, fresh); err != nil {
		return err
	}
	applyMarks(j.marks, b.Marks)
	j.marksSize = grown
	j.sequence += uint64(h.records)
	j.metrics.records.Add(float64(h.records))
	j.metrics.bytes.Add(float64(len(j.out)))
	j.publish(w, e, h)
	return nil
}

// assemble puts the block together in j.out, behind the segment's header when it is the first one.
func (j *Journal) assemble(w *writer, fresh bool, e *encoder, h *header, b *Batch) {
	out, marks := j.out[:0], b.Marks
	h.position = w.size
	if fresh {
		first := segmentHeader{number: w.number, created: w.created}
		out = first.appendTo(out)
		h.position = segmentHeaderSize
		h.flags |= flagFull
		marks = cloneMarks(j.marks)
		applyMarks(marks, b.Marks)
	}
	at := len(out)
	out = slices.Grow(out, headerSize+h.bodyLen)[:at+headerSize]
	out = appendMarks(out, marks)
	h.marksLen = len(out) - at - headerSize
	h.segment, h.sequence, h.durable = w.number, j.sequence, w.durable
	h.bodySum = crc32.Checksum(e.body, castagnoli)
	h.span = h.size()
	h.put(out[at:])
	j.out = append(out, e.body...)
}

// put writes j.out to the end of w. When that fails nothing of it stays.
func (j *Journal) put(w *writer, fresh bool) error {
	j.makeRoom(int64(len(j.out)))
	err := w.write(j.out, j.cfg.SyncEvery == 0)
	if err == nil && fresh {
		err = j.disk.syncDir(j.dir)
	}
	if err == nil {
		return nil
	}
	if fresh {
		j.discard(w)
	}
	return err
}

// publish lets readers see the block in j.out.
func (j *Journal) publish(w *writer, e *encoder, h header) {
	if w != j.w {
		if j.w != nil {
			if err := j.w.f.Close(); err != nil {
				j.log.Warn("close segment", "segment", j.w.number, "err", err)
			}
		}
		j.w = w
		j.segments = append(j.segments, w.segment)
		j.wakeSealer()
	}
	w.size = h.position + h.size()
	w.stored = w.size
	w.bounds.include(&h)
	if len(j.consumers) == 0 {
		return
	}
	// The ring keeps the body; the encoder makes itself a new one.
	j.recent.add(recentBlock{header: h, next: w.end(), sources: slices.Clone(e.sources), raw: e.raw})
	e.raw = nil
	for _, c := range j.consumers {
		c.wake()
	}
}

// needsSegment tells whether a block of size bytes goes to a new segment.
func (j *Journal) needsSegment(size int64) bool {
	w := j.w
	return w == nil || w.retired || w.size+size > j.cfg.segmentSize() || time.Since(w.created) > min(j.cfg.segmentAge(), maxHotAge)
}

// marksGrowth returns by how many bytes changes makes marks larger.
func marksGrowth(marks, changes map[string][]byte) int {
	const perMark = 8
	n := 0
	for name, value := range changes {
		if old, ok := marks[name]; ok {
			n -= len(name) + len(old) + perMark
		}
		if value != nil {
			n += len(name) + len(value) + perMark
		}
	}
	return n
}
