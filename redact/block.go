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
		return read(in[i : i+blockLen])
	case len(in) >= blockLen: // the end of the record, with bytes before it that are shifted out
		before := blockLen - rest
		b := read(in[len(in)-blockLen+before&^7:])
		return block{^(^b.others >> before), b.stops >> before}
	}
	var padded [blockLen]byte
	copy(padded[:], in[i:])
	return read(padded[:])
}

// read tells what the bytes of text, eight or more of them up to a whole block, are the end of. The high bit of each byte of
// a number below answers for that byte.
func read(text []byte) (b block) {
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		var others, stops uint64
		if w&highs == 0 {
			// From '0' to '?', x is 0 to 15. No sum is above 255, so that none spills into the next byte.
			x := w ^ lanes.zero
			others = x + lanes.digits
			noPercent, noBackslash := (w^lanes.percent)+lanes.full, (w^lanes.backslash)+lanes.full
			stops = others&^(x+lanes.signs) | ^(noPercent & noBackslash)
		} else {
			others, stops = wide(w)
		}
		b.others = b.others>>8 | gather(others)
		b.stops = b.stops>>8 | gather(stops)
	}
	return b
}

// lanes are numbers with the same byte eight times. From memory they are quicker than as constants.
var lanes = struct{ zero, digits, signs, percent, backslash, full uint64 }{
	'0' * ones, (0x80 - 10) * ones, (0x80 - 16) * ones, '%' * ones, '\\' * ones, 0x7F * ones,
}

// wide tells others and stops of eight bytes with others than ASCII among them.
func wide(w uint64) (others, stops uint64) {
	low := w &^ highs
	x := low ^ '0'*ones
	digits := ^(x + (0x80-10)*ones) &^ w
	signs := ^(x + (0x80-16)*ones) &^ w &^ digits
	escapes := ^(((low ^ '%'*ones) + 0x7F*ones) & ((low ^ '\\'*ones) + 0x7F*ones)) &^ w
	lead := ^((low ^ 0x6F*ones) + 0x7F*ones) & w // 0xEF without its high bit
	return ^digits, signs | escapes | lead
}

// gather puts the high bits of the eight bytes of w side by side, in the highest byte.
func gather(w uint64) uint64 { return (w & highs) * 0x0002040810204081 & (0xFF << 56) }

// hits returns the bytes to stop at: the stops, and the first digit of each run that may be a card number or its
// beginning. Those are of eight digits and so many more, up to eight, or longer, and of four with digits behind a
// separator; what is behind the block is taken for digits. before is 1 when the run at the block's first byte began
// before it, else 0.
func (b *block) hits(more uint, before uint64) uint64 {
	o := b.others
	two := o | o>>1
	four := two | two>>2
	eight := four | four>>4
	long := ^(eight | eight>>more)
	groups := ^(four | o>>7 | o>>8) & (o >> 4)
	return (long|groups)&^(^o<<1|before) | b.stops
}

// fours returns the first digits of the runs of four, and at the block's end of those that may be. before is as of hits.
func (b *block) fours(before uint64) uint64 {
	o := b.others
	two := o | o>>1
	return ^(two | two>>2 | ^o<<1 | before) & (o>>4 | 0xF<<(blockLen-4))
}
