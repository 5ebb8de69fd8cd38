package redact

import "bytes"

// percent handles the % at in[i]: an encoded separator, an encoded digit, or an escape to step over, so that the digits
// of %20 are not taken for part of the number behind it.
func (s *scan) percent(i int) int {
	if i+2 >= len(s.in) || !isHex(s.in[i+1]) || !isHex(s.in[i+2]) {
		return i + 1
	}
	switch a, b := s.in[i+1], s.in[i+2]|0x20; {
	case s.in[i+1] == '3' && isDigit(s.in[i+2]):
		return s.card(i, i+3)
	case a == '3' && (b == 'a' || b == 'd'):
		if s.r.keys.mayEnd(s.in, i) {
			return s.fromEscape(s.keyed(i, i+3), i+3)
		}
	case a == '3' && b == 'e':
		if s.r.keys.mayEnd(s.in, i) {
			return s.fromEscape(s.tagged(i, i+3), i+3)
		}
	case a == '4' && b == '0' && s.r.cfg.EmailAddresses:
		return s.takeEmail(i, i+3)
	case a|0x20 == 'b' && isDigit(s.in[i+2]) && s.isTrackOne(i+2): // the % and B of track 1
		s.fresh = i + 2
		return i + 2
	}
	s.fresh = i + 3
	return i + 3
}

// fromEscape notes that a word begins at next when that is right behind an escape.
func (s *scan) fromEscape(next, behind int) int {
	if next == behind {
		s.fresh = next
	}
	return next
}

// isTrackOne tells whether the digits at in[i] are the card number of track 1.
func (s *scan) isTrackOne(i int) bool {
	start := i
	for i < len(s.in) && i-start <= maxCard && isDigit(s.in[i]) {
		i++
	}
	return i-start >= minCard-1 && i < len(s.in) && s.in[i] == '^'
}

// escape handles the backslashes at in[i]: an encoded separator or digit, or an escape to step over.
func (s *scan) escape(i int) int {
	end := i
	for end < len(s.in) && s.in[end] == '\\' {
		end++
	}
	if end >= len(s.in) {
		return end
	}
	next := end
	switch c := s.in[end]; {
	case c == 'n' || c == 'r':
		next = end + 1
		if first := fourBefore(s.in, i, s.fresh); first >= s.done && breakAt(s.in, i) > 0 {
			if on := s.card(first, next); on != next {
				return on
			}
		}
	case c == 't' || c == 'b' || c == 'f':
		next = end + 1
	case c == 'x' && end+2 < len(s.in) && isHex(s.in[end+1]) && isHex(s.in[end+2]):
		next = end + 3
	case c == 'u' && end+4 < len(s.in):
		next = end + 5
		if n, ok := s.unicode(i, end); ok {
			return n
		}
	default:
		return end
	}
	s.fresh = next
	return next
}

// unicode handles \u003x: an encoded digit, =, : or >.
func (s *scan) unicode(i, u int) (next int, ok bool) {
	if !bytes.HasPrefix(s.in[u:], []byte("u003")) {
		return 0, false
	}
	switch c := s.in[u+4]; {
	case isDigit(c):
		if u == i+1 {
			return s.card(i, u+5), true
		}
	case c|0x20 == 'd' || c|0x20 == 'a':
		return s.fromEscape(s.keyed(i, u+5), u+5), true
	case c|0x20 == 'e':
		return s.fromEscape(s.tagged(i, u+5), u+5), true
	}
	return 0, false
}

// wide handles the byte that begins ： and the full-width digits.
func (s *scan) wide(i int) int {
	if i+2 >= len(s.in) || s.in[i+1] != 0xBC {
		return i + 1
	}
	switch c := s.in[i+2]; {
	case c == 0x9A || c == 0x9D: // ： and ＝
		if s.r.keys.mayEnd(s.in, i) {
			return s.keyed(i, i+3)
		}
	case c >= 0x90 && c <= 0x99:
		return s.card(i, i+3)
	}
	return i + 3
}
