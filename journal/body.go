package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"

	"gatewatch/event"
)

var errBody = errors.New("body is malformed")

// encoder turns a batch into the body of a block. The body is the sources, then one column after the other (source,
// offset, time, length of the document), then the documents without anything between them: columns compress better
// than rows, and a search goes over all documents of a block at once.
type encoder struct {
	raw  []byte // the body before compression
	body []byte // the body as stored

	sources []*event.Source          // of this block, in the order of their first record
	index   map[*event.Source]int    // into sources
	json    map[*event.Source][]byte // of sources seen lately: most blocks have the same ones
	column  []uint64                 // of the source, for each record
	last    []int64                  // offset of the last record of each source
	times   []int64
}

// maxCachedSources bounds what an encoder or a decoder remembers about sources.
const maxCachedSources = 4096

func newEncoder() *encoder {
	return &encoder{index: map[*event.Source]int{}, json: map[*event.Source][]byte{}}
}

// encode fills e with the body of b and returns what the block's header says about it.
func (e *encoder) encode(b *Batch) (header, error) {
	size, err := b.size()
	if err != nil {
		return header{}, err
	}
	h, err := e.layout(b.Records, size)
	if err != nil {
		return header{}, err
	}
	if n := s2.MaxEncodedLen(len(e.raw)); cap(e.body) < n {
		e.body = make([]byte, n)
	}
	e.body = s2.Encode(e.body[:cap(e.body)], e.raw)
	h.codec, h.bodyLen = codecS2, len(e.body)
	return h, nil
}

// layout fills e.raw with the records, whose documents have size bytes together.
func (e *encoder) layout(records []Record, size int) (header, error) {
	h, err := e.head(records, size)
	if err != nil {
		return header{}, err
	}
	dst := e.raw
	for i := range records {
		dst = append(dst, records[i].Document...)
	}
	e.raw, h.rawLen = dst, len(dst)
	return h, nil
}

// head fills e.raw with what stands before the documents of records, which have size bytes together, and leaves room
// for them.
func (e *encoder) head(records []Record, size int) (header, error) {
	if err := e.collect(records); err != nil {
		return header{}, err
	}
	h := header{records: len(records)}
	unit := e.timeUnit(&h)
	sources := 0
	for _, s := range e.sources {
		sources += len(e.json[s])
	}
	const columns = 12 // bytes a record, about
	dst := slices.Grow(e.raw[:0], size+sources+columns*len(records)+1024)
	dst = binary.AppendUvarint(dst, uint64(len(e.sources)))
	for _, s := range e.sources {
		dst = appendBytes(dst, e.json[s])
	}
	dst = binary.AppendUvarint(dst, uint64(unit))
	e.raw = e.appendColumns(dst, records, h.minTime, unit)
	if n := len(e.raw) + size; n > maxRawBytes {
		return header{}, fmt.Errorf("%w: %d bytes with the sources' labels", ErrTooLarge, n)
	}
	return h, nil
}

// collect notes the sources and times of the records.
func (e *encoder) collect(records []Record) error {
	clear(e.index)
	if len(e.json) > maxCachedSources {
		clear(e.json)
	}
	clear(e.sources)
	e.sources, e.column, e.times = e.sources[:0], e.column[:0], e.times[:0]
	for i := range records {
		r := &records[i]
		k, seen := 0, false
		if i > 0 && r.Source == records[i-1].Source {
			k, seen = int(e.column[i-1]), true
		} else {
			k, seen = e.index[r.Source]
		}
		if !seen {
			k = len(e.sources)
			e.index[r.Source] = k
			e.sources = append(e.sources, r.Source)
			if err := e.marshal(r.Source); err != nil {
				return err
			}
		}
		e.column = append(e.column, uint64(k))
		e.times = append(e.times, nanoseconds(r.Time))
	}
	return nil
}

func (e *encoder) marshal(s *event.Source) error {
	if e.json[s] != nil {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode source %s: %w", s.Path, err)
	}
	e.json[s] = text
	return nil
}

// timeUnit sets the bounds of the times in h and returns the largest unit that all times are apart by: most logs
// write milliseconds.
func (e *encoder) timeUnit(h *header) int64 {
	if len(e.times) == 0 {
		return 1
	}
	h.minTime, h.maxTime = e.times[0], e.times[0]
	for _, t := range e.times {
		h.minTime, h.maxTime = min(h.minTime, t), max(h.maxTime, t)
	}
	if h.maxTime-h.minTime < 0 { // further apart than an int64 holds
		return 1
	}
	unit := int64(time.Second)
	for _, t := range e.times {
		for (t-h.minTime)%unit != 0 {
			unit /= 1000
		}
	}
	return unit
}

func (e *encoder) appendColumns(dst []byte, records []Record, minTime, unit int64) []byte {
	for _, k := range e.column {
		dst = binary.AppendUvarint(dst, k)
	}
	e.last = append(e.last[:0], make([]int64, len(e.sources))...)
	for i := range records {
		k := e.column[i]
		dst = binary.AppendVarint(dst, records[i].Offset-e.last[k])
		e.last[k] = records[i].Offset
	}
	for _, t := range e.times {
		dst = binary.AppendVarint(dst, (t-minTime)/unit)
		minTime = t
	}
	for i := range records {
		dst = binary.AppendUvarint(dst, uint64(len(records[i].Document)))
	}
	return dst
}

// nanoseconds returns t in nanoseconds since 1970, or the nearest that an int64 holds.
func nanoseconds(t time.Time) int64 {
	switch s := t.Unix(); {
	case s > math.MaxInt64/int64(time.Second)-1:
		return math.MaxInt64
	case s < math.MinInt64/int64(time.Second)+1:
		return math.MinInt64
	}
	return t.UnixNano()
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
