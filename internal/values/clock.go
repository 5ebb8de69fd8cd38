package values

import (
	"bytes"
	"time"
)

// clock is a time stamp in parts.
type clock struct {
	year, month, day, hour, minute, second, nano int
	// offset is the zone's distance from UTC in seconds; zoned tells whether there is one.
	offset int
	zoned  bool
}

// time returns the moment, or false when a part is out of its range.
func (c *clock) time(loc *time.Location) (time.Time, bool) {
	if c.year < 1970 || c.year > 2262 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 ||
		c.hour > 23 || c.minute > 59 || c.second > 60 || c.offset <= -86400 || c.offset >= 86400 {
		return time.Time{}, false
	}
	if c.day > 28 && c.day > daysIn(c.year, c.month) {
		return time.Time{}, false
	}
	if !c.zoned {
		return time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, c.nano, loc).UTC(), true
	}
	// time.Date takes several times as long.
	seconds := int64(daysSince1970(c.year, c.month, c.day))*86400 + int64(c.hour*3600+c.minute*60+c.second-c.offset)
	return time.Unix(seconds, int64(c.nano)).UTC(), true
}

// daysSince1970 returns the number of a date from 1970 on. Years are taken to begin in March, so that the leap day is
// the last one.
func daysSince1970(year, month, day int) int {
	if month -= 2; month <= 0 {
		month += 12
		year--
	}
	return year*365 + year/4 - year/100 + year/400 + 367*month/12 + day - 719499
}

func daysIn(year, month int) int {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month/8)%2
}

// finish returns the moment of c with what follows it.
func (c *clock) finish(rest []byte, loc *time.Location) (time.Time, []byte, bool) {
	t, ok := c.time(loc)
	return t, rest, ok
}

// timeOfDay reads "08:00:00", or " 8:00:00", with an optional fraction.
func (c *clock) timeOfDay(s []byte) (rest []byte, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return nil, false
	}
	h, ok1 := number2(s)
	if s[0] == ' ' && isDigit(s[1]) {
		h, ok1 = int(s[1]-'0'), true
	}
	m, ok2 := number2(s[3:])
	sec, ok3 := number2(s[6:])
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	c.hour, c.minute, c.second = h, m, sec
	s = s[8:]
	if len(s) > 1 && (s[0] == '.' || s[0] == ',') && isDigit(s[1]) {
		s = c.fraction(s[1:])
	}
	return s, true
}

// fraction reads the digits of a fraction of a second; what is finer than a nanosecond is dropped.
func (c *clock) fraction(s []byte) []byte {
	scale := int(time.Second)
	for len(s) > 0 && isDigit(s[0]) {
		scale /= 10
		c.nano += int(s[0]-'0') * scale
		s = s[1:]
	}
	return s
}

// zone reads "Z", "+08:00", "+0800", "+08" or " +0800", "UTC" and "GMT" after a space; none of them is fine.
func (c *clock) zone(s []byte) []byte {
	z := s
	if len(z) > 1 && z[0] == ' ' {
		z = z[1:]
	}
	switch {
	case len(z) == 0:
		return s
	case (z[0] == 'Z' || z[0] == 'z') && (len(z) == 1 || !isLetter(z[1])):
		c.zoned = true
		return z[1:]
	case (bytes.HasPrefix(z, []byte("UTC")) || bytes.HasPrefix(z, []byte("GMT"))) && (len(z) == 3 || !isLetter(z[3])):
		c.zoned = true
		return z[3:]
	case z[0] != '+' && z[0] != '-':
		return c.namedZone(s, z)
	}
	hours, ok := number2(z[1:])
	if !ok {
		return s
	}
	rest := z[3:]
	minutes := 0
	after := rest
	if len(after) > 0 && after[0] == ':' {
		after = after[1:]
	}
	if m, ok := number2(after); ok {
		minutes, rest = m, after[2:]
	}
	c.zoned = true
	c.offset = hours*3600 + minutes*60
	if z[0] == '-' {
		c.offset = -c.offset
	}
	return rest
}

// monthNumber returns 1 for "Jan" and so on, or 0.
func monthNumber(s []byte) int {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	name := [3]byte{s[0] | 0x20, s[1] | 0x20, s[2] | 0x20}
	if i := bytes.Index([]byte(names), name[:]); i >= 0 && i%3 == 0 {
		return i/3 + 1
	}
	return 0
}

func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return (c|0x20)-'a' <= 'z'-'a' }

// number2 reads two digits.
func number2(s []byte) (int, bool) {
	if len(s) < 2 || !isDigit(s[0]) || !isDigit(s[1]) {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// number4 reads four digits.
func number4(s []byte) (int, bool) {
	high, ok1 := number2(s)
	if !ok1 {
		return 0, false
	}
	low, ok2 := number2(s[2:])
	return high*100 + low, ok2
}
