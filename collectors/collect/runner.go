package collect

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// runner calls one collector on its ticker and keeps what it found.
type runner struct {
	Collector
	log     *slog.Logger
	dropped prometheus.Counter
	// stop ends run, and ended is closed when it has. Nil until it was started.
	stop  context.CancelFunc
	ended chan struct{}
	early float64 // see Set

	mu      sync.Mutex
	last    state
	running bool
	began   time.Time
	// served is what is served of last.families.
	served []*served

	// settle is the set's, and so is clashed: the names of which it was told that they are left out.
	settle  func(*runner)
	clashed map[string]bool
}

// state is the outcome of the last collection.
type state struct {
	known    bool // false before the first one ended
	metrics  []prometheus.Metric
	families []*served
	took     time.Duration
	ok       bool
	lastOK   time.Time
}

// run collects at once and then at every tick. A tick that comes while a collection is still running is left out. The second
// collection comes somewhat early.
func (r *runner) run(ctx context.Context) {
	if r.Stop != nil {
		defer r.Stop()
	}
	phase := time.NewTimer(time.Duration(float64(r.Interval) * (1 - r.early)))
	defer phase.Stop()
	if ctx.Err() == nil {
		r.once(ctx)
	}
	select {
	case <-ctx.Done():
		return
	case <-phase.C:
	}
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	for ctx.Err() == nil {
		r.once(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// begins notes that r is at work, or would be if it could: what has to wait too long for what is in its place has failed as
// what does not end.
func (r *runner) begins(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.began = true, now
}

// once collects and keeps the outcome.
func (r *runner) once(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	began := time.Now()
	r.begins(began)

	var out Samples
	err := r.guarded(limited, &out)
	ended := time.Now()
	r.dropped.Add(float64(out.Dropped))
	if r.keep(&out, began, ended, err, ctx.Err() != nil) {
		r.settle(r)
	}
}

// keep makes what was found the last outcome, and tells whether it has to be settled who gives which name.
func (r *runner) keep(out *Samples, began, ended time.Time, err error, stopped bool) (unsettled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = false
	if stopped {
		// In the middle: what was found is no judgement of what is watched.
		return false
	}
	before := r.last
	r.last = state{known: true, metrics: out.Metrics, families: out.families, took: ended.Sub(began), ok: err == nil, lastOK: before.lastOK}
	if err == nil {
		r.last.lastOK = ended
	}
	// Only a change is logged: the metrics say the rest.
	switch {
	case err != nil && (before.ok || !before.known):
		r.log.Warn("collector fails", "err", err)
	case err == nil && before.known && !before.ok:
		r.log.Info("collector works again")
	}
	return len(before.families)+len(out.families) > 0
}

// guarded turns a panic into an error: the parsers of /proc meet kernels that nobody has tested them with, and one of
// them must not end the agent.
func (r *runner) guarded(ctx context.Context, out *Samples) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return r.Collect(ctx, out)
}

// panicked says what p was and where: in the first function of a collector, and in none of Go's own.
func panicked(p any) error {
	callers := make([]uintptr, 50)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for {
		f, more := frames.Next()
		if of := strings.TrimPrefix(f.Function, "gatewatch/collectors/"); of != f.Function && !strings.HasPrefix(of, "collect.") {
			return fmt.Errorf("panic: %v, in %s, line %d of %s", p, of, f.Line, filepath.Base(f.File))
		}
		if !more {
			return fmt.Errorf("panic: %v", p)
		}
	}
}

// state returns the outcome to serve at now. A collection that runs much longer than it may has failed, and values
// from before it are too old to be shown as the present.
func (r *runner) state(now time.Time) (state, []*served) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.last
	if r.running && now.Sub(r.began) > 2*r.Timeout {
		st.known, st.ok, st.metrics, st.took = true, false, nil, now.Sub(r.began)
		return st, nil
	}
	return st, r.served
}
