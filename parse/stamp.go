package parse

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// stamp reads time stamps of a layout that a configuration gives, as Java (yyyy-MM-dd HH:mm:ss.SSS) or strftime
// (%Y-%m-%d %H:%M:%S) writes it.
type stamp struct {
	parts []stampPart
	// loc is the zone of the stamps when the layout names one; nil when stamps or the group's time zone say it.
	loc *time.Location
	// dated tells that the layout has year, month and day, or is a time since 1970.
	dated bool
	// plain tells that Time reads such stamps as they are.
	plain bool
	// like is an example of a plain stamp.
	like []byte
}

// stampPart is one number, name or text of a stamp.
type stampPart struct {
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
func (p *stamp) finish() *stamp {
	var has [stampEpoch + 1]bool
	for _, part := range p.parts {
		has[part.kind] = true
	}
	p.dated = has[stampEpoch] ||
		(has[stampYear] || has[stampShortYear]) && (has[stampMonth] || has[stampMonthName]) && has[stampDay] && (has[stampHour] || has[stampHalfDayHour])
	if example := p.example(); p.loc == nil && p.dated {
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

// length returns the length of the stamp that s begins with and after follows, or -1. Most stamps are as long as the
// example, with digits and letters where it has them.
func (p *stamp) length(s, after []byte) int {
	if n := len(p.like); n > 0 && len(s) >= n && bytes.HasPrefix(s[n:], after) && (len(after) > 0 || len(s) == n) && p.resembles(s) {
		return n
	}
	var c clock
	return p.read(s, &c)
}

func (p *stamp) resembles(s []byte) bool {
	for i, want := range p.like {
		if c := s[i]; c != want && (!isDigit(c) || !isDigit(want)) && (!isLetter(c) || !isLetter(want)) {
			return false
		}
	}
	return true
}

// example writes a stamp as the layout does.
func (p *stamp) example() []byte {
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
func (p *stamp) read(s []byte, c *clock) int {
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
func (p *stampPart) read(s []byte, c *clock) int {
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
func (p *stampPart) number(s []byte, c *clock) int {
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

// append appends the moment of c as Time reads it.
func (p *stamp) append(dst []byte, c *clock) ([]byte, bool) {
	loc := p.loc
	if loc == nil {
		loc = time.UTC
	}
	t, ok := c.time(loc)
	if !ok {
		return dst, false
	}
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05.999999999")
	if c.zoned || p.loc != nil {
		dst = append(dst, 'Z')
	}
	return dst, true
}

// javaStamp compiles a layout as java.time and SimpleDateFormat write it.
func javaStamp(layout string) (*stamp, error) {
	p := &stamp{}
	for i := 0; i < len(layout); {
		c := layout[i]
		if c == '\'' {
			end := strings.IndexByte(layout[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("the ' at byte %d of the date is not closed", i+1)
			}
			text := layout[i+1 : i+1+end]
			if end == 0 {
				text = "'"
			}
			p.parts = append(p.parts, stampPart{kind: stampText, text: text})
			i += end + 2
			continue
		}
		n := 1
		for i+n < len(layout) && layout[i+n] == c {
			n++
		}
		part, ok := javaPart(c, n)
		if c == '@' { // the names that stand for either have it
			part, n = stampPart{kind: stampSpaceOrT}, 1
		}
		if !ok {
			return nil, fmt.Errorf("the date has %q, which is not supported", layout[i:i+n])
		}
		if part.kind == stampText {
			part.text = layout[i : i+n]
		}
		p.parts = append(p.parts, part)
		i += n
	}
	return p.finish(), nil
}

// javaPart returns what n times the letter c stands for.
func javaPart(c byte, n int) (stampPart, bool) {
	switch c {
	case 'y', 'u':
		if n == 2 {
			return stampPart{kind: stampShortYear, width: 2}, true
		}
		return stampPart{kind: stampYear, width: 4}, true
	case 'M', 'L':
		if n > 2 {
			return stampPart{kind: stampMonthName}, true
		}
		return stampPart{kind: stampMonth, width: 2}, true
	case 'd':
		return stampPart{kind: stampDay, width: 2}, true
	case 'H':
		return stampPart{kind: stampHour, width: 2}, true
	case 'h':
		return stampPart{kind: stampHalfDayHour, width: 2}, true
	case 'm':
		return stampPart{kind: stampMinute, width: 2}, true
	case 's':
		return stampPart{kind: stampSecond, width: 2}, true
	case 'S', 'n':
		return stampPart{kind: stampFraction, width: min(n, 9)}, true
	case 'a':
		return stampPart{kind: stampHalf}, true
	case 'E':
		return stampPart{kind: stampWord}, true
	case 'z', 'Z', 'X', 'x', 'V', 'O':
		return stampPart{kind: stampZone}, true
	}
	return stampPart{kind: stampText}, !isLetter(c)
}

// strftimeStamp compiles a layout as strftime writes it, with Apache's own words for times since 1970.
func strftimeStamp(layout string) (*stamp, error) {
	p := &stamp{}
	layout = strings.TrimPrefix(strings.TrimPrefix(layout, "begin:"), "end:")
	if parts, ok := apacheStamps[layout]; ok {
		p.parts = parts
		return p.finish(), nil
	}
	layout = strftimeShort.Replace(layout)
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			p.parts = append(p.parts, stampPart{kind: stampText, text: layout[i : i+1]})
			continue
		}
		if i++; i == len(layout) {
			return nil, fmt.Errorf("the time ends in %%")
		}
		part, ok := strftimeParts[layout[i]]
		if !ok {
			return nil, fmt.Errorf("the time has %%%c, which is not supported", layout[i])
		}
		p.parts = append(p.parts, part)
	}
	return p.finish(), nil
}

var (
	apacheStamps = map[string][]stampPart{
		"": {
			{stampDay, "", 2}, {stampText, "/", 0}, {stampMonthName, "", 0}, {stampText, "/", 0}, {stampYear, "", 4},
			{stampText, ":", 0}, {stampHour, "", 2}, {stampText, ":", 0}, {stampMinute, "", 2}, {stampText, ":", 0},
			{stampSecond, "", 2}, {stampText, " ", 0}, {stampZone, "", 0},
		},
		"sec": {{stampEpoch, "", 0}}, "msec": {{stampEpoch, "", 3}}, "usec": {{stampEpoch, "", 6}},
		"msec_frac": {{stampFraction, "", 3}}, "usec_frac": {{stampFraction, "", 6}},
	}
	strftimeShort = strings.NewReplacer("%T", "%H:%M:%S", "%F", "%Y-%m-%d", "%R", "%H:%M", "%D", "%m/%d/%y", "%c",
		"%a %b %e %H:%M:%S %Y", "%r", "%I:%M:%S %p")
	strftimeParts = map[byte]stampPart{
		'Y': {stampYear, "", 4}, 'y': {stampShortYear, "", 2}, 'm': {stampMonth, "", 2}, 'b': {stampMonthName, "", 0},
		'B': {stampMonthName, "", 0}, 'h': {stampMonthName, "", 0}, 'd': {stampDay, "", 2}, 'e': {stampDay, "", 2},
		'H': {stampHour, "", 2}, 'k': {stampHour, "", 2}, 'I': {stampHalfDayHour, "", 2}, 'M': {stampMinute, "", 2},
		'S': {stampSecond, "", 2}, 'p': {stampHalf, "", 0}, 'z': {stampZone, "", 0}, 'Z': {stampZone, "", 0},
		'a': {stampWord, "", 0}, 'A': {stampWord, "", 0}, 's': {stampEpoch, "", 0}, '%': {stampText, "%", 0},
		'N': {stampFraction, "", 0}, 'f': {stampFraction, "", 0}, 'L': {stampFraction, "", 3},
	}
)
