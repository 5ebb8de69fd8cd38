package values

import "time"

// LastTime reads time stamps and remembers the last one: the next mostly is the same, or differs in its milliseconds. It is
// not safe for concurrent use.
type LastTime struct {
	text   [maxStamp]byte
	length int
	// time is without milliseconds when text has them.
	time   time.Time
	millis bool
	// Now tells the year of stamps without one. It must be set before Read.
	Now func() time.Time
}

// A time stamp of at most maxStamp bytes whose milliseconds are three digits behind a sign at beforeMillis.
const (
	maxStamp     = 32
	beforeMillis = 19
	afterMillis  = beforeMillis + 4
)

// Read is Time, and reads stamps without a year too.
func (l *LastTime) Read(value []byte, loc *time.Location) (time.Time, bool) {
	millis, ok := stampMillis(value)
	if len(value) > 0 && len(value) == l.length && ok == l.millis && l.same(value) {
		return l.time.Add(time.Duration(millis) * time.Millisecond), true
	}
	t, read := Time(value, loc)
	if !read {
		return yearless(value, loc, l.Now)
	}
	if len(value) <= maxStamp {
		l.length, l.millis = copy(l.text[:], value), ok
		l.time = t.Add(-time.Duration(millis) * time.Millisecond)
	}
	return t, true
}

// same tells whether value, as long as the last stamp, is the same but for its milliseconds, if it has some.
func (l *LastTime) same(value []byte) bool {
	if !l.millis {
		return string(value) == string(l.text[:l.length])
	}
	return string(value[:beforeMillis+1]) == string(l.text[:beforeMillis+1]) &&
		string(value[afterMillis:]) == string(l.text[afterMillis:l.length])
}

// stampMillis returns the milliseconds of "2026-11-22T08:00:00.123Z" and its relatives, and otherwise 0.
func stampMillis(s []byte) (int, bool) {
	if len(s) < afterMillis || len(s) > maxStamp || s[beforeMillis] != '.' && s[beforeMillis] != ',' ||
		s[beforeMillis-3] != ':' || len(s) > afterMillis && isDigit(s[afterMillis]) {
		return 0, false
	}
	high, ok := number2(s[beforeMillis+1:])
	if last := s[afterMillis-1]; ok && isDigit(last) {
		return high*10 + int(last-'0'), true
	}
	return 0, false
}
