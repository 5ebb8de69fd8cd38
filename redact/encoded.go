package redact

import (
	"encoding/base64"
	"encoding/hex"
)

// Gateways log bodies as they came: in base64 or hex. A long run of such letters that decodes to text is redacted in
// that text, and written again.

const (
	// minEncoded is the shortest run that is looked at: 22 bytes in base64, 15 in hex.
	minEncoded = 30
	// maxDepth is how many times over a text may be encoded.
	maxDepth = 2
)

// sextets are the values of the letters of base64, of both alphabets, and notEncoded for all other bytes.
var sextets = sextetTable()

const notEncoded = 0xFF

func sextetTable() (t [256]byte) {
	for i := range t {
		t[i] = notEncoded
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range letters {
		t[letters[i]] = byte(i)
	}
	t['+'], t['-'], t['/'], t['_'] = 62, 62, 63, 63
	return t
}

// What a byte may be in encoded text.
const (
	inBase64 uint8 = 1 << iota
	inHex
	noSign       // a letter or a digit
	beginsHex    // of a printable ASCII character
	beginsBase64 // of three bytes, the first of them printable ASCII
)

// letters says of each byte what it may be.
var letters = letterTable()

func letterTable() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		if sextets[c] != notEncoded {
			t[i] |= inBase64
		}
		if isHex(c) {
			t[i] |= inHex
		}
		if isLetter(c) || isDigit(c) {
			t[i] |= noSign
		}
		if c >= '2' && c <= '7' {
			t[i] |= beginsHex
		}
		if sextets[c] >= ' '>>2 && sextets[c] < 0x80>>2 {
			t[i] |= beginsBase64
		}
	}
	return t
}

// encodedIn redacts the encoded texts in in[from:to]. They lie between two stops.
func (s *scan) encodedIn(from, to int) {
	in := s.in[:to]
	for end := from + minEncoded; end <= len(in); end = from + minEncoded {
		start, all := end, inBase64|inHex|noSign
		for start > from && all&letters[in[start-1]] != 0 {
			start--
			all &= letters[in[start]]
		}
		if end-start < minEncoded {
			from = start
			continue
		}
		for end < len(in) && letters[in[end]] != 0 {
			all &= letters[in[end]]
			end++
		}
		s.decodable(start, end, all)
		from = max(end, s.done)
	}
}

// decodable redacts what the run in[from:to] decodes to. all is what all of its letters may be.
func (s *scan) decodable(from, to int, all uint8) {
	switch {
	case s.takeToken(from, to), s.depth == maxDepth:
	case all&inHex != 0:
		s.hexIn(from, to)
	case all&noSign != 0 || !s.hexParts(from, to):
		s.base64In(from, to)
	}
}

// hexParts redacts the texts in hex in the run in[from:to], parts of a path perhaps. It tells whether there are any.
func (s *scan) hexParts(from, to int) (found bool) {
	for start := from; to-start >= minEncoded; {
		end := start
		for end < to && isHex(s.in[end]) {
			end++
		}
		if end-start >= minEncoded && s.hexIn(start, end) {
			found = true
		}
		start = end + 1
	}
	return found
}

// hexIn redacts the text that in[from:to] is in hex, if it is.
func (s *scan) hexIn(from, to int) bool {
	for phase := range 2 {
		run := s.in[from+phase : to]
		if isText(run, 2, beginsHex) {
			s.decoded(from+phase, to-len(run)%2, fromHex(nil, run), appendHex)
			return true
		}
	}
	return false
}

// base64In redacts the text in base64 in the run in[from:to]. Letters before the text, as of a path, may belong to the run.
func (s *scan) base64In(from, to int) {
	for phase := range 4 {
		run := s.in[from+phase : to]
		if !isText(run, 4, beginsBase64) {
			continue
		}
		encoding := base64.StdEncoding
		for _, c := range run {
			if c == '-' || c == '_' {
				encoding = base64.URLEncoding
				break
			}
		}
		padded := to
		for padded < len(s.in) && padded-to < 2 && s.in[padded] == '=' {
			padded++
		}
		if padded == to {
			encoding = encoding.WithPadding(base64.NoPadding)
		}
		s.decoded(from+phase, padded, fromBase64(nil, run), encoding.AppendEncode)
		return
	}
}

// decoded redacts text, which in[from:to] decodes to, and puts it back.
func (s *scan) decoded(from, to int, text []byte, encode func(dst, text []byte) []byte) {
	inner := scan{r: s.r, in: text, depth: s.depth + 1}
	var found []Finding
	if s.found != nil {
		inner.found = &found
	}
	clean := inner.clean()
	if inner.changes == 0 {
		return
	}
	for _, f := range found {
		f.At = from
		*s.found = append(*s.found, f)
	}
	s.out = append(s.out, s.in[s.done:from]...)
	s.out = encode(s.out, clean)
	s.done, s.fresh = to, to
	s.changes += inner.changes
	s.cardData += inner.cardData
}

// isText tells whether some stretch of run decodes to plain ASCII text, as far as the first letters of each unit tell:
// every second letter in hex, every fourth in base64.
func isText(run []byte, unit int, begins uint8) bool {
	const enough = 24
	plain := 0
	for k := 0; plain < enough && plain+len(run)-k >= enough && k < len(run); k += unit {
		if plain += unit; letters[run[k]]&begins == 0 {
			plain = 0
		}
	}
	return plain >= enough
}

// fromHex appends what run stands for, up to its last whole byte.
func fromHex(dst, run []byte) []byte {
	for i := 0; i+1 < len(run); i += 2 {
		dst = append(dst, nibble(run[i])<<4|nibble(run[i+1]))
	}
	return dst
}

func nibble(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func appendHex(dst, text []byte) []byte { return hex.AppendEncode(dst, text) }

// fromBase64 appends what run stands for.
func fromBase64(dst, run []byte) []byte {
	for ; len(run) >= 4; run = run[4:] {
		a, b, c, d := sextets[run[0]], sextets[run[1]], sextets[run[2]], sextets[run[3]]
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	if len(run) >= 2 {
		dst = append(dst, sextets[run[0]]<<2|sextets[run[1]]>>4)
	}
	if len(run) == 3 {
		dst = append(dst, sextets[run[1]]<<4|sextets[run[2]]>>2)
	}
	return dst
}
