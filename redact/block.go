package redact

import "encoding/binary"

// A record is looked at in blocks of 64 bytes, with a bit for each byte. The last eight only say how a run of digits
// before them goes on, and begin the next block.
const (
	blockLen = 64
	stride   = blockLen - 8
)

// Eight bytes at a time, as one number.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// block tells what the bytes of a block are.
type block struct {
	digits uint64
	// stops are the bytes of classes other than digits, and a few more.
	stops uint64
}

// blockAt reads the block at in[i], or what there is of it.
func blockAt(in []byte, i int) (b block) {
	text := in[i:min(len(in), i+blockLen)]
	for k := 0; k < len(text); k += 8 {
		var w uint64
		if k+8 <= len(text) {
			w = binary.LittleEndian.Uint64(text[k:])
		} else {
			w = lastBytes(text[k:])
		}
		// The high bit of each byte, unless w has it, tells of fromZero that it is '0' or above, and so on, and of signs
		// that it is % or a backslash, or perhaps that it stands behind one.
		low := w &^ highs
		fromZero, fromColon, fromAt := low+(0x80-'0')*ones, low+(0x80-':')*ones, low+(0x80-'@')*ones
		signs := ((w ^ '%'*ones) - ones) | ((w ^ '\\'*ones) - ones)
		stops := (fromColon&^fromAt | signs) &^ w
		if w&highs != 0 {
			wide := w ^ 0xEF*ones
			stops |= (wide - ones) &^ wide
		}
		b.digits |= gather(fromZero&^fromColon&^w) << k
		b.stops |= gather(stops) << k
	}
	return b
}

// lastBytes returns the last, fewer than eight bytes of a record as a number.
func lastBytes(in []byte) uint64 {
	var b [8]byte
	copy(b[:], in)
	return binary.LittleEndian.Uint64(b[:])
}

// gather puts the high bits of the eight bytes of w side by side.
func gather(w uint64) uint64 { return (w & highs) * 0x0002040810204081 >> 56 }

// hits returns the bytes to stop at: the stops, and the first digit of each run that may be a card number or its
// beginning. Those are of eight digits or more, and of four with digits behind a separator. continued tells that the run
// at the block's first byte began before it.
func (b *block) hits(continued bool) uint64 {
	d := b.digits
	two := d & (d >> 1)
	four := two & (two >> 2)
	long := four & (four >> 4)
	groups := four &^ (d >> 4) & (d >> 7) & (d >> 8)
	before := d << 1
	if continued {
		before |= 1
	}
	return ((long|groups)&^before | b.stops) & (1<<stride - 1)
}
