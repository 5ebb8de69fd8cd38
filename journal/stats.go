package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Stats describes a journal.
type Stats struct {
	Segments, Sealed int
	Blocks           int
	Records          uint64
	// Bytes is the size on disk, Raw the size of the blocks before compression.
	Bytes, Raw int64
	// SealedRecords and SealedBytes are of the sealed segments.
	SealedRecords uint64
	SealedBytes   int64
	// Oldest and Newest are the times of records; zero when there is none.
	Oldest, Newest time.Time
	Consumers      []ConsumerStats
}

// ConsumerStats is a consumer as its cursor file has it, which is about a second behind.
type ConsumerStats struct {
	Name   string
	Cursor Position
	// Records is the number of records that it has not acknowledged.
	Records uint64
}

// Stats reads the headers of all blocks.
func (v *View) Stats(ctx context.Context) (Stats, error) {
	st := Stats{Segments: len(v.segments)}
	var times bounds
	for _, s := range v.segments {
		st.Bytes += s.stored
		if s.sealed {
			st.Sealed++
			st.SealedBytes += s.stored
		}
	}
	cursors, err := v.cursors()
	if err != nil {
		return Stats{}, err
	}
	st.Consumers = cursors
	err = v.blocks(ctx, nil, func(r *reader, b *frame) error {
		st.Blocks++
		st.Records += uint64(b.records)
		st.Raw += int64(b.rawLen)
		if b.sealed() {
			st.SealedRecords += uint64(b.records)
		}
		times.include(&b.header)
		for i := range st.Consumers {
			n, err := behind(r, b, st.Consumers[i].Cursor)
			if err != nil {
				return err
			}
			st.Consumers[i].Records += n
		}
		return nil
	})
	if times.known && times.min <= times.max {
		st.Oldest, st.Newest = time.Unix(0, times.min).UTC(), time.Unix(0, times.max).UTC()
	}
	return st, err
}

// behind returns how many records of b are behind p.
func behind(r *reader, b *frame, p Position) (uint64, error) {
	switch {
	case p.Segment > b.segment || p.Segment == b.segment && p.Offset >= b.next():
		return 0, nil
	case p.Segment < b.segment || p.Offset <= b.position || !b.sealed():
		return uint64(b.records), nil
	}
	raw, ok, err := r.body(b, nil)
	if err != nil || !ok {
		return 0, err
	}
	n, err := b.recordsBefore(raw, p.Offset)
	if err != nil {
		return 0, nil // damaged
	}
	return uint64(b.records - n), nil
}

// cursors reads where the consumers are.
func (v *View) cursors() ([]ConsumerStats, error) {
	entries, err := os.ReadDir(filepath.Join(v.dir, cursorDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	var all []ConsumerStats
	for _, e := range entries {
		if !consumerName.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(v.dir, cursorDir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read cursors: %w", err)
		}
		p, _ := ParsePosition(strings.TrimSpace(string(text))) // a damaged one starts over
		all = append(all, ConsumerStats{Name: e.Name(), Cursor: p})
	}
	return all, nil
}
