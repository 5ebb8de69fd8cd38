package sqldb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

const (
	// integrityEvery is how often data are checked in the window, for at least integritySlice each time: the rest of the
	// time the disk is for others.
	integrityEvery = 30 * time.Second
	integritySlice = 15 * time.Second
	// integrityBatch is how many candidates are asked for at once, and integrityListTimeout how long a server may take to list
	// them: longer than for what is asked all day.
	integrityBatch       = 200
	integrityListTimeout = 10 * time.Second
)

// candidate is an index or a table that can be checked.
type candidate struct {
	// position orders candidates; the next ones are asked for after it.
	position string
	name     string
	bytes    float64
}

// checker checks what a kind of server has. It is used from one goroutine.
type checker interface {
	// open connects. Its error says that nothing can, or may, be checked.
	open(ctx context.Context) error
	close()
	// after returns the next candidates after a position, in order; "" is the beginning.
	after(ctx context.Context, position string) ([]candidate, error)
	// check returns nil for what is sound, a brokenError, a skippedError, or why it could not be found out.
	check(ctx context.Context, one candidate) error
}

// brokenError says what is wrong with data.
type brokenError struct{ why string }

func (e brokenError) Error() string { return e.why }

// skippedError says why something was not checked: "size", "lock", "time", "role" or "error".
type skippedError struct{ reason string }

func (e skippedError) Error() string { return "left out: " + e.reason }

// skipReasons are told with 0 from the beginning.
var skipReasons = []string{"error", "lock", "role", "size", "time"}

// integrity checks one thing after the other in a window of the day. A round goes through all there is; one that the
// window cuts off goes on in the next, where it stopped.
type integrity struct {
	checker
	window  window
	maxSize float64
	log     *slog.Logger
	now     func() time.Time

	position string
	waiting  []candidate
	failed   string // the position whose check failed last
	done     bool   // the round of this window is complete
	round    int
	broken   map[string]int // the round in which it was last found broken, by position
	checked  float64
	skipped  map[string]float64
	last     time.Time // when a round was complete

	failures, checks, skips, rounds collect.Metric
}

// integritySpecs are the metrics of a kind of database, whose names begin with prefix.
func integritySpecs(prefix, what string) []collect.Spec {
	return []collect.Spec{
		{Name: prefix + "failures", Kind: collect.GaugeKind, Help: what + " that the last check found broken.", Labels: nil},
		{Name: prefix + "checks_total", Kind: collect.CounterKind, Help: what + " that were checked since the agent started.", Labels: nil},
		{Name: prefix + "skipped_total", Kind: collect.CounterKind, Help: what + " that were left out: too large, locked, not done in time, failing twice, or not on a replica that only reads.", Labels: []string{"reason"}},
		{Name: prefix + "last_round_timestamp_seconds", Kind: collect.GaugeKind, Help: "When all had been checked, or left out, last; 0: not since the agent started.", Labels: nil},
	}
}

// newIntegrity returns the collector that checks with c, by a valid cfg.
func newIntegrity(name string, cfg IntegrityConfig, c checker, specs []collect.Spec, fixed prometheus.Labels, e collect.Env) collect.Collector {
	w, _ := parseWindow(cfg.Window) // Validate has parsed it
	g := &integrity{checker: c, window: w, maxSize: float64(cfg.MaxSize), log: e.Log.With("collector", name), now: time.Now,
		broken: map[string]int{}, skipped: map[string]float64{},
		failures: specs[0].Metric(fixed), checks: specs[1].Metric(fixed), skips: specs[2].Metric(fixed), rounds: specs[3].Metric(fixed)}
	return collect.Collector{Name: name, Interval: integrityEvery, Timeout: integritySlice + time.Duration(cfg.Timeout) + 2*collect.PartTimeout, Collect: g.collect}
}

func (g *integrity) collect(ctx context.Context, out *collect.Samples) error {
	err := g.slice(ctx)
	out.Add(g.failures, float64(len(g.broken)))
	out.Add(g.checks, g.checked)
	for _, reason := range skipReasons {
		out.Add(g.skips, g.skipped[reason], reason)
	}
	out.Add(g.rounds, collect.UnixSeconds(g.last))
	return err
}

// slice checks for a while, when it is time to.
func (g *integrity) slice(ctx context.Context) error {
	began := g.now()
	if !g.window.holds(began) {
		g.done = false
		return nil
	}
	if g.done {
		return nil
	}
	if err := g.open(ctx); err != nil {
		return g.unless(err)
	}
	defer g.close()
	for g.now().Sub(began) < integritySlice && ctx.Err() == nil {
		more, err := g.next(ctx)
		if err != nil || !more {
			return g.unless(err)
		}
	}
	return nil
}

// unless counts why everything was left out, and returns any other error.
func (g *integrity) unless(err error) error {
	var skipped skippedError
	if errors.As(err, &skipped) {
		g.skipped[skipped.reason]++
		return nil
	}
	return err
}

// next checks one more. It returns false at the end of the round.
func (g *integrity) next(ctx context.Context) (more bool, err error) {
	if len(g.waiting) == 0 {
		if g.waiting, err = g.after(ctx, g.position); err != nil {
			return false, fmt.Errorf("look for what can be checked: %w", err)
		}
		if len(g.waiting) == 0 {
			g.endRound()
			return false, nil
		}
	}
	one := g.waiting[0]
	if one.bytes > g.maxSize {
		err = skippedError{"size"}
	} else {
		err = g.check(ctx, one)
	}
	var broken brokenError
	var skipped skippedError
	switch {
	case err == nil:
		g.checked++
		delete(g.broken, one.position)
	case errors.As(err, &broken):
		g.checked++
		if g.broken[one.position] == 0 {
			g.log.Error("data are corrupt", "in", one.name, "why", broken.why)
		}
		g.broken[one.position] = g.round + 1
	case errors.As(err, &skipped):
		g.skipped[skipped.reason]++
	case g.failed != one.position:
		g.failed = one.position // it may have been the connection: the next slice tries again, over a new one
		return false, fmt.Errorf("check %s: %w", one.name, err)
	default:
		g.skipped["error"]++
		g.log.Error("data cannot be checked and are left out", "in", one.name, "err", err)
	}
	g.leave(one)
	return true, nil
}

// leave goes on after one. What was broken and was not checked now stays so: nobody has seen it sound.
func (g *integrity) leave(one candidate) {
	if g.broken[one.position] > 0 {
		g.broken[one.position] = g.round + 1
	}
	g.position, g.failed, g.waiting = one.position, "", slices.Delete(g.waiting, 0, 1)
}

// endRound forgets what was broken and is not there any more.
func (g *integrity) endRound() {
	for position, round := range g.broken {
		if round <= g.round {
			delete(g.broken, position)
		}
	}
	g.round++
	g.position, g.done, g.last = "", true, g.now()
}
