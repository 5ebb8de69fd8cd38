package journal

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/huff0"
)

// The ways in which a column is kept.
const (
	// textColumn is for zstd: each value with a 0 behind it.
	textColumn = iota
	// fewColumn has its different values once, and for each document the number of its value: less work for zstd than
	// any text, and it can be counted without looking at documents.
	fewColumn
	// shortColumn is of numbers and identifiers, in which zstd would look for repetitions in vain: what all values begin
	// with once, and the rest of each in the code of Huffman.
	shortColumn
	columnKinds
)

const (
	// maxFew is the most different values of a fewColumn.
	maxFew = 255
	// fewSlots is the size of the hash table of a fewColumn's values.
	fewSlots = 2 * (maxFew + 1)
	// Bounds of a shortColumn: its documents, its bytes and those of a value on average.
	minShortValues = 64
	maxShortBytes  = 128 << 10
	maxShortValue  = 40
)

// column is the values of one place of a template, in the order of their documents.
type column struct {
	kind   int
	values [][]byte // unless there are few
	size   int      // bytes of the values

	many    bool     // there are too many different values for a fewColumn
	few     [][]byte // the different values
	numbers []byte   // of the value of each document, in few
	slots   []byte   // hash table of the numbers, each plus 1

	// What a textColumn or a shortColumn keeps.
	text, packed, prefix []byte
	width                int // of each value's rest in a shortColumn when all are equal, or 0
}

// reset begins a block.
func (c *column) reset() {
	c.values, c.size, c.few, c.numbers = c.values[:0], 0, c.few[:0], c.numbers[:0]
	clear(c.slots)
}

// add adds the value of the next document, and reports whether it may be new to the block.
func (c *column) add(v []byte) bool {
	if c.many {
		n := len(c.values)
		c.values, c.size = append(c.values, v), c.size+len(v)
		return n == 0 || !bytes.Equal(c.values[n-1], v)
	}
	if n := len(c.numbers); n > 0 {
		if k := c.numbers[n-1]; bytes.Equal(c.few[k], v) { // as in most columns
			c.numbers = append(c.numbers, k)
			return false
		}
	}
	if c.slots == nil {
		c.slots = make([]byte, fewSlots)
	}
	i := xxhash.Sum64(v) % fewSlots
	for ; c.slots[i] != 0; i = (i + 1) % fewSlots {
		if k := c.slots[i] - 1; bytes.Equal(c.few[k], v) {
			c.numbers = append(c.numbers, k)
			return false
		}
	}
	if len(c.few) == maxFew {
		c.spread()
		return c.add(v)
	}
	c.slots[i] = byte(len(c.few) + 1)
	c.numbers = append(c.numbers, byte(len(c.few)))
	c.few = append(c.few, v)
	return true
}

// spread puts the values in the place of their numbers, because there are too many different ones.
func (c *column) spread() {
	c.many = true
	for _, k := range c.numbers {
		c.values, c.size = append(c.values, c.few[k]), c.size+len(c.few[k])
	}
}

// pack chooses the kind of the column and makes what it keeps.
func (c *column) pack(huff *huff0.Scratch) {
	switch {
	case !c.many:
		c.kind = fewColumn
	case c.isShort() && c.packShort(huff):
		c.kind = shortColumn
	default:
		c.kind = textColumn
		c.text = c.text[:0]
		for _, v := range c.values {
			c.text = append(append(c.text, v...), 0)
		}
	}
}

// isShort tells whether the values are short and mostly digits, as far as the first of them tell.
func (c *column) isShort() bool {
	n := len(c.values)
	if n < minShortValues || c.size > min(maxShortBytes-n, maxShortValue*n) {
		return false
	}
	digits, size := 0, 0
	for _, v := range c.values[:minShortValues] {
		size += len(v)
		for _, b := range v {
			if classes[b] == digit {
				digits++
			}
		}
	}
	return 2*digits >= size
}

// packShort reports false when the code of Huffman makes nothing smaller.
func (c *column) packShort(huff *huff0.Scratch) bool {
	c.prefix, c.width = c.values[0], len(c.values[0])
	for _, v := range c.values {
		if len(v) != c.width {
			c.width = 0
		}
		if !bytes.HasPrefix(v, c.prefix) {
			c.prefix = c.prefix[:sharedPrefix(c.prefix, v)]
		}
	}
	c.width = max(0, c.width-len(c.prefix))
	c.text = c.text[:0]
	for _, v := range c.values {
		c.text = append(c.text, v[len(c.prefix):]...)
		if c.width == 0 {
			c.text = append(c.text, 0)
		}
	}
	packed, _, err := huff0.Compress4X(c.text, huff)
	c.packed = append(c.packed[:0], packed...)
	return err == nil
}

// sharedPrefix returns the length of what a and b both begin with.
func sharedPrefix(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
