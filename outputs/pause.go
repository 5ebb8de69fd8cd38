package outputs

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// firstPause and longestPause bound the pauses between attempts, which double.
	firstPause   = 200 * time.Millisecond
	longestPause = 30 * time.Second
	// unwelcomePause is the pause when only a person can help: credentials, rights, the address.
	unwelcomePause = 30 * time.Second
	// longestRetryAfter bounds what a server may ask for.
	longestRetryAfter = 5 * time.Minute
)

// pauseAfter returns how long to wait after the nth failure in a row, counted from 1: between half and all of a
// doubling time, so that many agents do not come back at once, and no less than the server asked for.
func pauseAfter(n int, f fate, asked time.Duration) time.Duration {
	pause := unwelcomePause
	if f != unwelcome {
		pause = min(longestPause, firstPause<<min(n-1, 16))
	}
	pause = pause/2 + rand.N(pause/2+1)
	return max(pause, min(asked, longestRetryAfter))
}

// retryAfter reads the header of the same name: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(0, time.Duration(seconds)), longestRetryAfter/time.Second) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
