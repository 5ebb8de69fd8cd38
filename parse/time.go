package parse

import "time"

// Time reads a time stamp.
func Time(value []byte, loc *time.Location) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, string(value))
	return t, err == nil
}
