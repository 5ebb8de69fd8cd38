// Package words maps short texts to values, faster than a built-in map does for the texts of logs: names, codes and
// words of a few bytes, looked up in a record's bytes.
package words

import "iter"

// Map holds values by text. It does not change: With returns a larger one. The zero value is an empty map.
type Map[V any] struct {
	slots []slot[V] // a power of two, at least half of them empty
	used  int
}

type slot[V any] struct {
	// digest of the word; all of it when it is not long.
	digest uint64
	taken  bool
	word   string
	value  V
}

// Len returns how many words m holds.
func (m *Map[V]) Len() int { return m.used }

// Get returns the value of word in m.
func Get[T []byte | string, V any](m *Map[V], word T) (V, bool) {
	mask := uint64(len(m.slots) - 1)
	d := digest(word)
	for i := start(d); len(m.slots) > 0; i++ {
		s := &m.slots[i&mask]
		if !s.taken {
			break
		}
		if s.digest == d && len(s.word) == len(word) && (len(word) <= 8 || s.word == string(word)) {
			return s.value, true
		}
	}
	var none V
	return none, false
}

// With returns a map with value for word, and otherwise what m holds.
func (m *Map[V]) With(word string, value V) *Map[V] {
	grown := &Map[V]{slots: make([]slot[V], max(4, len(m.slots)))}
	for 2*(m.used+1) > len(grown.slots) {
		grown.slots = make([]slot[V], 2*len(grown.slots))
	}
	for i := range m.slots {
		if s := &m.slots[i]; s.taken {
			grown.put(s.word, s.value)
		}
	}
	grown.put(word, value)
	return grown
}

// All yields the words of m and their values, in no order.
func (m *Map[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i := range m.slots {
			if s := &m.slots[i]; s.taken && !yield(s.word, s.value) {
				return
			}
		}
	}
}

// Without returns a map that holds what m does, but word.
func (m *Map[V]) Without(word string) *Map[V] {
	rest := &Map[V]{slots: make([]slot[V], len(m.slots))}
	for one, value := range m.All() {
		if one != word {
			rest.put(one, value)
		}
	}
	return rest
}

func (m *Map[V]) put(word string, value V) {
	d := digest(word)
	for i := start(d); ; i++ {
		s := &m.slots[i&uint64(len(m.slots)-1)]
		if !s.taken {
			m.used++
		} else if s.word != word {
			continue
		}
		*s = slot[V]{d, true, word, value}
		return
	}
}

const mix = 0x9E3779B97F4A7C15

// start returns where the search for a word begins.
func start(digest uint64) uint64 { return digest * mix >> 40 }

// digest returns a number from all bytes of word. Words of the same length up to eight bytes have different ones.
func digest[T []byte | string](word T) uint64 {
	n := len(word)
	switch {
	case n > 8:
		d := uint64(0)
		for i := 0; i+8 < n; i += 8 {
			d = (d ^ eight(word[i:])) * mix
			d ^= d >> 32
		}
		return d ^ eight(word[n-8:])
	case n >= 4:
		return four(word)<<32 | four(word[n-4:])
	case n > 0:
		return uint64(word[0])<<16 | uint64(word[n/2])<<8 | uint64(word[n-1])
	}
	return 0
}

// eight returns the first eight bytes of s as a number; the compiler makes one load of it.
func eight[T []byte | string](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func four[T []byte | string](s T) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}
