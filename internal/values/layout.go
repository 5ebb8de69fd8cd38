package values

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// Layout reads time stamps of a layout that a configuration gives, as Java (yyyy-MM-dd HH:mm:ss.SSS) or strftime
// (%Y-%m-%d %H:%M:%S) writes it. It is
// safe for concurrent use.
type Layout struct {
	parts []layoutPart
	// loc is the zone of the stamps when the layout names one; nil when stamps or the group's time zone say it.
	loc *time.Location
	// Dated tells that the layout has year, month and day, or is a time since 1970.
	Dated bool
	// plain tells that Time reads such stamps as they are.
	plain bool
	// like is an example of a plain stamp.
	like []byte
}

// layoutPart is one number, name or text of a stamp.
type layoutPart struct {
	kind stampKind
	// text is what stands there, for stampText.
	text string
	// width is the number of digits, 0 for any.
	width int
}

type stampKind uint8

const (
	stampText stampKind = iota
	stampSpaceOrT
	stampYear
	stampShortYear
	stampMonth
	stampMonthName
	stampDay
	stampHour
	stampHalfDayHour
	stampMinute
	stampSecond
	stampFraction
	stampHalf
	stampZone
	stampWord
	stampEpoch
)

// finish completes a compiled layout: what it has, and whether Time reads what it reads.
func (p *Layout) finish() *Layout {
	var has [stampEpoch + 1]bool
	for _, part := range p.parts {
		has[part.kind] = true
	}
	p.Dated = has[stampEpoch] ||
		(has[stampYear] || has[stampShortYear]) && (has[stampMonth] || has[stampMonthName]) && has[stampDay] && (has[stampHour] || has[stampHalfDayHour])
	if example := p.example(); p.loc == nil && p.Dated {
		at, ok := Time(example, time.UTC)
		var c clock
		n := p.read(example, &c)
		want, same := c.time(time.UTC)
		p.plain = ok && n == len(example) && (has[stampEpoch] || same && at.Equal(want))
		if p.plain {
			p.like = example
		}
	}
	return p
}

// Length returns the length of the stamp that s begins with, or -1. after is what stands behind it. Most stamps are as long as the
// example, with digits and letters where it has them.
func (p *Layout) Length(s, after []byte) int {
	if n := len(p.like); n > 0 && len(s) >= n && bytes.HasPrefix(s[n:], after) && (len(after) > 0 || len(s) == n) && p.resembles(s) {
		return n
	}
	var c clock
	return p.read(s, &c)
}

func (p *Layout) resembles(s []byte) bool {
	for i, want := range p.like {
		if c := s[i]; c != want && (!isDigit(c) || !isDigit(want)) && (!isLetter(c) || !isLetter(want)) {
			return false
		}
	}
	return true
}

// example writes a stamp as the layout does.
func (p *Layout) example() []byte {
	at := time.Date(2026, 11, 22, 8, 9, 10, 123456789, time.FixedZone("", 3600))
	var s []byte
	for _, part := range p.parts {
		switch part.kind {
		case stampText:
			s = append(s, part.text...)
		case stampSpaceOrT:
			s = append(s, ' ')
		case stampFraction:
			s = append(s, at.Format(".000000000")[1:1+max(part.width, 1)]...)
		case stampEpoch:
			s = fmt.Append(s, int64(1.7e18)/epochUnit(part.width))
		default:
			s = at.AppendFormat(s, stampExamples[part.kind])
		}
	}
	return s
}

var stampExamples = [...]string{
	stampYear: "2006", stampShortYear: "06", stampMonth: "01", stampMonthName: "Jan", stampDay: "02", stampHour: "15",
	stampHalfDayHour: "03", stampMinute: "04", stampSecond: "05", stampHalf: "PM", stampZone: "-0700", stampWord: "Mon",
	stampEpoch: "",
}

// epochUnit returns how many nanoseconds a time since 1970 counts in, when it has digits behind the seconds.
func epochUnit(digits int) int64 { return int64(1e9 / powers[min(digits, 9)]) }

// read reads the stamp that s begins with into c and returns its length, or -1. Times since 1970 are only measured.
func (p *Layout) read(s []byte, c *clock) int {
	i, afternoon := 0, -1
	for k := range p.parts {
		part := &p.parts[k]
		n := 0
		switch rest := s[i:]; part.kind {
		case stampText:
			if n = len(part.text); len(rest) < n || string(rest[:n]) != part.text {
				return -1
			}
		case stampSpaceOrT:
			if n = 1; len(rest) == 0 || rest[0] != ' ' && rest[0] != 'T' {
				return -1
			}
		case stampHalf:
			if n = 2; len(rest) < n || rest[1]|0x20 != 'm' {
				return -1
			}
			afternoon = int(rest[0]|0x20-'a') / ('p' - 'a')
		default:
			n = part.read(rest, c)
		}
		if n < 0 {
			return -1
		}
		i += n
	}
	if afternoon >= 0 {
		c.hour = c.hour%12 + 12*afternoon
	}
	return i
}

// read reads a number, a name or a zone into c and returns its length, or -1.
func (p *layoutPart) read(s []byte, c *clock) int {
	n := 0
	switch p.kind {
	case stampMonthName:
		if len(s) < 3 {
			return -1
		}
		c.month = monthNumber(s)
		return lettersLen(s)
	case stampWord:
		return lettersLen(s)
	case stampZone:
		n = len(s) - len(c.zone(s))
		if n == 0 {
			return lettersLen(s)
		}
		return n
	case stampFraction:
		for n < len(s) && isDigit(s[n]) && (p.width == 0 || n < p.width) {
			n++
		}
		c.fraction(s[:n])
		return n
	case stampEpoch:
		d, rest, ok := readDecimal(s)
		if !ok || d.negative {
			return -1
		}
		return len(s) - len(rest)
	}
	return p.number(s, c)
}

// number reads up to width digits; a day of the month may have a space instead of the first.
func (p *layoutPart) number(s []byte, c *clock) int {
	n, value := 0, 0
	if p.kind == stampDay && len(s) > 0 && s[0] == ' ' {
		n = 1
	}
	first := n
	for n < len(s) && n < p.width && isDigit(s[n]) {
		value = value*10 + int(s[n]-'0')
		n++
	}
	if n == first {
		return -1
	}
	switch p.kind {
	case stampYear:
		c.year = value
	case stampShortYear:
		c.year = 2000 + value
	case stampMonth:
		c.month = value
	case stampDay:
		c.day = value
	case stampHour, stampHalfDayHour:
		c.hour = value
	case stampMinute:
		c.minute = value
	case stampSecond:
		c.second = value
	}
	return n
}

// lettersLen returns how many letters s begins with, or -1 for none. A dot may follow a short name.
func lettersLen(s []byte) int {
	n := 0
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	if n == 0 {
		return -1
	}
	if n < len(s) && s[n] == '.' {
		n++
	}
	return n
}

// Rewrite appends the moment of the stamp s as Time reads it, and returns only that. A stamp that Time reads as it is, that
// lacks a part of its date, or that does not have this layout is returned as it is.
func (p *Layout) Rewrite(dst *[]byte, s []byte) []byte {
	if p.plain || !p.Dated {
		return s
	}
	var c clock
	if p.read(s, &c) < 0 {
		return s
	}
	loc := p.loc
	if loc == nil {
		loc = time.UTC
	}
	t, ok := c.time(loc)
	if !ok {
		return s
	}
	start := len(*dst)
	*dst = t.AppendFormat(*dst, "2006-01-02T15:04:05.999999999")
	if c.zoned || p.loc != nil {
		*dst = append(*dst, 'Z')
	}
	return (*dst)[start:]
}

// Then returns the layout of stamps of p, text and stamps of next, one behind the other.
func (p *Layout) Then(text string, next *Layout) *Layout {
	parts := slices.Clone(p.parts)
	if text != "" {
		parts = append(parts, layoutPart{kind: stampText, text: text})
	}
	return (&Layout{parts: append(parts, next.parts...)}).finish()
}
