package redact

import "bytes"

// A private key in PEM form: a line with BEGIN, the key in base64 on many lines (as line breaks, or written as \n inside
// a string), a line with END.

var (
	privateKey = []byte("PRIVATE KEY-----")
	pemBegin   = []byte("-----BEGIN ")
	pemEnd     = []byte("-----END ")
)

// maxHead is the length of the longest BEGIN line: that of an ENCRYPTED or OPENSSH key.
const maxHead = 48

// withoutPrivateKeys makes the bodies of private keys stars, before anything else is looked for.
func (s *scan) withoutPrivateKeys() {
	text := s.in
	var out []byte
	done := 0
	for {
		at := bytes.Index(text[done:], privateKey)
		if at < 0 {
			break
		}
		from := done + at + len(privateKey)
		to := from
		if head := text[max(done, from-maxHead):from]; bytes.Contains(head, pemBegin) {
			to = pemBody(text, from)
		}
		out = append(out, text[done:from]...)
		done = from
		if body := text[from:to]; len(trimBreaks(body)) > 0 && !isMasked(body) {
			out = append(out, stars...)
			out = appendBreaks(out, body)
			done = to
			s.count(secret, from, allStars)
		}
	}
	if s.changes > 0 {
		s.in = append(out, text[done:]...)
	}
}

// pemBody returns where the key that begins at from ends: at its END line, or, without one, at the first byte that is
// in no PEM text.
func pemBody(text []byte, from int) int {
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case c == '-' && bytes.HasPrefix(text[i:], pemEnd):
			return i
		case isLetter(c), isDigit(c):
		case c == '\\' && (i+1 >= len(text) || text[i+1] != 'n' && text[i+1] != 'r' && text[i+1] != '/' && text[i+1] != '\\'):
			return i
		case bytes.IndexByte([]byte("+/=\r\n \\:,-*%"), c) >= 0:
		default:
			return i
		}
	}
	return len(text)
}

func trimBreaks(body []byte) []byte { return bytes.Trim(body, " \\nr\r\n") }
