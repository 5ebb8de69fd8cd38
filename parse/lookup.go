package parse

import "gatewatch/event"

// scope says where a name means its fact.
type scope uint8

const (
	topOnly scope = iota
	envelopeOnly
	anywhere
)

// sense is one fact that a name can mean.
type sense struct {
	fact  event.Key
	scope scope
	unit  unit
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

// maxName is how long a field name may be to be looked up, in bytes; no known name comes near.
const maxName = 128

// folded maps each byte of a field name to what it is compared as; 0 is left out.
var folded = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		t[i] = c
	}
	t['_'], t['-'], t[' '] = 0, 0, 0
	return t
}()

// fold returns name as names are compared: in lower case, without "_", "-" and spaces.
func fold(name string) string {
	var b []byte
	for i := range len(name) {
		if c := folded[name[i]]; c != 0 {
			b = append(b, c)
		}
	}
	return string(b)
}

// lookup is a hash table from folded names to entries that is not changed after it is built. It folds and hashes a
// name in one pass and does not allocate, which a map could not.
type lookup struct {
	slots []*entry
	mask  uint32
}

func newLookup(entries map[string]*entry) *lookup {
	size := 1
	for size < 4*len(entries) {
		size *= 2
	}
	l := &lookup{make([]*entry, size), uint32(size - 1)}
	for name, e := range entries {
		hash := uint32(0)
		for i := range len(name) {
			hash = mix(hash, name[i])
		}
		i := spread(hash) & l.mask
		for l.slots[i] != nil {
			i = (i + 1) & l.mask
		}
		l.slots[i] = e
	}
	return l
}

// find returns the entry of name, or nil.
func (l *lookup) find(name []byte) *entry {
	if len(name) > maxName {
		return nil
	}
	var buf [maxName]byte
	n, hash := 0, uint32(0)
	for _, c := range name {
		if c = folded[c]; c != 0 {
			buf[n] = c
			n++
			hash = mix(hash, c)
		}
	}
	for i := spread(hash) & l.mask; ; i = (i + 1) & l.mask {
		e := l.slots[i]
		if e == nil || e.name == string(buf[:n]) {
			return e
		}
	}
}

func mix(hash uint32, c byte) uint32 { return hash*31 + uint32(c) }

func spread(hash uint32) uint32 { return hash ^ hash>>11 ^ hash>>17 }
