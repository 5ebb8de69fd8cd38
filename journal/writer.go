package journal

import (
	"fmt"
	"time"
)

// writer is the segment that blocks are appended to. The journal's mutex guards it.
type writer struct {
	*segment
	f file
	// durable is how far the file is on the disk for certain.
	durable int64
	// torn says that bytes of a failed write may stand behind size.
	torn bool
	// suspect says that a sync failed: the kernel may have dropped what stands behind durable and say nothing at the
	// next sync, so it is written again before.
	suspect bool
	// retired says that the next block goes to a new segment.
	retired bool
}

// beginSegment makes the file of a new segment, once everything before it is on the disk: its first block holds all
// marks, which must not be ahead of the records. The file is empty until its first block.
func (j *Journal) beginSegment() (*writer, error) {
	if j.w != nil {
		if err := j.w.sync(); err != nil {
			j.metrics.syncErrors.Inc()
			return nil, err
		}
	}
	number := j.next
	f, err := j.disk.open(segmentPath(j.dir, number), true)
	if err != nil {
		return nil, err
	}
	j.next++
	return &writer{segment: &segment{number: number, created: time.Now()}, f: f}, nil
}

// discard removes a segment whose first block could not be written.
func (j *Journal) discard(w *writer) {
	err := w.f.Truncate(0)
	err = firstError(err, w.f.Close())
	err = firstError(err, j.disk.remove(segmentPath(j.dir, w.number)))
	if err != nil {
		j.log.Warn("remove empty segment", "segment", w.number, "err", err)
	}
}

// write appends b with one write. On error it cuts the file back to where it was.
func (w *writer) write(b []byte, sync bool) error {
	_, err := w.f.WriteAt(b, w.size)
	if err == nil && sync {
		if err = w.f.Sync(); err == nil {
			w.durable = w.size + int64(len(b))
			return nil
		}
		w.suspect = true
	}
	if err != nil {
		w.torn = true
		// When this fails too, the next Append tries again before it writes.
		_ = w.mend()
	}
	return err
}

// mend cuts off what a failed write left.
func (w *writer) mend() error {
	if !w.torn {
		return nil
	}
	if err := w.f.Truncate(w.size); err != nil {
		return fmt.Errorf("cut a torn block: %w", err)
	}
	w.torn = false
	return nil
}

// sync forces the segment to the disk.
func (w *writer) sync() error {
	if w.durable >= w.size {
		return nil
	}
	err := forceOut(w.f, w.suspect, w.durable, w.size)
	w.suspect = err != nil
	if err == nil {
		w.durable = w.size
	}
	return err
}

// forceOut syncs f. When the last sync failed, the bytes between from and to are written once more before.
func forceOut(f file, again bool, from, to int64) error {
	buf := make([]byte, 0, 256<<10)
	for again && from < to {
		part := buf[:min(int64(cap(buf)), to-from)]
		if err := readFull(f, part, from); err != nil {
			return err
		}
		if _, err := f.WriteAt(part, from); err != nil {
			return err
		}
		from += int64(len(part))
	}
	return f.Sync()
}
