package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"gatewatch/event"
)

var errCodec = errors.New("body has an unknown codec")

// workspace is memory for what stands between a body as stored and before compression.
type workspace struct {
	columns []byte
	huff    huff0.Scratch
}

// expand returns the body before compression, in dst when that is large enough.
func (h *header) expand(w *workspace, dst, stored []byte) ([]byte, error) {
	if h.codec != codecColumns && h.codec != codecTextColumns {
		return h.decompress(dst, stored)
	}
	s, text, packed, err := h.shapes(w, stored)
	if err != nil {
		return nil, err
	}
	if h.codec == codecColumns {
		n := len(w.columns)
		if w.columns, err = decompressor().DecodeAll(text, w.columns); err != nil {
			return nil, err
		}
		if w.columns, err = s.unpack(w.columns, decoder{b: w.columns[n:]}, decoder{b: packed}, &w.huff); err != nil {
			return nil, err
		}
	}
	return s.join(slices.Grow(dst[:0], h.rawLen), h)
}

// shapes returns the index of a body of columns, and its other parts as stored. It uses the memory of w.
func (h *header) shapes(w *workspace, stored []byte) (s shapes, text, packed []byte, err error) {
	index := stored
	if h.codec == codecColumns {
		d := decoder{b: stored}
		index, text, packed = d.bytes(d.uvarint()), d.bytes(d.uvarint()), d.b
		if d.bad {
			return shapes{}, nil, nil, errBody
		}
	}
	if w.columns, err = decompressor().DecodeAll(index, w.columns[:0]); err != nil {
		return shapes{}, nil, nil, err
	}
	s, err = parseShapes(w.columns, h)
	return s, text, packed, err
}

// decompressor is for all readers: it keeps nothing between two calls.
var decompressor = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxRawBytes+maxColumnsOverhead), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // its options are constants
	}
	return d
})

func (h *header) decompress(dst, stored []byte) ([]byte, error) {
	switch h.codec {
	case codecPlain:
		return append(dst[:0], stored...), nil
	case codecS2:
		if n, err := s2.DecodedLen(stored); err != nil || n != h.rawLen {
			return nil, errBody
		}
		return s2.Decode(slices.Grow(dst[:0], h.rawLen)[:h.rawLen], stored)
	case codecZstd:
		raw, err := decompressor().DecodeAll(stored, slices.Grow(dst[:0], h.rawLen))
		if err == nil && len(raw) != h.rawLen {
			err = errBody
		}
		return raw, err
	}
	return nil, errCodec
}

// sourceCache gives equal sources one pointer. It belongs to one reader.
type sourceCache map[string]*event.Source

func (c sourceCache) get(text []byte) (*event.Source, error) {
	if s := c[string(text)]; s != nil {
		return s, nil
	}
	s := new(event.Source)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, err
	}
	if len(c) >= maxCachedSources {
		clear(c)
	}
	c[string(text)] = s
	return s, nil
}

// parseSources reads the sources of a block and returns the rest of the body.
func (c sourceCache) parseSources(raw []byte) (sources []*event.Source, rest []byte, err error) {
	d := decoder{b: raw}
	for range d.uvarint() {
		text := d.bytes(d.uvarint())
		if d.bad {
			return nil, nil, errBody
		}
		s, err := c.get(text)
		if err != nil {
			return nil, nil, err
		}
		sources = append(sources, s)
	}
	if d.bad {
		return nil, nil, errBody
	}
	return sources, d.b, nil
}

// documents returns the end of raw, the body before compression, where the documents of records are.
func documents(raw []byte, records []Record) []byte {
	n := 0
	for i := range records {
		n += len(records[i].Document)
	}
	return raw[len(raw)-n:]
}

// decode appends the records in raw, the body before compression, to dst.
func (h *header) decode(dst []Record, raw []byte, cache sourceCache) ([]Record, error) {
	_, raw, err := h.parts(raw)
	if err != nil {
		return nil, err
	}
	sources, rest, err := cache.parseSources(raw)
	if err != nil {
		return nil, err
	}
	return appendRecords(dst, h, sources, rest)
}

// appendRecords appends the records of a block to dst. rest is the body behind the sources; the documents are parts
// of it, one behind the other up to its end.
func appendRecords(dst []Record, h *header, sources []*event.Source, rest []byte) ([]Record, error) {
	d := decoder{b: rest}
	unit := int64(d.uvarint())
	first := len(dst)
	dst = slices.Grow(dst, h.records)[:first+h.records]
	records := dst[first:]
	column := d
	if !d.sources(records, sources) || !d.offsets(records, column, len(sources)) {
		return nil, errBody
	}
	at := h.minTime
	for i := range records {
		at += d.varint() * unit
		records[i].Time = time.Unix(0, at).UTC()
	}
	if !d.documents(records) {
		return nil, errBody
	}
	return dst, nil
}

// sources reads the column of sources.
func (d *decoder) sources(records []Record, sources []*event.Source) bool {
	for i := range records {
		k := d.uvarint()
		if k >= uint64(len(sources)) {
			return false
		}
		records[i].Source = sources[k]
	}
	return !d.bad
}

// offsets reads the column of offsets, each counted from the record of the same source before. column is the column
// of the n sources, whose pointers may be equal.
func (d *decoder) offsets(records []Record, column decoder, n int) bool {
	last := make([]int64, n)
	for i := range records {
		k := column.uvarint()
		last[k] += d.varint()
		records[i].Offset = last[k]
	}
	return !d.bad
}

// documents reads the column of lengths and cuts the documents out of what follows it.
func (d *decoder) documents(records []Record) bool {
	lengths := decoder{b: d.b}
	for range records {
		d.uvarint()
	}
	if d.bad {
		return false
	}
	for i := range records {
		n := lengths.uvarint()
		doc := d.bytes(n)
		if d.bad {
			return false
		}
		records[i].Document = doc[:n:n]
	}
	return len(d.b) == 0
}

// decoder takes numbers and bytes off b. After the first that is not there, bad is set and all are zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uvarint() uint64 {
	if len(d.b) > 0 && d.b[0] < 0x80 { // most are
		v := d.b[0]
		d.b = d.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.b, d.bad = nil, true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.b, d.bad = nil, true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.b, d.bad = nil, true
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}
