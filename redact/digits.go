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
	[]byte("  "), []byte(" - "), []byte(" "), []byte("-"), []byte("."), []byte("_"), []byte("+"), []byte("%2520"), []byte(`\u0020`),
	[]byte("%20"), []byte("%2D"), []byte("%2d"), []byte("%2B"), []byte("%2b"), []byte("\t"), []byte("\u00a0"), []byte("\u2009"),
	[]byte("\u202f"), []byte("\u3000"), []byte("\u2010"), []byte("\u2011"), []byte("\u2013"), []byte("\u2212"),
}

// separatorAt returns the separator at in[i], or nil.
func separatorAt(in []byte, i int) []byte {
	if i >= len(in) {
		return nil
	}
	for _, sep := range separators {
		if bytes.HasPrefix(in[i:], sep) {
			return sep
		}
	}
	return nil
}

// maxIndent bounds the white space at the beginning of a line that goes on with a number.
const maxIndent = 16

// breakAt returns the length of the line break at in[i], which may be escaped, and of what stands before the text of the
// line behind it, or 0.
func breakAt(in []byte, i int) int {
	at := i
	for at < len(in) && (in[at] == '\\' || in[at] == '\r') {
		at++
	}
	if escaped := at > i && in[at-1] == '\\'; escaped && bytes.HasPrefix(in[at:], []byte(`r\n`)) {
		at += 2
	} else if at >= len(in) || in[at] != '\n' && !(escaped && in[at] == 'n') {
		return 0
	}
	at = indentEnd(in, at+1)
	for _, mark := range continuations {
		if bytes.HasPrefix(in[at:], mark) {
			return indentEnd(in, at+len(mark)) - i
		}
	}
	return at - i
}

// continuations are what tools put before a line that goes on with the one above, behind its indentation.
var continuations = [...][]byte{[]byte("at "), []byte("... "), []byte("| "), []byte("> ")}

// indentEnd returns where the white space at in[i] ends, in which a tab may be escaped.
func indentEnd(in []byte, i int) int {
	for end := min(len(in), i+maxIndent); i < end; i++ {
		switch {
		case in[i] == ' ' || in[i] == '\t':
		case in[i] == '\\' && i+1 < end && in[i+1] == 't':
			i++
		default:
			return i
		}
	}
	return i
}

// goesOn tells whether there may be a digit behind a separator or a line break at in[i].
func goesOn(in []byte, i int) bool {
	if i+4 < len(in) && isDigit(in[i+4]) && isDigit(in[i+3]) {
		return true
	}
	n := breakAt(in, i)
	return n > 0 && i+n < len(in) && isDigit(in[i+n])
}

// fourBefore returns where the run of four digits that ends at in[i] begins, or -1. At in[begin] a number begins, whatever
// is before it.
func fourBefore(in []byte, i, begin int) int {
	if i < 4 || !isDigit(in[i-1]) || !isDigit(in[i-2]) || !isDigit(in[i-3]) || !isDigit(in[i-4]) || i > 4 && i-4 != begin && isDigit(in[i-5]) {
		return -1
	}
	return i - 4
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
