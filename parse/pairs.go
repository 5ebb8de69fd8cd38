package parse

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/internal/values"
)

const (
	// maxMined is how much of a message is searched for pairs.
	maxMined = 64 << 10
	// maxKey and maxValue are how long the name and the closed value of a pair may be, in bytes.
	maxKey   = 64
	maxValue = 8 << 10
	// maxFailures is how many texts of a message may look like an object and be none before no more are tried.
	maxFailures = 16
)

var (
	wideColon   = []byte("：")
	openCorner  = []byte("【")
	closeCorner = []byte("】")
)

// telling are the bytes of a message that something to find begins with or has in it.
var telling = func() (t [256]bool) {
	for _, c := range []byte("=:>{<") {
		t[c] = true
	}
	t[wideColon[0]] = true
	for _, word := range spentWords {
		t[word[0]] = true
	}
	return t
}()

// pairs adds as derived fields what a message says in the ways that gateways write: key=value, key: value, key：value,
// 【key】：value, forms (a=1&b=2), JSON objects, XML elements, and durations after 耗时, took and cost.
func (w *walker) pairs(text []byte) {
	text = text[:min(len(text), maxMined)]
	w.failures = 0
	for i := 0; i < len(text) && w.derived < maxDerived; {
		if !telling[text[i]] {
			i++
			continue
		}
		next := 0
		switch c := text[i]; c {
		case '=', ':':
			next = w.pair(text, i, i+1)
		case wideColon[0]:
			if bytes.HasPrefix(text[i:], wideColon) {
				next = w.pair(text, i, i+len(wideColon))
			}
		case '>':
			if i > 0 && text[i-1] == '-' {
				next = w.pair(text, i, i+1)
			}
		case '{':
			next = w.objectAt(text, i, nil)
		case '<':
			next = w.element(text, i)
		default:
			next = w.spent(text, i)
		}
		i = max(next, i+1)
	}
}

// pair reads the key before the separator from i to value and the value behind it. It returns the index after the
// value, or 0 when there is no pair.
func (w *walker) pair(text []byte, i, value int) int {
	key := keyBefore(text[:i])
	if key == nil {
		return 0
	}
	for value < len(text) && (text[value] == ' ' || text[value] == '>') {
		value++
	}
	if value == len(text) {
		return 0
	}
	rest := text[value:]
	if string(key) == "StatusCode" {
		w.wechatPay(text[:i])
	}
	switch c := rest[0]; {
	case c == '{':
		return w.objectAt(text, value, key)
	case c == '"' || c == '\'':
		return value + w.closed(key, rest, 1, []byte{c})
	case c == '[':
		if end := bytes.IndexByte(rest[:min(len(rest), maxValue)], ']'); end > 0 && bytes.IndexAny(rest[:end], "{=\n") < 0 {
			return value + w.closed(key, rest, 1, []byte{']'})
		}
	case bytes.HasPrefix(rest, openCorner):
		return value + w.closed(key, rest, len(openCorner), closeCorner)
	case c == '=' || text[i] == ':' && bytes.HasPrefix(rest, []byte("//")):
		return 0
	default:
		n := bareLen(rest)
		if n == 0 || text[i] != '=' && (bytes.IndexByte(rest[:n], '=') >= 0 || bytes.HasPrefix(rest, spentWords[0])) {
			// What stands behind the colon is itself a pair.
			return 0
		}
		return value + w.bare(key, rest, n)
	}
	return 0
}

// wechatSDK is what stands before the status in the errors of WeChat Pay's SDK for Go.
var (
	wechatSDK      = []byte("error http response:[StatusCode")
	wechatProvider = event.Field{Name: []byte("provider"), Value: []byte("wechatpay")}
)

// wechatPay says whose answer it is when before ends as an error of WeChat Pay's SDK begins. The error does not name
// the provider.
func (w *walker) wechatPay(before []byte) {
	if bytes.HasSuffix(before, wechatSDK) {
		w.derive(wechatProvider)
	}
}

// closed adds a value that begins at s[start] and ends before end, and returns the index after that; 0 when it does
// not end.
func (w *walker) closed(key, s []byte, start int, end []byte) int {
	s = s[:min(len(s), maxValue)]
	from, escaped := start, false
	for {
		n := bytes.Index(s[from:], end)
		if n < 0 {
			return 0
		}
		from += n
		if s[from-1] != '\\' || len(end) > 1 {
			break
		}
		escaped = true
		from += len(end)
	}
	w.derive(event.Field{Name: key, Value: s[start:from], Escaped: escaped})
	return from + len(end)
}

// bare adds the value without quotes in the first n bytes of s and returns its length, with the unit behind it.
func (w *walker) bare(key, s []byte, n int) int {
	value := s[:n]
	if d := values.MeasureLen(s); d > n {
		n, value = d, s[:d]
	}
	if bytes.IndexByte(value, '%') >= 0 {
		if value = w.formValue(value); len(value) > 1 && value[0] == '{' && w.embedded(value, key, 1) > 0 {
			return n
		}
	}
	w.derive(event.Field{Name: key, Value: value})
	return n
}

// endsBare are the ASCII characters that end a value without quotes.
var endsBare = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c <= ' ' || strings.IndexByte(",;&()]}<\"'", byte(c)) >= 0
	}
	return t
}()

// bareLen returns the length of a value that ends at white space or at punctuation, Chinese or not.
func bareLen(s []byte) int {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			if endsBare[c] {
				return i
			}
			i++
		default:
			r, n := utf8.DecodeRune(s[i:])
			if unicode.IsPunct(r) || r == '\u3000' {
				return i
			}
			i += n
		}
	}
	return len(s)
}

// keyBefore returns the name that text ends with, possibly in brackets or quotes, or nil.
func keyBefore(text []byte) []byte {
	text = bytes.TrimRight(text, " ->")
	if bytes.HasSuffix(text, closeCorner) {
		text = text[:len(text)-len(closeCorner)]
	} else if n := len(text); n > 0 && (text[n-1] == ']' || text[n-1] == '"' || text[n-1] == '\'') {
		text = text[:n-1]
	}
	start := len(text)
	for start > 0 {
		r, n := utf8.DecodeLastRune(text[:start])
		if !isKeyRune(r) || len(text)-start+n > maxKey {
			break
		}
		start -= n
	}
	key := bytes.Trim(text[start:], "-.")
	if len(key) == 0 || isDigit(key[0]) {
		return nil
	}
	return key
}

func isKeyRune(r rune) bool {
	if r < utf8.RuneSelf {
		c := byte(r)
		return isLetter(c) || isDigit(c) || c == '_' || c == '-' || c == '.'
	}
	return unicode.Is(unicode.Han, r)
}

// spentWords are words after which a duration stands without a separator.
var spentWords = [][]byte{[]byte("耗时"), []byte("用时"), []byte("took "), []byte("cost "), []byte("elapsed ")}

// spent reads "耗时12ms" at text[i] and returns the index after it, or 0. Without a unit it is no duration.
func (w *walker) spent(text []byte, i int) int {
	for _, word := range spentWords {
		if text[i] != word[0] || !bytes.HasPrefix(text[i:], word) || i > 0 && isLetter(text[i-1]) {
			continue
		}
		value := i + len(word)
		if n := values.MeasureLen(text[value:]); n > 0 {
			w.derive(event.Field{Name: bytes.TrimRight(word, " "), Value: text[value : value+n]})
			return value + n
		}
	}
	return 0
}
