package journal

import (
	"encoding/binary"
)

// The body of a sealed block has three parts. The index tells how documents are put together and has the columns of
// few different values, which is all that counting needs. The others are the text of columns, and packed columns.

// maxColumnsOverhead is by how much the columns of a body may be larger than the body.
const maxColumnsOverhead = 8 << 20

// pack makes the columns of a block ready to be written.
func (s *splitter) pack() {
	for _, t := range s.used {
		for i := range t.columns {
			t.columns[i].pack(&s.huff)
		}
	}
}

// appendIndex appends the first part: head, the templates, which document has which, and what their columns are.
func (s *splitter) appendIndex(dst, head []byte) []byte {
	dst = appendBytes(dst, head)
	dst = binary.AppendUvarint(dst, uint64(len(s.used)))
	for _, t := range s.used {
		dst = binary.AppendUvarint(dst, uint64(len(t.pieces)))
		for _, p := range t.pieces {
			dst = appendBytes(dst, p)
		}
		for i := range t.columns {
			dst = binary.AppendUvarint(dst, t.columns[i].stored())
		}
	}
	dst = append(dst, s.order...)
	for _, t := range s.used {
		for i := range t.columns {
			dst = t.columns[i].appendIndex(dst)
		}
	}
	return dst
}

// appendText appends the second part.
func (s *splitter) appendText(dst []byte) []byte {
	for _, t := range s.used {
		for i := range t.columns {
			if c := &t.columns[i]; c.kind == textColumn {
				dst = append(dst, c.text...)
			}
		}
	}
	return dst
}

// appendPacked appends the third part.
func (s *splitter) appendPacked(dst []byte) []byte {
	for _, t := range s.used {
		for i := range t.columns {
			if c := &t.columns[i]; c.kind == shortColumn {
				dst = append(dst, c.packed...)
			}
		}
	}
	return dst
}

// stored returns the column's kind and its bytes in the other parts, or the number of its few values.
func (c *column) stored() uint64 {
	n := len(c.text)
	switch c.kind {
	case fewColumn:
		n = len(c.few)
	case shortColumn:
		n = len(c.packed)
	}
	return uint64(n*columnKinds + c.kind)
}

// appendIndex appends what the index has of a column.
func (c *column) appendIndex(dst []byte) []byte {
	switch c.kind {
	case fewColumn:
		for _, v := range c.few {
			dst = appendBytes(dst, v)
		}
		dst = append(dst, c.numbers...)
	case shortColumn:
		dst = appendBytes(dst, c.prefix)
		dst = binary.AppendUvarint(dst, uint64(c.width))
		dst = binary.AppendUvarint(dst, uint64(len(c.text)))
	}
	return dst
}
