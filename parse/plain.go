package parse

import "encoding/binary"

// isPlain tells whether text is ASCII without control characters and backslashes. It looks at all of it before it
// tells: that is several times as fast as asking at each place.
func isPlain(text []byte) bool {
	var hits uint64
	rest := text
	for ; len(rest) >= 32; rest = rest[32:] {
		hits |= notPlain(binary.LittleEndian.Uint64(rest)) | notPlain(binary.LittleEndian.Uint64(rest[8:])) |
			notPlain(binary.LittleEndian.Uint64(rest[16:])) | notPlain(binary.LittleEndian.Uint64(rest[24:]))
	}
	for ; len(rest) >= 8; rest = rest[8:] {
		hits |= notPlain(binary.LittleEndian.Uint64(rest))
	}
	for _, c := range rest {
		hits |= notPlain(uint64(c) * eachByte)
	}
	return hits&highBits == 0
}

// notPlain sets the high bit of at least the first byte of v that is not plain: behind a subtraction of what is below
// ' ', of a backslash turned into 0, behind an addition of 0x7F, and by itself of what is not ASCII.
func notPlain(v uint64) uint64 {
	return (v - ' '*eachByte) | ((v ^ '\\'*eachByte) - eachByte) | (v + eachByte) | v
}
