package tail

import "bytes"

// split returns the complete lines in data and how many of its bytes are done with.
func (f *File) split(g *Group, data []byte) (lines []Line, used int) {
	lines = g.lines[:0]
	for len(lines) < maxBatchLines {
		rest := data[used:]
		end := bytes.IndexByte(rest, '\n')
		switch {
		case f.skipping && end < 0:
			used = len(data)
		case f.skipping:
			f.skipping = false
			used += end + 1
			continue
		case end < 0 && tooLong(rest, g.cfg.MaxLine):
			f.skipping = true
			lines = append(lines, Line{f.offset + int64(used), rest[:g.cfg.MaxLine], true})
			used = len(data)
		case end >= 0:
			lines = append(lines, NewLine(f.offset+int64(used), rest[:end], g.cfg.MaxLine))
			used += end + 1
			continue
		}
		break
	}
	g.lines = lines
	return lines, used
}

// NewLine returns the line at offset without its line break, cut off at maxLine bytes.
func NewLine(offset int64, text []byte, maxLine int) Line {
	if n := len(text); n > 0 && text[n-1] == '\n' {
		text = text[:n-1]
	}
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	if len(text) > maxLine {
		return Line{offset, text[:maxLine], true}
	}
	return Line{offset, text, false}
}

// tooLong tells whether a line of which rest is the beginning exceeds maxLine. A carriage return that comes last may
// belong to the line break.
func tooLong(rest []byte, maxLine int) bool {
	n := len(rest)
	if n > 0 && rest[n-1] == '\r' {
		n--
	}
	return n > maxLine
}
