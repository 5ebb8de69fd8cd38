package redact

import "encoding/binary"

// blockLen is how many bytes of a record are looked at together, with a bit for each.
const blockLen = 64

// Eight bytes at a time, as one number.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// block tells what the bytes of a block are.
type block struct {
	others uint64 // all but digits
	stops  uint64 // what the scan stops at besides digits, and a few more
}

// blockAt reads the block at in[i], or what there is of it.
func blockAt(in []byte, i int) block {
	rest := len(in) - i
	switch {
	case rest >= blockLen:
		return read((*[blockLen]byte)(in[i:]))
	case len(in) >= blockLen: // the end of the record, with bytes before it that are shifted out
		b := read((*[blockLen]byte)(in[len(in)-blockLen:]))
		before := blockLen - rest
		return block{^(^b.others >> before), b.stops >> before}
	}
	var padded [blockLen]byte
	copy(padded[:], in[i:])
	return read(&padded)
}

// read tells what the bytes of text are. The high bit of each byte of a number below answers for that byte.
func read(text *[blockLen]byte) (b block) {
	for k := 0; k < blockLen; k += 8 {
		w := binary.LittleEndian.Uint64(text[k:])
		if w&highs != 0 {
			others, stops := readWide(w)
			b.others |= others << k
			b.stops |= stops << k
			continue
		}
		// From '0' to '?', x is 0 to 15. No sum is above 255, so that none spills into the next byte.
		x := w ^ '0'*ones
		others, signs := x+(0x80-10)*ones, x+(0x80-16)*ones
		noPercent, noBackslash := (w^'%'*ones)+0x7F*ones, (w^'\\'*ones)+0x7F*ones
		b.others |= gather(others) << k
		b.stops |= gather(others&^signs|^(noPercent&noBackslash)) << k
	}
	return b
}

// readWide does the same for eight bytes with others than ASCII among them.
func readWide(w uint64) (others, stops uint64) {
	low := w &^ highs
	x := low ^ '0'*ones
	digits := ^(x + (0x80-10)*ones) &^ w
	signs := ^(x + (0x80-16)*ones) &^ w &^ digits
	escapes := ^(((low ^ '%'*ones) + 0x7F*ones) & ((low ^ '\\'*ones) + 0x7F*ones)) &^ w
	wide := ^((low ^ 0x6F*ones) + 0x7F*ones) & w // 0xEF without its high bit
	return gather(^digits), gather(signs | escapes | wide)
}

// gather puts the high bits of the eight bytes of w side by side.
func gather(w uint64) uint64 { return (w & highs) * 0x0002040810204081 >> 56 }

// hits returns the bytes to stop at: the stops, and the first digit of each run that may be a card number or its
// beginning. Those are of so many digits or more, from eight to sixteen, and of four with digits behind a separator; what
// is behind the block is taken for digits. continued tells that the run at the block's first byte began before it.
func (b *block) hits(digits uint, continued bool) uint64 {
	o := b.others
	two := o | o>>1
	four := two | two>>2
	eight := four | four>>4
	long := ^(eight | eight>>(digits-8))
	groups := ^(four | o>>7 | o>>8) & (o >> 4)
	before := ^o << 1
	if continued {
		before |= 1
	}
	return (long|groups)&^before | b.stops
}
