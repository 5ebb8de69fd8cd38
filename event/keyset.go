package event

import "math/bits"

// keySet is a set of facts, a bit for each.
type keySet uint64

// A fact that does not fit into a keySet would not compile.
const _ = keySet(1) << (keyCount - 1)

// only returns the set of one fact.
func only(k Key) keySet { return 1 << (k & 63) }

// with returns s, with k in it too if it is.
func (s keySet) with(k Key, is bool) keySet {
	if is {
		s |= only(k)
	}
	return s
}

func (s keySet) has(k Key) bool { return s&only(k) != 0 }

// first returns the fact in s that documents have first. s must not be empty.
func (s keySet) first() Key { return Key(bits.TrailingZeros64(uint64(s))) % keyCount }
