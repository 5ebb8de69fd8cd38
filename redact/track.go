package redact

import "bytes"

// Track data follows the card number on a magnetic stripe: track 2 is ;PAN=YYMM…? (and with D for = in chip data),
// track 1 is %BPAN^NAME^YYMM…?. None of it may be kept.

// minTrack is the least number of digits behind the sign: expiry date and service code.
const minTrack = 7

// maxTrack bounds how far the end sign is looked for.
const maxTrack = 120

// trackEnd returns where the track data behind the number c begins and ends, or 0, 0 when there is none.
func (s *scan) trackEnd(c *number) (from, to int) {
	i := c.end()
	if sign := signAt(s.in, i, "^", "%5E", "%5e"); sign > 0 {
		return i + sign, s.trackOneEnd(i + sign)
	}
	sign := signAt(s.in, i, "=", "%3D", "%3d", `\u003d`)
	from = i + max(sign, 1) // or behind the D
	sentinel := c.from[0] > 0 && (s.in[c.from[0]-1] == ';' || bytes.HasSuffix(s.in[:c.from[0]], encodedSentinel))
	if s.isTrackTwo(i) || sign > 0 && sentinel && from < len(s.in) && isDigit(s.in[from]) {
		return from, s.trackTwoEnd(from)
	}
	return 0, 0
}

var encodedSentinel = []byte("%3B")

// signAt returns the length of the one of the signs that stands at in[i], or 0.
func signAt(in []byte, i int, signs ...string) int {
	for _, sign := range signs {
		if bytes.HasPrefix(in[i:], []byte(sign)) {
			return len(sign)
		}
	}
	return 0
}

// isTrackTwo tells whether the sign at in[i] is followed by track 2 data.
func (s *scan) isTrackTwo(i int) bool {
	i += signAt(s.in, i, "=", "D", "d", "%3D", "%3d", `\u003d`)
	n := 0
	for ; i < len(s.in) && isDigit(s.in[i]); i++ {
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
