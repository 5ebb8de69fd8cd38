package patterns

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Deploy is a new version of what writes the logs.
type Deploy struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

const (
	// maxDeploys bounds the deploys that are remembered, maxVersion the length of a version's name.
	maxDeploys, maxVersion = 20, 100
	// deployCounts is how long after a deploy templates count as new since it.
	deployCounts = 7 * 24 * time.Hour
)

// Deployed notes that a new version begins to run now: what is first seen from now on is new.
func (t *Tracker) Deployed(version string) {
	version = strings.ToValidUTF8(string(cut([]byte(version), maxVersion)), "\uFFFD")
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.deploys) == maxDeploys {
		t.deploys = slices.Delete(t.deploys, 0, 1)
	}
	t.deploys = append(t.deploys, Deploy{version, t.now()})
	t.changed = true
}

// newSince returns the time from which on templates that were first seen are new: the last deploy, or else as long ago
// as the configuration says, but not before the agent had learned what is usual.
func (t *Tracker) newSince(now time.Time) time.Time {
	since := now.Add(-time.Duration(t.cfg.NewFor))
	if n := len(t.deploys); n > 0 && now.Sub(t.deploys[n-1].At) < deployCounts {
		since = t.deploys[n-1].At
	}
	if learned := t.began.Add(time.Duration(t.cfg.Learn)); learned.After(since) {
		return learned
	}
	return since
}

const (
	// recentMinutes are compared with the baseMinutes before them; both are whole minutes, the present one among the
	// recent ones.
	recentMinutes = 5
	baseMinutes   = 60
	// minBase is how many minutes of the base must be known.
	minBase = 10
	// A template rises when the recent minutes have minRecent records, risingFactor times what is usual, and more than
	// chance would give: risingSigma standard deviations of a Poisson process.
	minRecent, risingFactor, risingSigma = 10, 3, 5
)

// rising tells whether a template has many more records than usual, and how many times as many. known is since when its
// records are counted.
func (o *template) rising(now, known time.Time) (factor float64, ok bool) {
	minute := now.Unix() / 60
	begin := minute - recentMinutes + 1
	from := max(begin-baseMinutes, known.Unix()/60+1)
	if begin-from < minBase {
		return 0, false
	}
	recent, base := float64(o.minutes.sum(begin, minute+1)), float64(o.minutes.sum(from, begin))
	usual := base * recentMinutes / float64(begin-from)
	factor = recent / max(usual, 1)
	ok = recent >= minRecent && recent >= risingFactor*usual && recent-usual > risingSigma*math.Sqrt(max(usual, 1))
	return factor, ok
}
