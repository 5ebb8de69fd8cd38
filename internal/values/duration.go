package values

import (
	"bytes"
	"time"
)

// Unit is what the numbers of a field count.
type Unit uint8

const (
	// Guessed: the unit is in the value ("12ms"), and a bare number counts milliseconds, with two exceptions that a
	// call over a network tells apart: a fraction below one counts seconds, because no provider answers within a
	// millisecond, and a whole number from ten million counts nanoseconds, as Go writes durations.
	Guessed Unit = iota
	// WebServer: nginx's request_time, seconds with three decimals. A whole number counts milliseconds.
	WebServer
	// Seconds and the finer ones are what the number counts, whatever its size.
	Seconds
	Milliseconds
	Microseconds
	Nanoseconds
)

// maxDuration is the longest time that is taken for the duration of a call.
const maxDuration = 24 * time.Hour

// valueUnits says how many nanoseconds a unit behind a number has, the longer names first where one begins another.
var valueUnits = []struct {
	name string
	nano int64
}{
	{"milliseconds", 1e6}, {"millis", 1e6}, {"msec", 1e6}, {"ms", 1e6}, {"MS", 1e6}, {"毫秒", 1e6},
	{"microseconds", 1e3}, {"us", 1e3}, {"µs", 1e3}, {"μs", 1e3}, {"微秒", 1e3},
	{"nanoseconds", 1}, {"ns", 1}, {"纳秒", 1},
	{"seconds", 1e9}, {"secs", 1e9}, {"sec", 1e9}, {"s", 1e9}, {"S", 1e9}, {"秒", 1e9},
	{"minutes", 60e9}, {"min", 60e9}, {"m", 60e9}, {"分钟", 60e9}, {"分", 60e9},
	{"hours", 3600e9}, {"h", 3600e9}, {"小时", 3600e9},
}

// Duration reads how long something took, at most a day: a number in u, or one with units ("12ms", "1.2 s", "1m30s",
// "12毫秒").
func Duration(value []byte, u Unit) (time.Duration, bool) {
	value = bytes.TrimSpace(value)
	d, rest, ok := readDecimal(value)
	if !ok || d.negative {
		return 0, false
	}
	if len(rest) == 0 {
		n, ok := d.times(u.nanoseconds(d))
		return time.Duration(n), ok && time.Duration(n) <= maxDuration
	}
	var sum time.Duration
	for len(value) > 0 {
		d, rest, ok := readDecimal(value)
		nano, n := valueUnit(bytes.TrimLeft(rest, " "))
		if !ok || d.negative || nano == 0 {
			return 0, false
		}
		part, ok := d.times(nano)
		if !ok || time.Duration(part) > maxDuration {
			return 0, false
		}
		sum += time.Duration(part)
		if sum > maxDuration {
			return 0, false
		}
		value = bytes.TrimLeft(bytes.TrimLeft(rest, " ")[n:], " ")
	}
	return sum, true
}

// Nanoseconds returns how many nanoseconds the bare number d counts in one.
func (u Unit) nanoseconds(d decimal) int64 {
	switch u {
	case Seconds:
		return 1e9
	case Microseconds:
		return 1e3
	case Nanoseconds:
		return 1
	case WebServer:
		if d.fraction {
			return 1e9
		}
	case Guessed:
		if whole, ok := d.times(1); ok && d.fraction && whole == 0 {
			return 1e9
		} else if ok && !d.fraction && whole >= 1e7 {
			return 1
		}
	}
	return 1e6
}

// valueUnit returns the nanoseconds of the unit that s begins with and the length of its name, or 0.
func valueUnit(s []byte) (nano int64, n int) {
	for _, u := range valueUnits {
		if len(s) >= len(u.name) && string(s[:len(u.name)]) == u.name && (len(s) == len(u.name) || !isLetter(s[len(u.name)])) {
			return u.nano, len(u.name)
		}
	}
	return 0, 0
}

// MeasureLen returns the length of a number with a unit of time at the start of s ("12ms", "1.2 秒"), or 0.
func MeasureLen(s []byte) int {
	_, rest, ok := readDecimal(s)
	if !ok {
		return 0
	}
	spaces := len(rest) - len(bytes.TrimLeft(rest, " "))
	if _, n := valueUnit(rest[spaces:]); n > 0 && spaces <= 1 {
		return len(s) - len(rest) + spaces + n
	}
	return 0
}
