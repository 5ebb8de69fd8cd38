package redact

import "bytes"

// value is where the value of a key stands.
type value struct {
	from, to int
	quoted   bool
	needs    []byte // quotes that stars in its place need
}

// valueAt finds the value that begins at from, behind the separator of k.
func (s *scan) valueAt(from int, k *key) value {
	if q, ok := quoteAt(s.in, from); ok {
		// A key between the same quotes is no text inside them.
		if q.sign == '"' && q.slashes == 0 && !(k.quoted && k.quote.sign == '"' && k.quote.slashes == 0) {
			if document, inString := s.inJSON(from); document && inString {
				return value{from: from, to: from} // the end of the string that the key stands in
			}
		}
		start := from + len(q.text)
		return value{from: start, to: q.end(s.in, start), quoted: true}
	}
	v := value{from: from}
	if k.quoted {
		v.needs = k.quote.text
		if c := s.in[from]; (c == '{' || c == '[') && k.quote.sign == '"' {
			if k.kind == pan || k.kind == account || k.kind == customer {
				v.to = from // its members are found by their own names and shapes
			} else {
				v.to = s.nestedEnd(from, &k.quote)
			}
			return v
		}
	}
	switch {
	case !k.quoted && s.in[from] == '[':
		v.from, v.to = from+1, s.bracketEnd(from+1)
	case k.kind == cookie:
		v.to = s.lineEnd(from)
	case k.kind == track:
		v.to = s.trackValueEnd(from)
	case k.kind == customer:
		v.to = s.bareEnd(from, true)
	case k.kind == phone:
		v.to = s.phoneEnd(from, k.quoted)
	default:
		v.to = s.bareEnd(from, k.quoted)
	}
	if k.kind == authorization && isScheme(s.in[v.from:v.to]) {
		second := v.to
		for second < len(s.in) && s.in[second] == ' ' {
			second++
		}
		if end := s.bareEnd(second, k.quoted); end > second {
			v.to = end
		}
	}
	return v
}

// isScheme tells whether the first word of an Authorization value says how to read the second.
func isScheme(word []byte) bool {
	for _, scheme := range schemes {
		if bytes.EqualFold(word, scheme) {
			return true
		}
	}
	return bytes.HasPrefix(word, []byte("WECHATPAY2-")) || bytes.HasPrefix(word, []byte("AWS4-"))
}

var schemes = [...][]byte{
	[]byte("bearer"), []byte("basic"), []byte("digest"), []byte("token"), []byte("apikey"), []byte("negotiate"), []byte("hmac"),
}

// nestedEnd returns the position after the JSON object or array at from, or where the string or record around it ends.
// Its strings are enclosed as the key was.
func (s *scan) nestedEnd(from int, q *quote) int {
	depth, inString := 0, false
	for i := from; i < len(s.in); i++ {
		switch s.in[i] {
		case '"':
			n := min(slashesBefore(s.in, i), i-from)
			closed, outer := closes(n, q.slashes)
			if outer {
				return i - n%2
			}
			if closed {
				inString = !inString
			}
		case '{', '[':
			if !inString {
				depth++
			}
		case '}', ']':
			if !inString {
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	return len(s.in)
}

// bareEnd returns where a value without quotes ends. Behind a quoted key, which is JSON, a comma ends it; elsewhere a
// comma does when something like another key follows, because passwords may hold commas.
func (s *scan) bareEnd(from int, json bool) int {
	depth := 0
	for i := from; i < len(s.in); i++ {
		switch c := s.in[i]; c {
		case ' ', '\t', '\n', '\r', '"', '\'', '<', '|', '&':
			return i
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return i
			}
		case ',', ';':
			if json || s.keyFollows(i+1) {
				return i
			}
		case '%':
			if bytes.HasPrefix(s.in[i:], []byte("%26")) || bytes.HasPrefix(s.in[i:], []byte("%22")) {
				return i
			}
		case '\\':
			if s.endsInEscape(i) {
				return i
			}
			i++
		case 0xEF, 0xE3:
			if isWideStop(s.in[i:]) {
				return i
			}
		}
	}
	return len(s.in)
}

// endsInEscape tells whether the backslashes at i lead to an escape that ends a value: a line break, a quote, & or <.
func (s *scan) endsInEscape(i int) bool {
	for i < len(s.in) && s.in[i] == '\\' {
		i++
	}
	if i >= len(s.in) {
		return true
	}
	switch s.in[i] {
	case 'n', 'r', 't', '"', '\'':
		return true
	case 'u':
		return bytes.HasPrefix(s.in[i:], []byte("u0026")) || bytes.HasPrefix(s.in[i:], []byte("u003c")) ||
			bytes.HasPrefix(s.in[i:], []byte("u0022"))
	case 'x':
		return bytes.HasPrefix(s.in[i:], []byte("x22"))
	}
	return false
}

// keyFollows tells whether the text at i is the end, white space, a quote, or a word and a separator.
func (s *scan) keyFollows(i int) bool {
	start := i
	for i < len(s.in) && i-start <= maxKey && isKeyByte(s.in[i]) {
		i++
	}
	if i >= len(s.in) {
		return i == start
	}
	switch c := s.in[i]; c {
	case '=', ':':
		return i > start
	case '"', '\'', '\\', '{':
		return i == start
	default:
		return i == start && isSpace(c)
	}
}

// bracketEnd returns where a value that [ opened ends.
func (s *scan) bracketEnd(from int) int {
	for i := from; i < len(s.in); i++ {
		switch s.in[i] {
		case ']', '\n', '"':
			return i - min(slashesBefore(s.in, i), i-from)
		}
	}
	return len(s.in)
}

// lineEnd returns where a value to the end of its line ends.
func (s *scan) lineEnd(from int) int {
	for i := from; i < len(s.in); i++ {
		switch s.in[i] {
		case '\n', '"':
			return i - min(slashesBefore(s.in, i), i-from)
		case '\\':
			if s.endsInEscape(i) {
				return i
			}
			i++
		}
	}
	return len(s.in)
}

// trackValueEnd returns where track data ends: at its end sign, which may have spaces before it.
func (s *scan) trackValueEnd(from int) int {
	if bytes.HasPrefix(s.in[from:], stars) {
		return from + len(stars)
	}
	data := s.in[from:min(len(s.in), from+maxTrack)]
	if i := bytes.IndexAny(data, "?\"'\n"); i >= 0 && data[i] == '?' {
		return from + i + 1
	}
	return s.bareEnd(min(from+1, len(s.in)), false)
}

// isWideStop tells whether text begins with a Chinese comma, semicolon, full stop or bracket.
func isWideStop(text []byte) bool {
	for _, stop := range wideStops {
		if bytes.HasPrefix(text, stop) {
			return true
		}
	}
	return false
}

var wideStops = [...][]byte{
	[]byte("，"), []byte("；"), []byte("。"), []byte("、"), []byte("】"), []byte("）"), []byte("」"), []byte("\u3000"),
}

// userinfo takes the password out of a URL whose authority begins at from: //user:password@host.
func (s *scan) userinfo(from int) int {
	colon := -1
	for i := from; i < len(s.in) && i-from < maxUserinfo; i++ {
		switch c := s.in[i]; {
		case c == ':' && colon < 0:
			colon = i
		case c == '@':
			if colon < 0 || i == colon+1 || isMasked(s.in[colon+1:i]) {
				return from
			}
			s.replace(secret, colon+1, i, nil)
			s.fresh = i
			return i
		case c == '/' || c == '"' || c == '\\' || c == '?' || c == '#' || c == '<' || c <= ' ':
			return from
		}
	}
	return from
}

// maxUserinfo bounds the user name and password of a URL.
const maxUserinfo = 256
