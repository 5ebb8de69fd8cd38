package parse

import (
	"encoding/binary"
	"math/bits"

	"gatewatch/internal/values"
)

// scanner reads JSON text strictly by RFC 8259, because Elasticsearch refuses what is not.
type scanner struct {
	b []byte
	// high tells that a byte beyond ASCII was seen, so that the text may not be UTF-8.
	high bool
	// problem and at say what is wrong first, and at which byte.
	problem string
	at      int
}

// fail notes the first problem and returns -1, which the callers hand on.
func (s *scanner) fail(problem string, at int) int {
	if s.problem == "" {
		s.problem, s.at = problem, at
	}
	return -1
}

// byteAt returns the byte at i, or 0 behind the end: a zero byte is never valid between tokens.
func (s *scanner) byteAt(i int) byte {
	if i < len(s.b) {
		return s.b[i]
	}
	return 0
}

// space returns the index of the first byte at or after i that is not white space.
func (s *scanner) space(i int) int {
	for i < len(s.b) && (s.b[i] == ' ' || s.b[i] == '\t' || s.b[i] == '\n' || s.b[i] == '\r') {
		i++
	}
	return i
}

// unexpected fails at i, where the text ends or has another byte than the grammar asks for.
func (s *scanner) unexpected(i int) int {
	if i >= len(s.b) {
		return s.fail("cut off", len(s.b))
	}
	return s.fail("unexpected character", i)
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
)

// stringEnd returns the index of the quote that closes the string whose first byte is at i, and whether the string
// has escapes; -1 when the string is not valid.
func (s *scanner) stringEnd(i int) (end int, escaped bool) {
	b := s.b
	for {
		// Eight bytes at a time up to the first quote, backslash, control character or byte beyond ASCII. A borrow
		// can mark a byte after the first real one, never before it.
		for i+8 <= len(b) {
			v := binary.LittleEndian.Uint64(b[i:])
			quotes, slashes, controls := v^'"'*eachByte, v^'\\'*eachByte, v-' '*eachByte
			if m := (((quotes-eachByte)|(slashes-eachByte)|controls)&^v | v) & highBits; m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return s.fail("cut off inside a string", len(b)), false
		}
		switch c := b[i]; {
		case c == '"':
			return i, escaped
		case c == '\\':
			escaped = true
			if i = s.escapeEnd(i); i < 0 {
				return -1, false
			}
		case c < ' ':
			return s.fail("control character inside a string", i), false
		default:
			if c >= 0x80 {
				s.high = true
			}
			// Text beyond ASCII comes in runs, and the loop above would stop at each of its bytes.
			for i++; i < len(b) && b[i] >= 0x80; i++ {
			}
		}
	}
}

// escapeEnd returns the index after the escape whose backslash is at i.
func (s *scanner) escapeEnd(i int) int {
	switch s.byteAt(i + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		for k := i + 2; k < i+6; k++ {
			if values.HexValue(s.byteAt(k)) < 0 {
				return s.fail("wrong \\u escape", i)
			}
		}
		return i + 6
	}
	return s.fail("wrong escape", i)
}

// numberEnd returns the index after the number that begins at i.
func (s *scanner) numberEnd(i int) int {
	if s.byteAt(i) == '-' {
		i++
	}
	if s.byteAt(i) == '0' {
		i++
	} else if i = s.digits(i); i < 0 {
		return -1
	}
	if s.byteAt(i) == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if c := s.byteAt(i); c == 'e' || c == 'E' {
		i++
		if c := s.byteAt(i); c == '+' || c == '-' {
			i++
		}
		return s.digits(i)
	}
	return i
}

// digits returns the index after the digits at i, of which there must be one.
func (s *scanner) digits(i int) int {
	start := i
	for i < len(s.b) && s.b[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return s.unexpected(i)
	}
	return i
}

// literalEnd returns the index after word, which must stand at i.
func (s *scanner) literalEnd(i int, word string) int {
	if len(s.b)-i < len(word) || string(s.b[i:i+len(word)]) != word {
		return s.unexpected(i)
	}
	return i + len(word)
}
