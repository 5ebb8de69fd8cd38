package parse

import (
	"bytes"

	"gatewatch/event"
)

// maxStrangers is how many records may differ from a shape before another one is learned.
const maxStrangers = 32

// shape is the names of a record's members in their order. The records of a log mostly have the same, and a name that
// is expected is only compared: not scanned, not checked for escapes, not looked for among the ones before.
type shape struct {
	// members are the names with their quotes and the colon.
	members [][]byte
	layout  *event.Layout
	// strangers counts the records that had other names.
	strangers int
}

// name returns the name of an expected member.
func (s *shape) name(k int) []byte {
	m := s.members[k]
	return m[1 : len(m)-2]
}

// differs notes that a record has other names than s, and makes them the expected ones when that happens often.
// unusual tells that the names may be repeated, which a shape must not be.
func (s *shape) differs(fields []event.Field, unusual bool) {
	if s.strangers++; unusual || s.members != nil && s.strangers < maxStrangers {
		return
	}
	s.strangers = 0
	s.members, s.layout = s.members[:0:0], new(event.Layout)
	var text []byte
	for i := range fields {
		if f := &fields[i]; !f.Derived && len(s.members) < fewNames {
			start := len(text)
			text = append(append(append(text, '"'), f.Name...), '"', ':')
			s.members = append(s.members, text[start:len(text):len(text)])
		}
	}
}

// follow reads the name at i when it is the expected one, and returns the index of its value; -1 when it is not.
func (s *shape) follow(b []byte, i, k int) int {
	if k < len(s.members) && bytes.HasPrefix(b[i:], s.members[k]) {
		return i + len(s.members[k])
	}
	return -1
}
