package parse

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"gatewatch/event"
)

// xml reads a sample: its attributes, its URL and what it failed of. All else inside stays as it is.
func (p *jtl) xml(s []byte) {
	open := bytes.IndexByte(s, '>')
	if open < 0 {
		open = len(s)
	}
	s, inside := s[bytes.IndexByte(s, ' '):open], s[min(open+1, len(s)):]
	for {
		name, rest, ok := bytes.Cut(bytes.TrimLeft(s, " \t\r\n/"), []byte(`="`))
		if !ok {
			break
		}
		value, after, ok := bytes.Cut(rest, []byte{'"'})
		if !ok {
			break
		}
		s = after
		if c, known := sampleValues[string(name)]; known && len(name) <= 3 {
			p.once(&c, p.entities(value))
		}
	}
	if url := elementText(inside, "<java.net.URL>", "</java.net.URL>"); url != nil {
		p.once(&column{sampleValues["URL"].field, asText}, p.entities(url))
	}
	if failure := elementText(inside, "<failureMessage>", "</failureMessage>"); failure != nil {
		p.once(&column{sampleValues["failureMessage"].field, asText}, p.entities(failure))
	}
	inside = bytes.TrimSpace(inside)
	if end := bytes.LastIndex(inside, []byte("</")); end > 0 {
		p.fields = append(p.fields, event.Field{Name: []byte("content"), Value: bytes.TrimSpace(inside[:end])})
	}
}

// once adds a value unless the sample has it already.
func (p *jtl) once(c *column, value []byte) {
	for i := range p.fields {
		if bytes.Equal(p.fields[i].Name, c.field.Name) {
			return
		}
	}
	p.value(c, value)
}

// elementText returns what stands between two tags, or nil.
func elementText(s []byte, open, shut string) []byte {
	_, rest, ok := bytes.Cut(s, []byte(open))
	if !ok {
		return nil
	}
	text, _, ok := bytes.Cut(rest, []byte(shut))
	if !ok {
		return nil
	}
	return text
}

// entities returns the text of s with its entities decoded.
func (p *jtl) entities(s []byte) []byte {
	i := bytes.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	start := len(p.text)
	for i >= 0 {
		p.text = append(p.text, s[:i]...)
		s = s[i:]
		r, n := entity(s)
		p.text = utf8.AppendRune(p.text, r)
		s = s[n:]
		i = bytes.IndexByte(s, '&')
	}
	p.text = append(p.text, s...)
	return p.text[start:]
}

// entity returns the character that the entity at the start of s stands for, and its length; a lone & stands for itself.
func entity(s []byte) (rune, int) {
	end := bytes.IndexByte(s[:min(len(s), 12)], ';')
	if end < 0 {
		return '&', 1
	}
	switch name := string(s[1:end]); name {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	default:
		if len(name) > 2 && name[0] == '#' && name[1] == 'x' {
			if n, err := strconv.ParseInt(name[2:], 16, 32); err == nil && utf8.ValidRune(rune(n)) {
				return rune(n), end + 1
			}
		} else if len(name) > 1 && name[0] == '#' {
			if n, err := strconv.Atoi(name[1:]); err == nil && utf8.ValidRune(rune(n)) {
				return rune(n), end + 1
			}
		}
	}
	return '&', 1
}
