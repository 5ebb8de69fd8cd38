package redact

import "bytes"

// quote is how a string is enclosed: a sign that may be escaped, once for each string that the string stands in
// (" \" \\\"), or an encoded sign (%22 in URLs, \x22 in nginx logs, \u0022 in JSON, &quot; in XML).
type quote struct {
	text    []byte // as it stands in the record
	sign    byte   // " or ', or 0 for an encoded sign
	slashes int    // backslashes before the sign
	escape  []byte // what stands before an encoded sign inside the string
}

// encodedQuotes lists the encoded signs, and the encoded backslash that may stand before them.
var encodedQuotes = [...]struct{ sign, escape []byte }{
	{[]byte("%22"), []byte("%5C")},
	{[]byte("%27"), []byte("%5C")},
	{[]byte(`\x22`), []byte(`\x5C`)},
	{[]byte(`\u0022`), []byte(`\\`)},
	{[]byte(`\u0027`), []byte(`\\`)},
	{[]byte("&quot;"), nil},
	{[]byte("&#34;"), nil},
}

// maxSlashes bounds the backslashes of a quote: five strings within each other have 31.
const maxSlashes = 31

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// escapes returns how many of n backslashes escape a quote: each string around it doubles them and adds one, so that
// there are 0, 1, 3, 7 …
func escapes(n int) int {
	e := 0
	for 2*e+1 <= n && 2*e+1 <= maxSlashes {
		e = 2*e + 1
	}
	return e
}

// quoteBefore returns the quote that ends at end, if one does.
func quoteBefore(in []byte, end int) (q quote, ok bool) {
	if end == 0 {
		return q, false
	}
	if c := in[end-1]; isQuote(c) {
		n := escapes(slashesBefore(in, end-1))
		return quote{text: in[end-1-n : end], sign: c, slashes: n}, true
	}
	for i := range encodedQuotes {
		e := &encodedQuotes[i]
		if bytes.HasSuffix(in[:end], e.sign) {
			start := end - len(e.sign)
			for len(e.escape) > 0 && bytes.HasSuffix(in[:start], e.escape) {
				start -= len(e.escape)
			}
			return quote{text: in[start:end], escape: e.escape}, true
		}
	}
	return q, false
}

// quoteAt returns the quote that begins at i, if one does.
func quoteAt(in []byte, i int) (q quote, ok bool) {
	end := i
	for end < len(in) && in[end] == '\\' && end-i <= maxSlashes {
		end++
	}
	if end < len(in) && isQuote(in[end]) {
		if end-i != escapes(end-i) {
			return q, false
		}
		return quote{text: in[i : end+1], sign: in[end], slashes: end - i}, true
	}
	for k := range encodedQuotes {
		e := &encodedQuotes[k]
		start := i
		for len(e.escape) > 0 && bytes.HasPrefix(in[start:], e.escape) {
			start += len(e.escape)
		}
		if bytes.HasPrefix(in[start:], e.sign) {
			return quote{text: in[i : start+len(e.sign)], escape: e.escape}, true
		}
	}
	return q, false
}

// end returns where the content that begins at from, behind the opening quote, ends: before the closing quote, or, when
// that is missing, where the line or the enclosing string ends.
func (q *quote) end(in []byte, from int) int {
	if q.sign == 0 {
		return q.encodedEnd(in, from)
	}
	for i := from; i < len(in); i++ {
		switch c := in[i]; {
		case c == '\n':
			return i
		case c == q.sign:
			n := min(slashesBefore(in, i), i-from)
			if closed, outer := closes(n, q.slashes); outer {
				return i - n%2
			} else if closed {
				return i - q.slashes
			}
		case c == '"': // of an enclosing string, when ours is '
			return i - min(slashesBefore(in, i), i-from)
		}
	}
	return len(in)
}

// closes tells whether a sign with n backslashes before it closes a string whose opening sign had depth of them;
// outer, that it closes a string around that one.
func closes(n, depth int) (closed, outer bool) {
	for ; depth > 0; n, depth = (n-1)/2, (depth-1)/2 {
		if n%2 == 0 {
			return false, true
		}
	}
	return n%2 == 0, false
}

func (q *quote) encodedEnd(in []byte, from int) int {
	sign := q.text[len(q.text)-len(signOf(q.text)):]
	for i := from; i < len(in); i++ {
		switch c := in[i]; {
		case c == '\n' || c == '"' || c == ' ' && sign[0] == '%':
			return i - min(slashesBefore(in, i), i-from)
		case c == sign[0] && bytes.HasPrefix(in[i:], sign),
			len(q.escape) > 0 && c == q.escape[0] && bytes.HasPrefix(in[i:], q.escape):
			return i
		}
	}
	return len(in)
}

// signOf returns the encoded sign at the end of text, which may have escapes before it.
func signOf(text []byte) []byte {
	for i := range encodedQuotes {
		if bytes.HasSuffix(text, encodedQuotes[i].sign) {
			return encodedQuotes[i].sign
		}
	}
	return text
}

// slashesBefore counts the backslashes right before in[i].
func slashesBefore(in []byte, i int) int {
	n := 0
	for n < i && in[i-1-n] == '\\' {
		n++
	}
	return n
}
