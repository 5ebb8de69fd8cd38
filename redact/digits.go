package redact

import "bytes"

// A log may write the digit 4 as 4, %34, \u0034 or ４. The functions here read one such digit, or one separator between
// groups of digits, at a position.

// digitAt returns the digit that starts at in[i] and the number of its bytes, or a size of 0.
func digitAt(in []byte, i int) (value byte, size int) {
	if i >= len(in) {
		return 0, 0
	}
	switch c := in[i]; {
	case isDigit(c):
		return c - '0', 1
	case c == '%' && i+2 < len(in) && in[i+1] == '3' && isDigit(in[i+2]):
		return in[i+2] - '0', 3
	case c == '\\' && i+5 < len(in) && in[i+4] == '3' && isDigit(in[i+5]) && bytes.HasPrefix(in[i+1:], unicodeZero):
		return in[i+5] - '0', 6
	case c == 0xEF && i+2 < len(in) && in[i+1] == 0xBC && in[i+2] >= 0x90 && in[i+2] <= 0x99:
		return in[i+2] - 0x90, 3
	}
	return 0, 0
}

var unicodeZero = []byte("u00")

// separators are what may stand between the groups of a card number, the same one between all of them.
var separators = [...][]byte{
	[]byte(" "), []byte("-"), []byte("."), []byte("_"), []byte("+"),
	[]byte("%20"), []byte("%2D"), []byte("%2d"), []byte("%2B"), []byte("%2b"), []byte("\u00a0"),
}

// separatorAt returns the separator at in[i], or nil.
func separatorAt(in []byte, i int) []byte {
	for _, sep := range separators {
		if bytes.HasPrefix(in[i:], sep) {
			return sep
		}
	}
	return nil
}

// loose tells whether other numbers commonly stand beside a number with that separator between, as in a sentence. The
// other separators make longer ids.
func loose(sep []byte) bool {
	switch sep[0] {
	case '-', '.', '_':
		return false
	}
	return true
}

func isDigit(c byte) bool  { return c-'0' < 10 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isUpper(c byte) bool  { return c-'A' < 26 }
func isHex(c byte) bool    { return isDigit(c) || c|0x20-'a' < 6 }
