package journal

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// Which tokens a block's filter holds. A token that appears in nearly every block, or whose like fill every number,
// would make the filter large and skip nothing. A query asks the filter about the same tokens only.
const (
	// minToken is the shortest word.
	minToken = 3
	// minDigits is the shortest word that has a digit: identifiers, not counts.
	minDigits = 6
	// minNumber is the shortest number outside of quotes, or word of digits alone that may be one: order numbers and
	// the like, not durations and amounts.
	minNumber = 12
)

// The classes of bytes in text, as bits: whether a byte is a letter or a digit cannot be predicted in identifiers, so
// one test asks for both. All other bytes are 0.
const (
	letter = 1 << iota // A-Z a-z _
	digit
	wide   // part of a rune that is not ASCII
	escape // the backslash
)

var classes = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = wide
		case c >= '0' && c <= '9':
			t[c] = digit
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			t[c] = letter
		case c == '\\':
			t[c] = escape
		}
	}
	return t
}()

// inWord tells whether c is part of a word: a letter or digit of ASCII, or the underscore.
func inWord(c byte) bool { return classes[c]&(letter|digit) != 0 }

// appendTokens appends the hashes of the tokens in text that a filter holds: words, and pairs of neighbouring runes
// that are not ASCII, so that a search for two Chinese characters finds them within a longer run. text is the inside
// of a JSON string, folded to lower case; digits is the least length of a word of digits alone.
func appendTokens(dst []uint64, text []byte, digits int) []uint64 {
	for i := 0; i < len(text); {
		switch classes[text[i]] {
		case letter, digit:
			end, kinds := wordEnd(text, i)
			if indexed(end-i, kinds, digits) {
				dst = append(dst, xxhash.Sum64(text[i:end]))
			}
			i = end
		case wide:
			end := wideEnd(text, i)
			dst = appendBigrams(dst, text[i:end])
			i = end
		case escape:
			i += escapeLen(text[i:])
		default:
			i++
		}
	}
	return dst
}

// wordEnd returns where the word that begins at text[i] ends, and the set of the classes in it.
func wordEnd(text []byte, i int) (end int, kinds byte) {
	for ; i < len(text); i++ {
		c := classes[text[i]]
		if c&(letter|digit) == 0 {
			break
		}
		kinds |= c
	}
	return i, kinds
}

func wideEnd(text []byte, i int) int {
	for i < len(text) && text[i] >= utf8.RuneSelf {
		i++
	}
	return i
}

// indexed tells whether a filter holds words of that length with those classes in them.
func indexed(length int, kinds byte, digits int) bool {
	switch kinds {
	case letter:
		return length >= minToken
	case digit:
		return length >= digits
	}
	return length >= minDigits
}

func appendBigrams(dst []uint64, text []byte) []uint64 {
	last := rune(0)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if last != 0 {
			dst = append(dst, bigramHash(last, r))
		}
		last, text = r, text[n:]
	}
	return dst
}

func bigramHash(a, b rune) uint64 {
	var pair [8]byte
	binary.LittleEndian.PutUint32(pair[:], uint32(a))
	binary.LittleEndian.PutUint32(pair[4:], uint32(b))
	return xxhash.Sum64(pair[:])
}

// escapeLen returns the length of the JSON escape that text begins with.
func escapeLen(text []byte) int {
	if len(text) > 1 && text[1] == 'u' {
		return min(6, len(text))
	}
	return min(2, len(text))
}

// foldCase appends src to dst with the letters of ASCII in lower case.
func foldCase(dst, src []byte) []byte {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	for len(src) >= 8 {
		v := binary.LittleEndian.Uint64(src)
		// A byte's high bit is set in upper when the byte is between A and Z.
		low := v &^ high
		upper := (low + (0x80-'A')*ones) &^ (low + (0x80-'Z'-1)*ones) &^ v & high
		dst = binary.LittleEndian.AppendUint64(dst, v|upper>>2)
		src = src[8:]
	}
	for _, c := range src {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
