package journal

import "encoding/binary"

// blockPart is one of the blocks that a sealed block was made of. Cursors may stand between two of them.
type blockPart struct {
	records int
	span    int64
}

// appendParts appends the parts: their number, their records, their spans.
func appendParts(dst []byte, parts []blockPart) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(parts)))
	for _, p := range parts {
		dst = binary.AppendUvarint(dst, uint64(p.records))
	}
	for _, p := range parts {
		dst = binary.AppendUvarint(dst, uint64(p.span))
	}
	return dst
}

// parts reads the parts that the body of a sealed block begins with, and returns the rest. Other blocks have none.
func (h *header) parts(raw []byte) (parts []blockPart, rest []byte, err error) {
	if !h.sealed() {
		return nil, raw, nil
	}
	d := decoder{b: raw}
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		return nil, nil, errBody
	}
	parts = make([]blockPart, n)
	records, span := uint64(0), uint64(0)
	for i := range parts {
		k := d.uvarint()
		parts[i].records = int(min(k, MaxBatchRecords+1))
		records += k
	}
	for i := range parts {
		k := d.uvarint()
		parts[i].span = int64(min(k, 1<<32))
		span += k
	}
	if d.bad || records != uint64(h.records) || span != uint64(h.span) {
		return nil, nil, errBody
	}
	return parts, d.b, nil
}

// recordsBefore returns how many records of the block stand before position: those of the parts that begin there.
func (h *header) recordsBefore(raw []byte, position int64) (int, error) {
	parts, _, err := h.parts(raw)
	if err != nil {
		return 0, err
	}
	n, at := 0, h.position
	for _, p := range parts {
		if at >= position {
			break
		}
		n += p.records
		at += p.span
	}
	return n, nil
}
