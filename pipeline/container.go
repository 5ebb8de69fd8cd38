package pipeline

import (
	"bytes"
	"unicode/utf8"
)

// What a container runtime writes around each line that a program prints. The line inside may be of any format.
const (
	// FormatDocker is the file of Docker's json-file driver: {"log":"text\n","stream":"stdout","time":"…"}.
	FormatDocker = "docker"
	// FormatCRI is the file of containerd and CRI-O: time stream F text, with P for a piece that goes on.
	FormatCRI = "cri"
)

// piece is one line of a container's file: a line of the program, or a part of one.
type piece struct {
	text    []byte
	written []byte // when, RFC 3339
	stderr  bool
	partial bool // the line goes on in the next piece of the same stream
}

// unwrap takes a line out of its envelope. The text of an escaped line is in buf, which it returns. A line that is not
// in the envelope is false.
func unwrap(envelope string, line, buf []byte) (piece, []byte, bool) {
	if envelope == FormatCRI {
		p, ok := unwrapCRI(line)
		return p, buf, ok
	}
	return unwrapDocker(line, buf)
}

func unwrapCRI(line []byte) (p piece, ok bool) {
	var stream, tag []byte
	if p.written, line, ok = bytes.Cut(line, space); !ok || !isTime(p.written) {
		return p, false
	}
	if stream, line, ok = bytes.Cut(line, space); !ok || string(stream) != "stdout" && string(stream) != "stderr" {
		return p, false
	}
	tag, p.text, _ = bytes.Cut(line, space) // an empty line may have no space behind the tag
	tag, _, _ = bytes.Cut(tag, colon)
	p.stderr, p.partial = string(stream) == "stderr", string(tag) == "P"
	return p, p.partial || string(tag) == "F"
}

func isTime(s []byte) bool {
	return len(s) >= len("2006-01-02T15:04:05Z") && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':'
}

func unwrapDocker(line, buf []byte) (p piece, _ []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, dockerLog)
	if !ok {
		return p, buf, false
	}
	buf, rest, ok = unquote(buf[:0], rest)
	if !ok || len(rest) == 0 || rest[len(rest)-1] != '}' {
		return p, buf, false
	}
	i, j := bytes.Index(rest, dockerStream), bytes.LastIndex(rest, dockerTime)
	if i < 0 || j < 0 {
		return p, buf, false
	}
	p.stderr = bytes.HasPrefix(rest[i+len(dockerStream):], stderrName)
	p.written, _, _ = bytes.Cut(rest[j+len(dockerTime):], quote)
	text, whole := bytes.CutSuffix(buf, newline)
	if whole {
		text = bytes.TrimSuffix(text, carriageReturn)
	}
	p.text, p.partial = text, !whole
	return p, buf, isTime(p.written)
}

// unquote appends the text of a JSON string whose first quote is passed to dst, and returns what is behind its end.
func unquote(dst, s []byte) (text, rest []byte, ok bool) {
	for {
		i := bytes.IndexAny(s, `"\`)
		if i < 0 {
			return dst, nil, false
		}
		dst = append(dst, s[:i]...)
		if s[i] == '"' {
			return dst, s[i+1:], true
		}
		if dst, s, ok = unescape(dst, s[i+1:]); !ok {
			return dst, nil, false
		}
	}
}

// unescape appends the character of the escape sequence whose backslash is passed.
func unescape(dst, s []byte) (text, rest []byte, ok bool) {
	if len(s) == 0 {
		return dst, s, false
	}
	if s[0] != 'u' {
		if i := bytes.IndexByte(escapes, s[0]); i >= 0 {
			return append(dst, escaped[i]), s[1:], true
		}
		return dst, s, false
	}
	r, ok := hex4(s[1:])
	if !ok {
		return dst, s, false
	}
	s = s[5:]
	if r >= 0xd800 && r < 0xdc00 && len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
		if low, ok := hex4(s[2:]); ok && low >= 0xdc00 && low < 0xe000 {
			r, s = 0x10000+(r-0xd800)<<10+(low-0xdc00), s[6:]
		}
	}
	return utf8.AppendRune(dst, r), s, true
}

func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

var (
	space          = []byte(" ")
	colon          = []byte(":")
	quote          = []byte(`"`)
	newline        = []byte("\n")
	carriageReturn = []byte("\r")
	stderrName     = []byte("stderr")
	dockerLog      = []byte(`{"log":"`)
	dockerStream   = []byte(`"stream":"`)
	dockerTime     = []byte(`"time":"`)
	escapes        = []byte(`"\/bfnrt`)
	escaped        = []byte("\"\\/\b\f\n\r\t")
)

// envelopeOf returns the envelope that the lines are in, or "".
func envelopeOf(lines [][]byte) string {
	var buf []byte
	for _, envelope := range []string{FormatCRI, FormatDocker} {
		all, fit := 0, 0
		for _, line := range lines {
			if len(line) == 0 {
				continue
			}
			all++
			var ok bool
			if _, buf, ok = unwrap(envelope, line, buf); ok {
				fit++
			}
		}
		if fit > 0 && fit*10 >= all*9 {
			return envelope
		}
	}
	return ""
}

// insides returns the lines inside the envelopes, with pieces joined.
func insides(envelope string, lines [][]byte) [][]byte {
	var all [][]byte
	var joined [2][]byte
	for _, line := range lines {
		p, _, ok := unwrap(envelope, line, nil)
		if !ok {
			continue
		}
		text := &joined[laneOf(p)]
		*text = append(*text, p.text...)
		if !p.partial {
			all = append(all, *text)
			*text = nil
		}
	}
	for _, text := range joined {
		if text != nil {
			all = append(all, text)
		}
	}
	return all
}
