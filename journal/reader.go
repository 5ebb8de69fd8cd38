package journal

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"
)

// readAhead is how much a reader takes at once: a header with its filter, or several small blocks.
const readAhead = 4 << 10

// reader walks over the blocks of one segment. What is no block it skips up to the next one and reports to damaged.
type reader struct {
	f       io.ReaderAt
	segment uint64
	// off is where the next block is expected; limit is how far the segment is written.
	off, limit int64
	// sealed says that positions are not places in the file.
	sealed bool
	// damaged, when set, is told about each part of the file that holds no intact block.
	damaged func(from, to int64)

	window   []byte // bytes of the file from windowAt on
	windowAt int64
	stored   []byte
	work     workspace
	position int64 // of the block at off, in a sealed segment; 0 when not known
}

// frame is a block in its file.
type frame struct {
	header
	at   int64  // where it begins
	area []byte // the header with filter and marks; valid until the next call on the reader
}

func (b *frame) end() int64 { return b.at + b.size() }
func (b *frame) filter() []byte {
	return b.area[headerSize : headerSize+b.filterLen]
}

// marks returns the marks in the block's header.
func (b *frame) marks() (map[string][]byte, error) {
	return parseMarks(b.area[headerSize+b.filterLen:])
}

// reset makes r read f from off up to limit.
func (r *reader) reset(f io.ReaderAt, segment uint64, off, limit int64) {
	r.f, r.segment, r.off, r.limit = f, segment, max(off, segmentHeaderSize), limit
	r.sealed, r.position = false, 0
	r.window = r.window[:0]
}

// attach makes r read the file of s, which may have been sealed since s was looked at.
func (r *reader) attach(f *os.File, s segment) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h, ok, err := readSegmentHeader(f)
	if err != nil {
		return err
	}
	r.reset(f, s.number, 0, min(s.size, info.Size()))
	if r.sealed = h.sealed || !ok && s.sealed; r.sealed {
		r.limit = info.Size()
	}
	if ok {
		r.off = h.len()
	}
	return nil
}

// from returns the next block that ends behind position, or io.EOF.
func (r *reader) from(position int64) (frame, error) {
	if !r.sealed {
		r.off = max(position, segmentHeaderSize)
		return r.next()
	}
	if position != r.position || position == 0 {
		r.off = sealedHeaderSize
	}
	for {
		b, err := r.next()
		if err != nil {
			r.position = 0
			return frame{}, err
		}
		if r.position = b.next(); r.position > position {
			return b, nil
		}
	}
}

// next returns the next block whose header is intact, or io.EOF.
func (r *reader) next() (frame, error) {
	from := r.off
	for r.off+headerSize <= r.limit {
		b, ok, err := r.at(r.off)
		if err != nil {
			return frame{}, err
		}
		if ok {
			r.report(from, b.at)
			r.off = b.end()
			return b, nil
		}
		if err := r.seekMagic(r.off + 1); err != nil {
			return frame{}, err
		}
	}
	r.off = r.limit
	r.report(from, r.limit)
	return frame{}, io.EOF
}

func (r *reader) report(from, to int64) {
	if from < to && r.damaged != nil {
		r.damaged(from, to)
	}
}

// at reads the header at off. ok is false when there is no intact one.
func (r *reader) at(off int64) (b frame, ok bool, err error) {
	fixed, err := r.peek(off, headerSize)
	if err != nil {
		return frame{}, false, err
	}
	h, ok := parseHeader(fixed)
	if !ok || h.segment != r.segment || h.place() != off || h.size() > r.limit-off {
		return frame{}, false, nil
	}
	area, err := r.peek(off, h.areaLen())
	if err != nil {
		return frame{}, false, err
	}
	return frame{header: h, at: off, area: area}, h.intact(area), nil
}

// seekMagic moves r to the next place from off on that may be a block.
func (r *reader) seekMagic(off int64) error {
	for off+headerSize <= r.limit {
		n := min(readAhead, r.limit-off)
		chunk, err := r.peek(off, int(n))
		if err != nil {
			return err
		}
		if i := bytes.Index(chunk, []byte(blockMagic)); i >= 0 {
			r.off = off + int64(i)
			return nil
		}
		off += n - int64(len(blockMagic)) + 1
	}
	r.off = r.limit
	return nil
}

// peek returns n bytes of the file at off, valid until the next call.
func (r *reader) peek(off int64, n int) ([]byte, error) {
	if off >= r.windowAt && off+int64(n) <= r.windowAt+int64(len(r.window)) {
		i := off - r.windowAt
		return r.window[i : i+int64(n)], nil
	}
	want := int(min(int64(max(n, readAhead)), r.limit-off))
	if want < n {
		return nil, io.ErrUnexpectedEOF
	}
	r.window = slices.Grow(r.window[:0], want)[:want]
	r.windowAt = off
	if err := readFull(r.f, r.window, off); err != nil {
		r.window = r.window[:0]
		return nil, err
	}
	return r.window[:n], nil
}

// body returns the body of b before compression, in dst when that is large enough. ok is false, and the damage
// reported, when the body is not what was written.
func (r *reader) body(b *frame, dst []byte) (raw []byte, ok bool, err error) {
	stored, ok, err := r.storedBody(b)
	if err != nil || !ok {
		return nil, false, err
	}
	if raw, err = b.expand(&r.work, dst, stored); err != nil {
		r.report(b.at, b.end())
		return nil, false, nil
	}
	return raw, true, nil
}

// storedBody returns the body of b as it is on disk, valid until the next call. ok is false, and the damage reported,
// when it does not have its sum.
func (r *reader) storedBody(b *frame) (stored []byte, ok bool, err error) {
	from := b.at + int64(b.areaLen())
	if i := from - r.windowAt; i >= 0 && i+int64(b.bodyLen) <= int64(len(r.window)) {
		stored = r.window[i : i+int64(b.bodyLen)]
	} else {
		r.stored = slices.Grow(r.stored[:0], b.bodyLen)[:b.bodyLen]
		stored = r.stored
		if err := readFull(r.f, stored, from); err != nil {
			return nil, false, err
		}
	}
	if crc32.Checksum(stored, castagnoli) != b.bodySum {
		r.report(b.at, b.end())
		return nil, false, nil
	}
	return stored, true, nil
}

// readFull reads len(b) bytes at off, which must be there.
func readFull(f io.ReaderAt, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
