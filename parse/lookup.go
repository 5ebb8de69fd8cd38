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

// weights gives each byte of a name its part in the name's hash: equal for bytes that are compared as equal, 0 for
// those left out. The hash is their sum, which a processor finds faster than one in which the order counts.
var weights = func() (t [256]uint32) {
	for i := range t {
		x := uint32(folded[i]) * 0x9E3779B1
		t[i] = (x ^ x>>15) * 0x85EBCA77
	}
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

// is tells whether name is e's when folded.
func (e *entry) is(name []byte) bool {
	n := 0
	for _, c := range name {
		if c = folded[c]; c == 0 {
			continue
		}
		if n == len(e.name) || e.name[n] != c {
			return false
		}
		n++
	}
	return n == len(e.name)
}

// lookup is a hash table from folded names to entries that is not changed after it is built. It folds, hashes and
// compares without allocating, which a map could not.
type lookup struct {
	slots []*entry
	shift uint32
}

func newLookup(entries map[string]*entry) *lookup {
	l := &lookup{make([]*entry, 2), 31}
	for len(l.slots) < 8*len(entries) {
		l.slots = make([]*entry, 2*len(l.slots))
		l.shift--
	}
	for name, e := range entries {
		hash := uint32(0)
		for i := range len(name) {
			hash += weights[name[i]]
		}
		i := int(hash >> l.shift)
		for l.slots[i] != nil {
			i = (i + 1) & (len(l.slots) - 1)
		}
		l.slots[i] = e
	}
	return l
}

// find returns the entry of name, or nil, and the index of the last dot in name, or -1.
func (l *lookup) find(name []byte) (e *entry, dot int) {
	hash := uint32(0)
	dot = -1
	for i, c := range name {
		hash += weights[c]
		if c == '.' {
			dot = i
		}
	}
	for i := int(hash >> l.shift); ; i = (i + 1) & (len(l.slots) - 1) {
		if e = l.slots[i]; e == nil || e.is(name) {
			return e, dot
		}
	}
}
