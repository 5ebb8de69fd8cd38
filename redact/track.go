package redact

import "bytes"

// Track data follows the card number on a magnetic stripe: track 2 is ;PAN=YYMM…? (and with D for = in chip data),
// track 1 is %BPAN^NAME^YYMM…?. None of it may be kept.

// minTrack is the least number of digits behind the sign: expiry date and service code.
const minTrack = 7

// maxTrack bounds how far the end sign is looked for.
const maxTrack = 120

// trackEnd returns where the track data behind the number c ends, or 0 when there is none.
func (s *scan) trackEnd(c *number) int {
	i := c.end()
	if i >= len(s.in) {
		return 0
	}
	switch {
	case s.in[i] == '^':
		return s.trackOneEnd(i + 1)
	case s.isTrackTwo(i):
		return s.trackTwoEnd(i + 1)
	case s.in[i] == '=' && c.from[0] > 0 && s.in[c.from[0]-1] == ';' && i+1 < len(s.in) && isDigit(s.in[i+1]):
		return s.trackTwoEnd(i + 1)
	}
	return 0
}

// isTrackTwo tells whether the sign at in[i] is followed by track 2 data.
func (s *scan) isTrackTwo(i int) bool {
	if c := s.in[i]; c != '=' && c|0x20 != 'd' {
		return false
	}
	n := 0
	for i++; i < len(s.in) && isDigit(s.in[i]); i++ {
		n++
	}
	return n >= minTrack
}

func (s *scan) trackTwoEnd(i int) int {
	for i < len(s.in) && isHex(s.in[i]) {
		i++
	}
	return i
}

// trackOneEnd finds the end sign, or what cannot be in a track.
func (s *scan) trackOneEnd(i int) int {
	text := s.in[i:min(len(s.in), i+maxTrack)]
	if end := bytes.IndexAny(text, "?\"'\\<>&\n"); end >= 0 {
		return i + end
	}
	return i + len(text)
}
