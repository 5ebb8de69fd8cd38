package collect

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// stopTimeout is how long an exchange waits for collectors that it stops. One that is deaf to its context ends later; what
// takes its place begins then.
const stopTimeout = 5 * time.Second

// Exchange makes the collectors of s those of all. What was made of the same goes on undisturbed, with its connection, its
// last samples and all that it knows. The others end, and their samples at once; new ones begin at once, but never before the
// one of the same name has ended. It returns when what was stopped has given back what it held open, or after a while.
func (s *Set) Exchange(ctx context.Context, all []Collector) {
	started, stopped := s.swap(all)
	s.settle(nil)
	limited, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	for _, r := range stopped {
		if r.ended == nil {
			continue
		}
		select {
		case <-r.ended:
		case <-limited.Done():
			r.log.Warn("collector does not stop, going on without it")
		}
	}
	if len(started)+len(stopped) > 0 {
		s.log.Info("collectors exchanged", "started", names(started), "stopped", names(stopped))
	}
}

// swap exchanges the runners under one lock, so that who asks for samples meanwhile sees either the ones or the others.
func (s *Set) swap(all []Collector) (started, stopped []*runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stopped = slices.Clone(s.runners)
	next := make([]*runner, len(all)) // another slice: the one before may be being read
	for i, c := range all {
		same := slices.IndexFunc(stopped, func(r *runner) bool { return r.sameAs(c) })
		if same >= 0 {
			next[i] = stopped[same]
			stopped = slices.Delete(stopped, same, same+1)
			continue
		}
		next[i] = s.newRunner(c)
		started = append(started, next[i])
	}
	s.runners = next
	for _, r := range stopped {
		if r.stop != nil {
			r.stop()
		}
		if !slices.ContainsFunc(next, r.namedAs) {
			s.dropped.DeleteLabelValues(r.Name)
			s.clashing.DeletePartialMatch(prometheus.Labels{clashingSpec.Labels[0]: r.Name})
		}
	}
	if s.start == nil {
		return started, stopped
	}
	for _, r := range started {
		before := slices.DeleteFunc(slices.Clone(stopped), func(b *runner) bool { return !b.namedAs(r) })
		s.start(r, before)
	}
	return started, stopped
}

// sameAs tells whether c would do what r does.
func (r *runner) sameAs(c Collector) bool {
	return r.Name == c.Name && r.Interval == c.Interval && r.Timeout == c.Timeout && reflect.DeepEqual(r.MadeOf, c.MadeOf)
}

func (r *runner) namedAs(other *runner) bool { return r.Name == other.Name }

func names(all []*runner) []string {
	found := make([]string, len(all))
	for i, r := range all {
		found[i] = r.Name
	}
	return found
}
