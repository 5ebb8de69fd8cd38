package journal

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"

	"github.com/klauspost/compress/zstd"
)

// When a sealed block is full.
const (
	sealedRecords = 2048
	sealedBytes   = 4 << 20
	sealedMarks   = 1 << 20
)

// packer merges blocks and writes them to a sealed segment.
type packer struct {
	out    file
	at     int64 // place of the next block
	limit  int64 // size that must not be reached
	header segmentHeader

	enc   *encoder
	split *splitter
	zstd  *zstd.Encoder
	src   sourceCache

	// The blocks that make up the next one.
	first   header
	parts   []blockPart
	records []Record
	size    int  // bytes of the documents
	zero    bool // a document holds a 0, which ends values in columns
	marks   map[string][]byte
	marked  int // bytes of marks, about
	raws    [][]byte
	used    int // of raws

	head, index, text, area, body, part []byte
}

func newPacker() *packer {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(sealedBytes), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false),
		zstd.WithAllLitEntropyCompression(true)) // identifiers are text without matches
	if err != nil {
		panic(err) // its options are constants
	}
	return &packer{enc: newEncoder(), split: newSplitter(), zstd: z, src: sourceCache{}, marks: map[string][]byte{}}
}

// reset makes p pack s into out.
func (p *packer) reset(out file, s segment) {
	p.out, p.at, p.limit = out, sealedHeaderSize, s.stored
	p.header = segmentHeader{
		number: s.number, created: s.created, sealed: true, size: s.size,
		bounds: bounds{known: true, min: math.MaxInt64, max: math.MinInt64},
	}
	p.split.beginSegment()
	p.empty()
}

// empty begins a block.
func (p *packer) empty() {
	clear(p.records)
	p.parts, p.records, p.size, p.zero, p.marked, p.used = p.parts[:0], p.records[:0], 0, false, 0, 0
	clear(p.marks)
}

// pack writes the blocks of s to out and returns the header and size of what it wrote.
func (j *Journal) pack(out file, s segment) (segmentHeader, int64, error) {
	f, err := os.Open(segmentPath(j.dir, s.number))
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = errGone
		}
		return segmentHeader{}, 0, err
	}
	defer f.Close()
	var damaged bool
	r := reader{damaged: func(from, to int64) { j.reportDamage(s.number, from, to); damaged = true }}
	if err := r.attach(f, s); err != nil {
		return segmentHeader{}, 0, err
	}
	p := j.packers.Get().(*packer)
	defer j.packers.Put(p)
	p.reset(out, s)
	for err == nil {
		select {
		case <-j.stop:
			return segmentHeader{}, 0, errGone
		default:
		}
		var b frame
		if b, err = r.next(); err == nil {
			err = p.add(&r, &b)
		}
		if damaged {
			return segmentHeader{}, 0, errDamaged
		}
	}
	if errors.Is(err, io.EOF) {
		err = p.finish()
	}
	return p.header, p.at, err
}

// add takes a block in.
func (p *packer) add(r *reader, b *frame) error {
	marks, err := b.marks()
	if err != nil {
		return errDamaged
	}
	full := b.flags&flagFull != 0
	if len(p.parts) > 0 && (len(p.records)+b.records > sealedRecords || p.size+b.rawLen > sealedBytes ||
		p.marked+b.marksLen > sealedMarks || full) {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.used == len(p.raws) {
		p.raws = append(p.raws, nil)
	}
	raw, ok, err := r.body(b, p.raws[p.used])
	if err != nil || !ok {
		return firstError(err, errDamaged)
	}
	p.raws[p.used] = raw
	p.used++
	before := len(p.records)
	if p.records, err = b.decode(p.records, raw, p.src); err != nil {
		return errDamaged
	}
	docs := documents(raw, p.records[before:])
	p.size += len(docs)
	p.zero = p.zero || bytes.IndexByte(docs, 0) >= 0
	if len(p.parts) == 0 {
		p.first = b.header
	}
	p.parts = append(p.parts, blockPart{b.records, b.span})
	for name, value := range marks {
		if value == nil && p.first.flags&flagFull != 0 {
			delete(p.marks, name)
		} else {
			p.marks[name] = value
		}
	}
	p.marked += b.marksLen
	return nil
}

// flush writes the block that was collected.
func (p *packer) flush() error {
	if len(p.parts) == 0 {
		return nil
	}
	h, err := p.enc.head(p.records, 0)
	if err != nil {
		return err
	}
	h.flags = p.first.flags&flagFull | flagSealed
	h.segment, h.position, h.sequence = p.header.number, p.first.position, p.first.sequence
	for _, one := range p.parts {
		h.span += one.span
	}
	p.compress(&h)
	p.area = append(p.area[:0], make([]byte, headerSize)...)
	p.area = appendFilter(p.area, p.split.words.hashes)
	h.filterLen = len(p.area) - headerSize
	p.area = appendMarks(p.area, p.marks)
	h.marksLen = len(p.area) - headerSize - h.filterLen
	h.durable = p.at
	h.bodyLen, h.bodySum = len(p.body), crc32.Checksum(p.body, castagnoli)
	h.put(p.area)
	p.area = append(p.area, p.body...)
	if p.at+int64(len(p.area)) >= p.limit {
		return errLarger
	}
	if _, err := p.out.WriteAt(p.area, p.at); err != nil {
		return err
	}
	p.at += int64(len(p.area))
	p.header.bounds.include(&h)
	p.header.records += uint64(h.records)
	p.empty()
	return nil
}

// compress makes the body and collects the tokens of the filter.
func (p *packer) compress(h *header) {
	p.split.reset()
	for _, s := range p.enc.sources {
		p.split.words.source(s)
	}
	p.head = append(appendParts(p.head[:0], p.parts), p.enc.raw...)
	h.rawLen = len(p.head) + p.size
	if p.zero {
		h.codec = codecZstd
		p.text = append(p.text[:0], p.head...)
		for i := range p.records {
			p.split.words.document(p.records[i].Document)
			p.text = append(p.text, p.records[i].Document...)
		}
		p.body = p.zstd.EncodeAll(p.text, p.body[:0])
		return
	}
	for i := range p.records {
		p.split.add(p.records[i].Document)
	}
	h.codec = codecColumns
	p.split.pack()
	p.index = p.split.appendIndex(p.index[:0], p.head)
	p.text = p.split.appendText(p.text[:0])
	p.part = p.zstd.EncodeAll(p.index, p.part[:0])
	p.body = appendBytes(p.body[:0], p.part)
	p.part = p.zstd.EncodeAll(p.text, p.part[:0])
	p.body = p.split.appendPacked(appendBytes(p.body, p.part))
}

// finish writes the last block and the segment's header.
func (p *packer) finish() error {
	if err := p.flush(); err != nil {
		return err
	}
	_, err := p.out.WriteAt(p.header.appendTo(nil), 0)
	return err
}
