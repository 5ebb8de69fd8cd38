package journal

import (
	"bytes"
	"slices"

	"github.com/klauspost/compress/huff0"
)

// shapes is the index of a sealed body, read.
type shapes struct {
	head      []byte
	templates []*joiner
	order     decoder // of the number of each document's template
}

// joiner puts documents of one template together.
type joiner struct {
	pieces    [][]byte
	columns   []storedColumn
	documents int
}

// storedColumn is a column as it is read.
type storedColumn struct {
	kind, size int
	few        [][]byte
	numbers    []byte // what is left of them
	prefix     []byte
	width, raw int
	text       []byte // what is left of it
}

// parseShapes reads an index. In codecTextColumns the columns follow.
func parseShapes(index []byte, h *header) (s shapes, err error) {
	d := decoder{b: index}
	s.head = d.bytes(d.uvarint())
	if s.templates, err = d.templates(h.codec); err != nil {
		return shapes{}, err
	}
	s.order = d
	for range h.records {
		k := d.uvarint()
		if k >= uint64(len(s.templates)) || d.bad {
			return shapes{}, errBody
		}
		s.templates[k].documents++
	}
	for _, t := range s.templates {
		for i := range t.columns {
			d.column(&t.columns[i], t.documents, h.codec)
		}
	}
	if d.bad || len(d.b) > 0 {
		return shapes{}, errBody
	}
	return s, nil
}

func (d *decoder) templates(codec byte) ([]*joiner, error) {
	n := d.uvarint()
	if n > maxTemplates+1 {
		return nil, errBody
	}
	all := make([]*joiner, n)
	for i := range all {
		pieces := d.uvarint()
		if pieces < 1 || pieces > maxColumns+1 {
			return nil, errBody
		}
		t := &joiner{pieces: make([][]byte, pieces), columns: make([]storedColumn, pieces-1)}
		for k := range t.pieces {
			t.pieces[k] = d.bytes(d.uvarint())
		}
		for k := range t.columns {
			size := d.uvarint()
			if codec == codecColumns {
				t.columns[k].kind, size = int(size%columnKinds), size/columnKinds
			}
			t.columns[k].size = int(min(size, maxRawBytes+maxColumnsOverhead))
		}
		all[i] = t
	}
	if d.bad {
		return nil, errBody
	}
	return all, nil
}

// column reads what the index has of a column.
func (d *decoder) column(c *storedColumn, documents int, codec byte) {
	switch {
	case codec == codecTextColumns:
		c.text = d.bytes(uint64(c.size))
	case c.kind == fewColumn:
		if c.size > maxFew {
			d.bad = true
			return
		}
		c.few = make([][]byte, c.size)
		for i := range c.few {
			c.few[i] = d.bytes(d.uvarint())
		}
		c.numbers = d.bytes(uint64(documents))
		most := -1
		for _, k := range c.numbers {
			most = max(most, int(k))
		}
		d.bad = d.bad || most >= c.size
	case c.kind == shortColumn:
		c.prefix = d.bytes(d.uvarint())
		c.width = int(min(d.uvarint(), maxShortBytes))
		c.raw = int(d.uvarint())
		d.bad = d.bad || c.raw < 0 || c.raw > maxShortBytes || c.width > 0 && c.raw != c.width*documents
	}
}

// unpack reads the columns of the other parts. It appends to buf what it has to decode.
func (s *shapes) unpack(buf []byte, text, packed decoder, huff *huff0.Scratch) ([]byte, error) {
	for _, t := range s.templates {
		for i := range t.columns {
			c := &t.columns[i]
			switch c.kind {
			case textColumn:
				c.text = text.bytes(uint64(c.size))
			case shortColumn:
				n := len(buf)
				buf = slices.Grow(buf, c.raw)[:n+c.raw]
				if !c.unpack(buf[n:n:n+c.raw], packed.bytes(uint64(c.size)), huff) {
					return buf, errBody
				}
			}
			if len(buf) > maxRawBytes+maxColumnsOverhead {
				return buf, errBody
			}
		}
	}
	if text.bad || packed.bad || len(text.b)+len(packed.b) > 0 {
		return buf, errBody
	}
	return buf, nil
}

// unpack decodes a shortColumn to dst, whose capacity is what must come out.
func (c *storedColumn) unpack(dst, packed []byte, huff *huff0.Scratch) bool {
	_, coded, err := huff0.ReadTable(packed, huff)
	if err != nil {
		return false
	}
	c.text, err = huff.Decoder().Decompress4X(dst, coded)
	return err == nil && len(c.text) == c.raw
}

// join appends to dst the body that was taken apart: the head and the documents.
func (s *shapes) join(dst []byte, h *header) ([]byte, error) {
	dst = append(dst, s.head...)
	order := s.order
	for range h.records {
		var ok bool
		if dst, ok = s.templates[order.uvarint()].join(dst); !ok || len(dst) > h.rawLen {
			return nil, errBody
		}
	}
	if len(dst) != h.rawLen {
		return nil, errBody
	}
	return dst, nil
}

// join appends the next document.
func (t *joiner) join(dst []byte) ([]byte, bool) {
	for i := range t.columns {
		dst = append(dst, t.pieces[i]...)
		c := &t.columns[i]
		if c.kind == fewColumn {
			dst = append(dst, c.few[c.numbers[0]]...)
			c.numbers = c.numbers[1:]
			continue
		}
		dst = append(dst, c.prefix...)
		end, skip := c.width, c.width
		if c.width == 0 {
			end = bytes.IndexByte(c.text, 0)
			skip = end + 1
		}
		if end < 0 || end > len(c.text) {
			return dst, false
		}
		dst = append(dst, c.text[:end]...)
		c.text = c.text[skip:]
	}
	return append(dst, t.pieces[len(t.columns)]...), true
}
