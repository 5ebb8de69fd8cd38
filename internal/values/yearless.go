package values

import "time"

// maxAhead is how far a clock that writes stamps without a year may be ahead of ours.
const maxAhead = 24 * time.Hour

// yearless reads "Nov 22 08:00:00" or "Nov  2 08:00:00", with an optional fraction, as syslog writes it: in the last year
// in which it is not after now. A log of New Year's Eve that is read in January is of the year before.
func yearless(s []byte, loc *time.Location, now func() time.Time) (time.Time, bool) {
	var c clock
	rest, ok := c.monthFirst(s)
	if !ok || len(rest) > 0 {
		return time.Time{}, false
	}
	latest := now().Add(maxAhead)
	c.year = latest.In(loc).Year()
	// The 29th of February may be up to eight years ago.
	for range 9 {
		if t, ok := c.time(loc); ok && !t.After(latest) {
			return t, true
		}
		c.year--
	}
	return time.Time{}, false
}

// monthFirst reads "Nov 22 08:00:00" and returns what follows it.
func (c *clock) monthFirst(s []byte) (rest []byte, ok bool) {
	if len(s) < len("Nov 22 08:00:00") || s[3] != ' ' || s[6] != ' ' || !isLetter(s[0]) {
		return nil, false
	}
	c.month = monthNumber(s)
	day := [2]byte{s[4], s[5]}
	if day[0] == ' ' {
		day[0] = '0'
	}
	if c.day, ok = number2(day[:]); !ok || c.month == 0 {
		return nil, false
	}
	return c.timeOfDay(s[7:])
}
