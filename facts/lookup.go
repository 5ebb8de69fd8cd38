package facts

import (
	"encoding/binary"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// sense is one fact that a name can mean.
type sense struct {
	fact event.Key
	// until is the last place in which the name means the fact.
	until place
	unit  values.Unit
	// also tells that the name means another fact first.
	also bool
	// rank orders the names of one fact; the lowest wins.
	rank uint16
}

// entry is one name with its senses, in the order in which they are tried.
type entry struct {
	name   string
	senses []sense
	// envelope tells that objects of this name wrap what belongs to the record.
	envelope bool
}

// spellings returns how name is written, in lower case: its words joined by "_", by "-" and by nothing, the last of
// which stands for camelCase too. Words are told apart by "_", "-" and capitals.
func spellings(name string) []string {
	var words strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-' || c == ' ':
			c = '_'
		case c >= 'A' && c <= 'Z':
			if i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
				words.WriteByte('_')
			}
			c |= 0x20
		}
		words.WriteByte(c)
	}
	snake := words.String()
	all := []string{snake}
	if flat := strings.ReplaceAll(snake, "_", ""); flat != snake {
		all = append(all, flat, strings.ReplaceAll(snake, "_", "-"))
	}
	return all
}

// lookup is a hash table from names, without regard to case, to entries, that is not changed after it is built. It
// is several times faster than a map, which would need a copy of each name in lower case.
type lookup struct {
	slots   []slot
	entries []entry
	shift   uint32
}

// slot holds a name's hash and one more than the index of its entry; 0 is an empty slot.
type slot struct{ hash, entry uint32 }

func newLookup(byName map[string]*entry) *lookup {
	l := &lookup{slots: make([]slot, 2), shift: 31}
	for len(l.slots) < 2*len(byName) {
		l.slots = make([]slot, 2*len(l.slots))
		l.shift--
	}
	for name, e := range byName {
		l.entries = append(l.entries, *e)
		hash := hashName([]byte(name))
		i := int(hash >> l.shift)
		for l.slots[i].entry != 0 {
			i = (i + 1) & (len(l.slots) - 1)
		}
		l.slots[i] = slot{hash, uint32(len(l.entries))}
	}
	return l
}

// find returns the entry of name, or nil.
func (l *lookup) find(name []byte) *entry {
	hash := hashName(name)
	for i := int(hash >> l.shift); ; i = (i + 1) & (len(l.slots) - 1) {
		s := &l.slots[i]
		if s.entry == 0 {
			return nil
		}
		if s.hash == hash {
			if e := &l.entries[s.entry-1]; equalFold(name, e.name) {
				return e
			}
		}
	}
}

// lowerBits are set in all lower-case letters. Setting them folds letters, and a few signs that names do not have.
const lowerBits = 0x2020202020202020

// hashName returns a hash of name that does not depend on the case of letters.
func hashName(name []byte) uint32 {
	n := len(name)
	hash := uint64(n) * 0x9E3779B97F4A7C15
	for i := 0; i+8 < n; i += 8 {
		hash = (hash ^ (binary.LittleEndian.Uint64(name[i:]) | lowerBits)) * 0xD6E8FEB86659FD93
		hash ^= hash >> 32
	}
	hash = (hash ^ lastWord(name)) * 0xD6E8FEB86659FD93
	return uint32(hash>>32 ^ hash>>8)
}

// lastWord returns the last eight bytes of name folded, or all of a shorter one.
func lastWord(name []byte) uint64 {
	switch n := len(name); {
	case n >= 8:
		return binary.LittleEndian.Uint64(name[n-8:]) | lowerBits
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(name))<<32 | uint64(binary.LittleEndian.Uint32(name[n-4:])) | lowerBits
	case n > 0:
		return uint64(name[0])<<16 | uint64(name[n/2])<<8 | uint64(name[n-1]) | lowerBits
	}
	return 0
}

// equalFold tells whether name is lower but for the case of its letters. lower is in lower case.
func equalFold(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range name {
		c := name[i]
		if c-'A' <= 'Z'-'A' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
