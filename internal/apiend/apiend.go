// Package apiend reads the headers by which servers announce that an API is deprecated and when it ends.
package apiend

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Deprecation reads the header Deprecation of RFC 9745, "@" and Unix time, and those of its drafts, an HTTP date or
// "true". The time is zero when it tells none; ok is false when text is none of these.
func Deprecation(text string) (at time.Time, ok bool) {
	if seconds, found := strings.CutPrefix(text, "@"); found {
		n, err := strconv.ParseInt(seconds, 10, 64)
		return time.Unix(n, 0), err == nil
	}
	if strings.EqualFold(text, "true") {
		return at, true
	}
	at, err := http.ParseTime(text)
	return at, err == nil
}

// Sunset reads the header Sunset of RFC 8594, an HTTP date.
func Sunset(text string) (at time.Time, ok bool) {
	at, err := http.ParseTime(text)
	return at, err == nil
}
