package redact

import "bytes"

// tagged handles the end of a tag at in[i:next]: when the tag's name says what its content is, the content is taken out.
func (s *scan) tagged(i, next int) int {
	start := s.wordStart(i)
	if start == 0 || start == i || !s.opensTag(start) {
		return next
	}
	k := key{kind: s.r.keys.kind(s.in[start:i], nil), start: start, end: i}
	if k.kind == none {
		return next
	}
	return s.take(&k, s.contentAt(next), next)
}

// opensTag tells whether the name at start is that of an opening tag, perhaps behind the name of a name space.
func (s *scan) opensTag(start int) bool {
	if s.in[start-1] == ':' {
		start = s.wordStart(start - 1)
	}
	before := s.in[:start]
	return bytes.HasSuffix(before, []byte("<")) || bytes.HasSuffix(before, []byte(`\u003c`)) ||
		bytes.HasSuffix(before, []byte(`\u003C`)) || bytes.HasSuffix(before, []byte("%3C"))
}

var (
	cdata    = []byte("<![CDATA[")
	cdataEnd = []byte("]]>")
)

// contentAt finds the content of an XML element that begins at from, inside or outside a CDATA section.
func (s *scan) contentAt(from int) value {
	if bytes.HasPrefix(s.in[from:], cdata) {
		start := from + len(cdata)
		if n := bytes.Index(s.in[start:], cdataEnd); n >= 0 {
			return value{from: start, to: start + n, quoted: true}
		}
		from = start
	}
	for i := from; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '<' || c == '"':
			return value{from: from, to: i - min(slashesBefore(s.in, i), i-from), quoted: true}
		case c == '\\' && s.endsInEscape(i), c == '%' && bytes.HasPrefix(s.in[i:], []byte("%3C")):
			return value{from: from, to: i, quoted: true}
		}
	}
	return value{from: from, to: len(s.in), quoted: true}
}
