package values

import "bytes"

// Uncoloured returns s without the sequences that colour text on a terminal. A changed text is in buf, and valid
// until the next call with it.
func Uncoloured(s []byte, buf *[]byte) []byte {
	i := bytes.IndexByte(s, '\x1b')
	if i < 0 {
		return s
	}
	out := (*buf)[:0]
	for i >= 0 {
		out = append(out, s[:i]...)
		s = s[i+1:]
		if len(s) > 0 && s[0] == '[' {
			n := 1
			for n < len(s) && (isDigit(s[n]) || s[n] == ';') {
				n++
			}
			s = s[min(n+1, len(s)):]
		}
		i = bytes.IndexByte(s, '\x1b')
	}
	*buf = append(out, s...)
	return *buf
}
