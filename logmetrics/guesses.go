package logmetrics

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxGuessers is how many addresses and users with failed logins are remembered.
	maxGuessers = 10_000
	// manyFailures within guessWindow before a login make it suspicious.
	manyFailures = 10
	guessWindow  = 10 * time.Minute
	// manyConnections is how many connections of one guesser are told apart: sshd lets ten log in at a time.
	manyConnections = 10
	// factorWindow is how long sshd may take to tell that a second factor was refused: PAM lets people wait.
	factorWindow = 10 * time.Second
)

// guesses remembers who failed to log in shortly before.
type guesses struct {
	overflow prometheus.Counter

	mu   sync.Mutex
	seen map[string]*guesser
	// factors are the users whose second factor was refused, with the time, of which sshd did not tell yet.
	factors map[string]time.Time
}

// guesser is one address or user.
type guesser struct {
	failures int
	// last is when the last one failed. A pause of the window makes the count begin anew.
	last time.Time
	// connections are those in which it failed last, the newest last.
	connections []string
}

// fail notes failures at a time of the log.
func (g *guesses) fail(who, connection string, count int, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.seen[who]
	if one == nil {
		if len(g.seen) >= maxGuessers {
			maps.DeleteFunc(g.seen, func(_ string, old *guesser) bool { return at.Sub(old.last) > guessWindow })
		}
		if len(g.seen) >= maxGuessers {
			g.overflow.Inc()
			return
		}
		one = new(guesser)
		g.seen[who] = one
	}
	if at.Sub(one.last) > guessWindow {
		one.failures = 0
	}
	one.failures += count
	one.last = at
	if connection != "" && !slices.Contains(one.connections, connection) {
		if len(one.connections) == manyConnections {
			one.connections = slices.Delete(one.connections, 0, 1)
		}
		one.connections = append(one.connections, connection)
	}
}

// counted tells whether a failure in this connection was noted.
func (g *guesses) counted(who, connection string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.seen[who]
	return one != nil && slices.Contains(one.connections, connection)
}

// refuse notes that a user's second factor was refused.
func (g *guesses) refuse(user string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.factors) >= maxGuessers {
		maps.DeleteFunc(g.factors, func(_ string, old time.Time) bool { return at.Sub(old) > factorWindow })
	}
	if len(g.factors) >= maxGuessers {
		g.overflow.Inc()
		return
	}
	g.factors[user] = at
}

// refused tells, once, whether a user's second factor was refused a moment ago.
func (g *guesses) refused(user string, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	before, ok := g.factors[user]
	delete(g.factors, user)
	return ok && at.Sub(before) <= factorWindow
}

// succeed notes a login and tells whether many failed shortly before.
func (g *guesses) succeed(who string, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.seen[who]
	if one == nil {
		return false
	}
	delete(g.seen, who)
	return one.failures >= manyFailures && at.Sub(one.last) <= guessWindow
}
