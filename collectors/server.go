package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of what asks a server.
const (
	// partTimeout is how long one part waits for its answer. Servers are told to give up earlier themselves, so that
	// this ends only what does not answer at all, and then the connection with it.
	partTimeout = 2 * time.Second
	// longestServerRest and longestPartRest are how rarely what fails is asked in the end.
	longestServerRest = time.Minute
	longestPartRest   = 10 * time.Minute
	// keptFor is how long the samples of a part that fails are still served.
	keptFor = 15 * time.Minute
)

// server collects from one server (a database, a cache) over one connection C that stays open, part by part. It asks
// one question at a time. A part that fails keeps its last samples for a while, marked by
// gatewatch_collector_part_success; without a connection there is only up 0, because the rest would claim to be the
// present.
type server[C any] struct {
	name string // the collector's
	// pace is how often it is asked, timeout how long one collection may take in all.
	pace, timeout time.Duration
	up            metric
	// open connects, and honours ctx. close is bounded in time by itself.
	open  func(ctx context.Context) (C, error)
	close func(C)
	// usable tells whether the connection can be asked again after a question failed.
	usable func(C) bool
	parts  []*part[C]

	conn      C
	connected bool
	rest      breaker
	err       error // of the last attempt

	partSuccess, partTime, resting metric
}

// part is one question, or a few that belong together.
type part[C any] struct {
	name string
	// every is how often it is asked; 0: at each collection.
	every time.Duration
	ask   func(ctx context.Context, conn C, out *samples) error

	asked, answered time.Time
	err             error
	rest            breaker
	kept            []prometheus.Metric
	dropped         int // since they were last told of
}

// collector returns the collector that s is, which begins without a connection.
func (s *server[C]) collector() collector {
	own := prometheus.Labels{"collector": s.name}
	s.partSuccess = partSuccessSpec.metric(own)
	s.partTime = partTimeSpec.metric(own)
	s.resting = restingSpec.metric(own)
	return collector{name: s.name, interval: s.pace, timeout: s.timeout, collect: s.collect, stop: s.disconnect}
}

var (
	partSuccessSpec = spec{"gatewatch_collector_part_success", prometheus.GaugeValue,
		"Whether the last question for this part was answered; 0: what is shown of it is old.", []string{"part"}}
	partTimeSpec = spec{"gatewatch_collector_part_timestamp_seconds", prometheus.GaugeValue,
		"When what is shown of this part was collected.", []string{"part"}}
	restingSpec = spec{"gatewatch_collector_resting", prometheus.GaugeValue,
		"Whether the server is asked rarely because it failed again and again.", nil}
)

func (s *server[C]) collect(ctx context.Context, out *samples) error {
	now := time.Now()
	if !s.rest.resting(now) {
		s.err = s.attempt(ctx, now)
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return s.err // the agent stops: no judgement
		case s.err != nil:
			s.rest.failed(now, s.pace, longestServerRest)
		default:
			s.rest.worked()
		}
	}
	out.add(s.up, boolValue(s.err == nil))
	out.add(s.resting, boolValue(s.rest.resting(now)))
	if s.err != nil {
		return s.err
	}
	return s.serve(now, out)
}

// attempt connects when there is no connection, and asks the parts whose turn it is. Its error says that the server
// cannot be asked; that a part failed is noted in the part.
func (s *server[C]) attempt(ctx context.Context, now time.Time) error {
	reused := s.connected
	err := s.askAll(ctx, now)
	if err != nil && reused && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		// A server that restarted, or a firewall, closed the connection since the last time: that is no failure.
		err = s.askAll(ctx, now)
	}
	return err
}

func (s *server[C]) askAll(ctx context.Context, now time.Time) error {
	if !s.connected {
		conn, err := s.open(ctx)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		s.conn, s.connected = conn, true
	}
	// Who waited longest comes first, should the time not suffice for all.
	turn := slices.SortedStableFunc(slices.Values(s.parts), func(a, b *part[C]) int { return a.asked.Compare(b.asked) })
	for _, p := range turn {
		if !p.due(now, s.pace) {
			continue
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < min(partTimeout, s.timeout)/2 {
			p.err = errors.New("not asked: the other parts took all the time")
			continue
		}
		if err := s.ask(ctx, p, now); err != nil {
			return err
		}
	}
	return nil
}

// due tells whether it is p's turn. Ticks come a little early or late, so half an interval is let off.
func (p *part[C]) due(now time.Time, pace time.Duration) bool {
	return !p.rest.resting(now) && now.Sub(p.asked) >= p.every-pace/2
}

// ask asks one part. It returns an error, and gives up the connection, when that cannot be used any more.
func (s *server[C]) ask(ctx context.Context, p *part[C], now time.Time) error {
	limited, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	var found samples
	p.asked = now
	p.err = p.ask(limited, s.conn, &found)
	if p.err == nil {
		p.kept, p.answered = found.metrics, now
		p.dropped += found.dropped
		p.rest.worked()
		return nil
	}
	if s.usable(s.conn) {
		p.rest.failed(now, max(p.every, s.pace), longestPartRest)
		return nil
	}
	s.disconnect()
	p.asked = time.Time{}
	return fmt.Errorf("%s: %w", p.name, p.err)
}

// serve adds what the parts found, now or earlier, and returns the errors of those that failed.
func (s *server[C]) serve(now time.Time, out *samples) error {
	var failed []error
	for _, p := range s.parts {
		if p.err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.name, p.err))
		}
		if now.Sub(p.answered) > keptFor+p.every {
			p.kept = nil
		}
		out.append(p.kept)
		out.dropped += p.dropped
		p.dropped = 0
		out.add(s.partSuccess, boolValue(p.err == nil), p.name)
		out.add(s.partTime, unixSeconds(p.answered), p.name)
	}
	return errors.Join(failed...)
}

// disconnect closes the connection, if there is one.
func (s *server[C]) disconnect() {
	if !s.connected {
		return
	}
	s.close(s.conn)
	var none C
	s.conn, s.connected = none, false
}
