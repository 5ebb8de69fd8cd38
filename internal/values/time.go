package values

import (
	"bytes"
	"time"
)

// Time reads a time stamp in the shapes that logs use: RFC 3339 and its relatives ("2026-11-22 08:00:00,123",
// "2026-11-22T08:00:00.123+0800", "2026/11/22 08:00:00", "20261122080000"), nginx ("22/Nov/2026:08:00:00 +0800"), MySQL ("261122  8:00:00"), Redis ("22 Nov 2026 08:00:00.123"), HTTP
// and C ("Sun, 22 Nov 2026 08:00:00 GMT", "Sun Nov 22 08:00:00 2026"), and the time since 1970 in seconds,
// milliseconds, microseconds or nanoseconds, with fractions. A stamp without a zone is in loc. The result is in UTC.
// Stamps without a year or without a time of day are not read.
func Time(value []byte, loc *time.Location) (time.Time, bool) {
	t, rest, ok := TimePrefix(bytes.TrimSpace(value), loc)
	return t, ok && len(rest) == 0
}

// TimePrefix reads the time stamp that s begins with and returns what follows it.
func TimePrefix(s []byte, loc *time.Location) (time.Time, []byte, bool) {
	switch {
	case len(s) < 8:
		return time.Time{}, nil, false
	case isDigit(s[0]) && isDigit(s[1]) && isDigit(s[2]) && isDigit(s[3]) && !isDigit(s[4]) && s[4] != '.' && s[4] != 'e' && s[4] != 'E':
		return dateFirst(s, loc)
	case isDigit(s[0]) && (s[2] == ' ' || s[2] == '/' || s[1] == '/'):
		return dayFirst(s, loc)
	case isDigit(s[0]) && s[6] == ' ':
		return shortDate(s, loc)
	case isDigit(s[0]):
		return numericTime(s, loc)
	case isLetter(s[0]):
		return weekdayTime(s, loc)
	}
	return time.Time{}, nil, false
}

// TimeOfDayPrefix reads a time of day ("08:00:00.123") that s begins with and returns what follows it.
func TimeOfDayPrefix(s []byte) (rest []byte, ok bool) {
	var c clock
	return c.timeOfDay(s)
}

// dateFirst reads "2026-11-22 08:00:00" and its relatives.
func dateFirst(s []byte, loc *time.Location) (time.Time, []byte, bool) {
	var c clock
	sep := s[4]
	if len(s) < 19 || (sep != '-' && sep != '/') || s[7] != sep {
		return time.Time{}, nil, false
	}
	if s[10] != 'T' && s[10] != ' ' && s[10] != 't' && s[10] != ':' {
		return time.Time{}, nil, false
	}
	year, ok1 := number4(s)
	month, ok2 := number2(s[5:])
	day, ok3 := number2(s[8:])
	if !ok1 || !ok2 || !ok3 {
		return time.Time{}, nil, false
	}
	c.year, c.month, c.day = year, month, day
	rest, ok := c.timeOfDay(s[11:])
	if !ok {
		return time.Time{}, nil, false
	}
	return c.finish(c.zone(rest), loc)
}

// shortDate reads MySQL's "261122  8:00:00".
func shortDate(s []byte, loc *time.Location) (time.Time, []byte, bool) {
	var c clock
	year, ok1 := number2(s)
	month, ok2 := number2(s[2:])
	day, ok3 := number2(s[4:])
	if !ok1 || !ok2 || !ok3 {
		return time.Time{}, nil, false
	}
	c.year, c.month, c.day = 2000+year, month, day
	rest, ok := c.timeOfDay(s[7:])
	if !ok {
		return time.Time{}, nil, false
	}
	return c.finish(rest, loc)
}

// dayFirst reads nginx's "22/Nov/2026:08:00:00 +0800" and Redis' "22 Nov 2026 08:00:00.123".
func dayFirst(s []byte, loc *time.Location) (time.Time, []byte, bool) {
	var c clock
	if len(s) < 20 || s[6] != s[2] || s[11] != ' ' && s[11] != ':' || (s[2] == ' ') != (s[11] == ' ') {
		return time.Time{}, nil, false
	}
	day, ok1 := number2(s)
	year, ok2 := number4(s[7:])
	c.day, c.month, c.year = day, monthNumber(s[3:6]), year
	rest, ok3 := c.timeOfDay(s[12:])
	if !ok1 || !ok2 || !ok3 {
		return time.Time{}, nil, false
	}
	return c.finish(c.zone(rest), loc)
}

// weekdayTime reads "Sun, 22 Nov 2026 08:00:00 GMT", "Sun Nov 22 08:00:00 2026" and Java's
// "Sun Nov 22 08:00:00 CST 2026".
func weekdayTime(s []byte, loc *time.Location) (time.Time, []byte, bool) {
	var c clock
	ok := false
	if len(s) >= 24 && isLetter(s[1]) && isLetter(s[2]) {
		switch {
		case s[3] == ',' && s[4] == ' ' && s[7] == ' ' && s[11] == ' ' && s[16] == ' ':
			s, ok = c.httpTime(s)
		case s[3] == ' ' && s[7] == ' ' && s[10] == ' ':
			s, ok = c.ansicTime(s)
		}
	}
	if !ok {
		return time.Time{}, nil, false
	}
	return c.finish(s, loc)
}

// httpTime reads "Sun, 22 Nov 2026 08:00:00 GMT".
func (c *clock) httpTime(s []byte) (rest []byte, ok bool) {
	c.month = monthNumber(s[8:11])
	if c.day, ok = number2(s[5:]); !ok {
		return nil, false
	}
	if c.year, ok = number4(s[12:]); !ok {
		return nil, false
	}
	rest, ok = c.timeOfDay(s[17:])
	return c.zone(rest), ok
}

// ansicTime reads "Sun Nov 22 08:00:00 2026", with a zone before the year or none. Abbreviations that mean
// different times in different countries are left out.
func (c *clock) ansicTime(s []byte) (rest []byte, ok bool) {
	c.month = monthNumber(s[4:7])
	day := [2]byte{s[8], s[9]}
	if day[0] == ' ' {
		day[0] = '0'
	}
	if c.day, ok = number2(day[:]); !ok {
		return nil, false
	}
	if rest, ok = c.timeOfDay(s[11:]); !ok {
		return nil, false
	}
	if rest = c.zone(rest); len(rest) > 1 && rest[0] == ' ' && isLetter(rest[1]) {
		rest = bytes.TrimLeft(rest[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
	if len(rest) < 5 || rest[0] != ' ' {
		return nil, false
	}
	c.year, ok = number4(rest[1:])
	return rest[5:], ok
}
