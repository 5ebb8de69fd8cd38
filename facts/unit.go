package facts

import (
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// unitSuffixes says which ends of field names give the unit of their values, the longer ones first where one is the
// end of another.
var unitSuffixes = []struct {
	suffix string
	unit   values.Unit
}{
	{"milliseconds", values.Milliseconds}, {"millisecond", values.Milliseconds}, {"millis", values.Milliseconds}, {"msec", values.Milliseconds},
	{"microseconds", values.Microseconds}, {"micros", values.Microseconds}, {"usec", values.Microseconds},
	{"nanoseconds", values.Nanoseconds}, {"nanos", values.Nanoseconds}, {"nano", values.Nanoseconds}, {"nsec", values.Nanoseconds},
	{"seconds", values.Seconds}, {"secs", values.Seconds}, {"sec", values.Seconds},
	{"ms", values.Milliseconds}, {"us", values.Microseconds}, {"µs", values.Microseconds}, {"ns", values.Nanoseconds}, {"s", values.Seconds},
}

// nameUnit returns the unit that a field name says.
func nameUnit(name string) values.Unit {
	snake := spellings(name)[0]
	switch snake {
	case "request_time":
		return values.WebServer
	case event.Duration.String():
		return values.Nanoseconds
	}
	last := snake[strings.LastIndexAny(snake, "._")+1:]
	for _, s := range unitSuffixes {
		if last == s.suffix && last != snake {
			return s.unit
		}
	}
	return values.Guessed
}
