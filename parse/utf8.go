package parse

import (
	"bytes"
	"unicode/utf8"
)

var bom = []byte("\uFEFF")

// trimBOM returns b without a byte order mark, which some writers put at the start of each file.
func trimBOM(b []byte) []byte { return bytes.TrimPrefix(b, bom) }

// validText returns b when it is UTF-8, and otherwise a copy in which each byte that is not is written \xNN, so that
// a text in another encoding can still be recovered.
func validText(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return appendValid(nil, b, `\x`)
}

// appendValid appends b with each byte that is not UTF-8 as prefix and two hexadecimal digits.
func appendValid(dst, b []byte, prefix string) []byte {
	const digits = "0123456789abcdef"
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, prefix...)
			dst = append(dst, digits[b[0]>>4], digits[b[0]&15])
		} else {
			dst = append(dst, b[:n]...)
		}
		b = b[n:]
	}
	return dst
}
