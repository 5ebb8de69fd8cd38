package journal

// A filter tells which blocks cannot hold what is searched for, without reading their bodies. It is a Bloom filter
// with filterProbes bits a token.
const (
	filterBitsPerToken = 10
	filterProbes       = 5
)

// appendFilter appends a filter of the tokens with these hashes.
func appendFilter(dst []byte, hashes []uint64) []byte {
	if len(hashes) == 0 {
		return dst
	}
	n := min(len(hashes)*filterBitsPerToken/8, maxFilterBytes)
	n = max(n, 8)
	at := len(dst)
	dst = append(dst, make([]byte, n)...)
	bits := dst[at:]
	for _, h := range hashes {
		probe(h, n, func(i uint32) bool { bits[i>>3] |= 1 << (i & 7); return true })
	}
	return dst
}

// mayHold tells whether the token can be in the block of the filter. A block without filter can hold anything.
func mayHold(filter []byte, hash uint64) bool {
	return len(filter) == 0 || probe(hash, len(filter), func(i uint32) bool { return filter[i>>3]>>(i&7)&1 == 1 })
}

// probe calls bit with each bit of the token in a filter of size bytes until it returns false, and returns the last
// answer.
func probe(hash uint64, size int, bit func(i uint32) bool) bool {
	a, b := uint32(hash), uint32(hash>>32)|1
	for range filterProbes {
		if !bit(uint32(uint64(a) * uint64(size) * 8 >> 32)) {
			return false
		}
		a += b
	}
	return true
}
