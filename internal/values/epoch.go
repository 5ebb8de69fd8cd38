package values

import "time"

// The times since 1970 that are taken for time stamps: the years 2000 to 2100. The four units cannot be confused.
const (
	firstEpoch = 946684800
	lastEpoch  = 4102444800
)

// numericTime reads a time since 1970, whose unit is told by its size, or the compact "20261122080000" with an
// optional millisecond.
func numericTime(s []byte, loc *time.Location) (time.Time, []byte, bool) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if (n == 14 || n == 17) && (n == len(s) || s[n] != '.') {
		if t, rest, ok := compactTime(s, n, loc); ok {
			return t, rest, true
		}
	}
	d, rest, ok := readDecimal(s)
	if !ok || d.negative {
		return time.Time{}, nil, false
	}
	for _, unit := range [...]int64{1e9, 1e6, 1e3, 1} {
		// What does not fit into 64 bits is too large for this unit, and fits the next.
		nano, ok := d.times(unit)
		if ok && nano >= firstEpoch*1e9 && nano < lastEpoch*1e9 {
			return time.Unix(0, nano).UTC(), rest, true
		}
	}
	return time.Time{}, nil, false
}

// compactTime reads the n digits of "20261122080000" or "20261122080000123".
func compactTime(s []byte, n int, loc *time.Location) (time.Time, []byte, bool) {
	var c clock
	c.year, _ = number4(s)
	c.month, _ = number2(s[4:])
	c.day, _ = number2(s[6:])
	c.hour, _ = number2(s[8:])
	c.minute, _ = number2(s[10:])
	c.second, _ = number2(s[12:])
	if n == 17 {
		c.fraction(s[14:17])
	}
	if c.year < 2000 || c.year >= 2100 {
		return time.Time{}, nil, false
	}
	return c.finish(c.zone(s[n:]), loc)
}
