package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// The fixed part of a block's header, little endian. The filter and the marks follow, then the body; sum covers all
// of the header behind itself, filter and marks included, and bodySum the body as stored, so that a reader can trust
// the lengths before it reads the body, and skip the body without reading it.
//
//	0 magic   4    1 codec     8    segment  16    minTime 40    filterLen 64    bodySum 80
//	  sum     4    1 flags     9    position 24    maxTime 48    marksLen  68    span    84
//	            2 reserved   10    sequence 32    durable 56    bodyLen   72
//	              records    12                                rawLen    76
const headerSize = 88

// blockMagic begins a block. It is not UTF-8, so no text in a log can look like it.
const blockMagic = "\xf1GW\xb1"

// Limits of what a header may say; a reader allocates no more.
const (
	maxFilterBytes = 1 << 20
	maxMarksBytes  = 16 << 20
	maxRawBytes    = 2 * MaxBatchBytes
	maxBodyBytes   = 3 * MaxBatchBytes
)

// The flags of a block.
const (
	// flagFull says that the block holds all marks there are, not only those that changed.
	flagFull = 1 << iota
	// flagSealed says that the block is of a sealed segment: durable is its place in the file, and its body begins with
	// the blocks that it was made of.
	flagSealed
)

// The ways to store a body.
const (
	codecPlain = iota
	codecS2
	codecZstd
	codecTextColumns // zstd, with the values of documents column by column; as sealed segments of version 2 have it
	codecColumns     // two parts of zstd: columns of few different values, and other columns
)

// header is what a block says about itself before its body.
type header struct {
	codec   byte
	flags   byte
	records int
	// segment and position are the place of the block: a copy of it elsewhere is not a block.
	segment  uint64
	position int64
	// span is how far the next block's position is from this one's.
	span int64
	// sequence is the number of records in the journal before this block since the journal began.
	sequence uint64
	// minTime and maxTime bound the times of the records, in nanoseconds since 1970.
	minTime, maxTime int64
	// durable is the position up to which the segment was on the disk for certain when the block was written. What is
	// damaged before it is a fault of the disk; what is damaged behind it may be a write that a crash cut short.
	durable int64

	filterLen, marksLen, bodyLen, rawLen int
	bodySum                              uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (h *header) sealed() bool { return h.flags&flagSealed != 0 }

// next is the position of the next block.
func (h *header) next() int64 { return h.position + h.span }

// place is where the block stands in its file.
func (h *header) place() int64 {
	if h.sealed() {
		return h.durable
	}
	return h.position
}

// areaLen is the length of the header with its filter and marks.
func (h *header) areaLen() int { return headerSize + h.filterLen + h.marksLen }

// size is the length of the block on disk.
func (h *header) size() int64 { return int64(h.areaLen() + h.bodyLen) }

// put writes h into area, which holds room for the header and, already, the filter and the marks.
func (h *header) put(area []byte) {
	le := binary.LittleEndian
	copy(area, blockMagic)
	area[8], area[9], area[10], area[11] = h.codec, h.flags, 0, 0
	le.PutUint32(area[12:], uint32(h.records))
	le.PutUint64(area[16:], h.segment)
	le.PutUint64(area[24:], uint64(h.position))
	le.PutUint64(area[32:], h.sequence)
	le.PutUint64(area[40:], uint64(h.minTime))
	le.PutUint64(area[48:], uint64(h.maxTime))
	le.PutUint64(area[56:], uint64(h.durable))
	le.PutUint32(area[64:], uint32(h.filterLen))
	le.PutUint32(area[68:], uint32(h.marksLen))
	le.PutUint32(area[72:], uint32(h.bodyLen))
	le.PutUint32(area[76:], uint32(h.rawLen))
	le.PutUint32(area[80:], h.bodySum)
	le.PutUint32(area[84:], uint32(h.span))
	le.PutUint32(area[4:], crc32.Checksum(area[8:], castagnoli))
}

// parseHeader reads the fixed part of a header. It reports false when b cannot be one; the sum is not checked yet,
// because it covers bytes whose number stands in the header.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < headerSize || string(b[:4]) != blockMagic {
		return header{}, false
	}
	le := binary.LittleEndian
	h = header{
		codec: b[8], flags: b[9],
		records: int(le.Uint32(b[12:])),
		segment: le.Uint64(b[16:]), position: int64(le.Uint64(b[24:])), sequence: le.Uint64(b[32:]),
		minTime: int64(le.Uint64(b[40:])), maxTime: int64(le.Uint64(b[48:])), durable: int64(le.Uint64(b[56:])),
		filterLen: int(le.Uint32(b[64:])), marksLen: int(le.Uint32(b[68:])),
		bodyLen: int(le.Uint32(b[72:])), rawLen: int(le.Uint32(b[76:])),
		bodySum: le.Uint32(b[80:]), span: int64(le.Uint32(b[84:])),
	}
	ok = h.records <= MaxBatchRecords && h.position >= 0 && h.filterLen <= maxFilterBytes && h.marksLen <= maxMarksBytes &&
		h.bodyLen <= maxBodyBytes && h.rawLen <= maxRawBytes
	return h, ok
}

// intact tells whether area, the header with its filter and marks, has the sum that it says.
func (h *header) intact(area []byte) bool {
	return crc32.Checksum(area[8:], castagnoli) == binary.LittleEndian.Uint32(area[4:])
}
