package web

import "time"

// timeRange is a choice of how far back the page looks.
type timeRange struct {
	// Name stands in links: ?range=15m.
	Name string
	Span time.Duration
	// Step is between two points of a line, and Window the time that a rate of "now" is taken over.
	Step, Window time.Duration
	// WindowName is the name of Window in texts.
	WindowName string
	// fresh is how long its lines may be shown before they are asked for again.
	fresh time.Duration
}

// ranges are the choices; the first is the default. A longer look back takes its "now" over a longer window, so that
// a gateway with few payments is not judged by three of them.
var ranges = []timeRange{
	{"15m", 15 * time.Minute, 10 * time.Second, 2 * time.Minute, "2m", 2 * time.Second},
	{"1h", time.Hour, 30 * time.Second, 5 * time.Minute, "5m", 5 * time.Second},
	{"6h", 6 * time.Hour, 3 * time.Minute, 15 * time.Minute, "15m", 20 * time.Second},
	{"24h", 24 * time.Hour, 12 * time.Minute, time.Hour, "1h", time.Minute},
}

// minRateWindow is the shortest time that a rate over a step is taken over: a few samples at the usual interval.
const minRateWindow = 30 * time.Second

// parseRange returns the choice with that name, or the default.
func parseRange(name string) timeRange {
	for _, r := range ranges {
		if r.Name == name {
			return r
		}
	}
	return ranges[0]
}

// rateWindow is the window of the points of a line.
func (r timeRange) rateWindow() time.Duration { return max(r.Step, minRateWindow) }
