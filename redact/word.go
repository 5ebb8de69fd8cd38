package redact

import (
	"bytes"
	"strings"
)

// beside is how far from a number a word may stand to say that it is a card's.
const (
	besideBefore = 40
	besideAfter  = 16
)

// cardWords are the words, and parts of joined words, that say that the number beside them is a card's.
var cardWords = [...]string{
	"card", "cards", "pan", "cc", "cardno", "cardnum", "cardnumber", "bankcard", "creditcard", "debitcard", "accno",
	"visa", "mastercard", "amex", "diners", "jcb", "discover", "unionpay", "maestro",
}

var cardCharacter = []byte("卡")

// cardWordBefore looks for a card word between the number at i and the last thing that ends a phrase. It looks at what
// is already redacted, so that a second pass sees the same.
func (s *scan) cardWordBefore(i int) bool {
	var window [2 * besideBefore]byte
	text := window[:0]
	if i-s.done < besideBefore {
		text = append(text, s.out[max(0, len(s.out)-besideBefore):]...)
	}
	text = append(text, s.in[max(s.done, i-besideBefore):i]...)
	text = text[max(0, len(text)-besideBefore):]
	text = bytes.TrimSuffix(bytes.TrimRight(text, `,;"'`), []byte("&nbsp")) // card,4222… is a table
	if cut := bytes.LastIndexAny(text, ",;}&"); cut >= 0 {
		text = text[cut+1:]
	}
	return bytes.Contains(text, cardCharacter) || hasCardWord(text)
}

// cardWordAfter looks at the first word behind the number that ends at i.
func (s *scan) cardWordAfter(i int) bool {
	text := s.in[i:min(len(s.in), i+besideAfter)]
	text = bytes.TrimLeft(text, " (\t")
	n := 0
	for n < len(text) && isLetter(text[n]) {
		n++
	}
	return hasCardWord(text[:n]) || bytes.HasPrefix(text, cardCharacter)
}

// hasCardWord splits text into words, also at the humps of camelCase, and looks for a card word.
func hasCardWord(text []byte) bool {
	for i := 0; i < len(text); {
		if !isLetter(text[i]) {
			i += escapeLength(text[i:])
			continue
		}
		start := i
		for i++; i < len(text) && isLetter(text[i]) && !(isUpper(text[i]) && !isUpper(text[i-1])); i++ {
		}
		for _, word := range cardWords {
			if len(word) == i-start && strings.EqualFold(word, string(text[start:i])) {
				return true
			}
		}
	}
	return false
}

// escapeLength returns the length of the escape that text begins with (%3F, \n, \x22, \u0026), or 1: its letters are
// none of the word behind it.
func escapeLength(text []byte) int {
	switch {
	case text[0] == '%' && len(text) > 2 && isHex(text[1]) && isHex(text[2]):
		return 3
	case text[0] == '\\' && len(text) > 1:
		switch text[1] {
		case 'n', 'r', 't', 'b', 'f':
			return 2
		case 'x':
			return 4
		case 'u':
			return 6
		}
	}
	return 1
}
