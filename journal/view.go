package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// View reads a journal without a lock and without changing anything, also while an agent writes it. It is of the
// segments that were there when it was opened.
type View struct {
	dir      string
	segments []segment
}

// OpenView looks at the journal in dir.
func OpenView(dir string) (*View, error) {
	segments, err := listSegments(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, serr := os.Stat(dir); serr != nil {
			return nil, fmt.Errorf("there is no journal in %s", filepath.Dir(dir))
		}
		segments, err = listSegments(dir) // one was dropped meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &View{dir: dir, segments: segments}, nil
}

// Records calls yield with each record that q wants, in the order of writing, until yield returns an error or ctx
// ends. The record is valid during the call. Limit and Budget of q are not looked at. Damaged blocks are left out.
func (v *View) Records(ctx context.Context, q Query, yield func(*Record) error) error {
	wanted, src := newQuery(q), sourceCache{}
	var m matcher
	var raw []byte
	var records []Record
	return v.blocks(ctx, nil, func(r *reader, b *frame) error {
		if b.records == 0 || !wanted.inRange(b.minTime, b.maxTime) || wanted.skips(b.filter()) {
			return nil
		}
		body, ok, err := r.body(b, raw)
		if err != nil || !ok {
			return err
		}
		raw = body
		if records, err = b.decode(records[:0], raw, src); err != nil {
			return nil // verify says so
		}
		for _, i := range slices.Backward(m.block(wanted, records, documents(raw, records), wanted.from)) {
			if err := yield(&records[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// blocks calls use with each block. damaged, when it is not nil, is told what is no block, with the segment.
func (v *View) blocks(ctx context.Context, damaged func(s *segment, from, to int64), use func(*reader, *frame) error) error {
	for i := range v.segments {
		s := &v.segments[i]
		if err := v.segment(ctx, s, damaged, use); err != nil && !errors.Is(err, fs.ErrNotExist) { // dropped meanwhile
			return fmt.Errorf("read journal segment %d: %w", s.number, err)
		}
	}
	return nil
}

func (v *View) segment(ctx context.Context, s *segment, damaged func(s *segment, from, to int64), use func(*reader, *frame) error) error {
	f, err := os.Open(segmentPath(v.dir, s.number))
	if err != nil {
		return err
	}
	defer f.Close()
	var r reader
	if damaged != nil {
		r.damaged = func(from, to int64) { damaged(s, from, to) }
	}
	if err := r.attach(f, *s); err != nil {
		return err
	}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = use(&r, &b)
		}
		if err != nil {
			return err
		}
	}
}
