package event

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// plain marks the bytes that stand for themselves inside a JSON string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return t
}()

// AppendJSONString appends s as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
func AppendJSONString[T []byte | string](dst []byte, s T) []byte {
	return append(appendEscaped(append(dst, '"'), s), '"')
}

// appendEscaped appends s as the inside of a JSON string.
func appendEscaped[T []byte | string](dst []byte, s T) []byte {
	i := plainLen(s)
	if i == len(s) {
		return append(dst, s...)
	}
	start := 0
	for i < len(s) {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			if size = validRune(s, i); size > 0 {
				i += size
				continue
			}
			size = 1
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

// plainLen returns the number of bytes, from the first on, that are sure to stand for themselves. It looks at eight at a
// time, and stops before eight of which one does not.
func plainLen[T []byte | string](s T) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if special(eight(s[i:])) {
			return i
		}
	}
	if i == len(s) || i > 0 && !special(eight(s[len(s)-8:])) {
		return len(s)
	}
	for i < len(s) && plain[s[i]] {
		i++
	}
	return i
}

// eight returns the first eight bytes of s as a number; the compiler makes one load of it.
func eight[T []byte | string](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// special tells whether one of the eight bytes of v is not plain. The high bit of each byte tells: behind a subtraction
// of what is below ' ', of '"' and of '\\' turned into 0, behind an addition of 0x7F, and by itself of what is not ASCII.
func special(v uint64) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	hits := (v - ' '*each) | ((v ^ '"'*each) - each) | ((v ^ '\\'*each) - each) | (v + each)
	return (hits|v)&high != 0
}

// validRune returns the length of the UTF-8 sequence at s[i], or 0 when there is none.
func validRune[T []byte | string](s T, i int) int {
	r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
	if r == utf8.RuneError && n <= 1 {
		return 0
	}
	return n
}

func appendEscape(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c >= utf8.RuneSelf:
		return append(dst, "\uFFFD"...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
