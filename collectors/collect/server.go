package collect

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
	// PartTimeout is how long one part waits for its answer. Servers are told to give up earlier themselves, so that
	// this ends only what does not answer at all, and then the connection with it.
	PartTimeout = 2 * time.Second
	// longestServerRest and longestPartRest are how rarely what fails is asked in the end.
	longestServerRest = time.Minute
	longestPartRest   = 10 * time.Minute
	// keptFor is how long the samples of a part that fails are still served.
	keptFor = 15 * time.Minute
)

// Server collects from one server (a database, a cache) over one connection C that stays open, part by part. It asks
// one question at a time. A part that fails keeps its last samples for a while, marked by
// gatewatch_collector_part_success; without a connection there is only up 0, because the rest would claim to be the
// present.
type Server[C any] struct {
	Name string // the collector's
	// Pace is how often it is asked, Timeout how long one collection may take in all.
	Pace, Timeout time.Duration
	Up            Metric
	// Open connects, and honours ctx. Close is bounded in time by itself.
	Open  func(ctx context.Context) (C, error)
	Close func(C)
	// Usable tells whether the connection can be asked again after a question failed.
	Usable func(C) bool
	Parts  []*Part[C]

	conn      C
	connected bool
	rest      breaker
	err       error // of the last attempt

	partSuccess, partTime, resting Metric
}

// Part is one question, or a few that belong together.
type Part[C any] struct {
	Name string
	// Every is how often it is asked; 0: at each collection.
	Every time.Duration
	Ask   func(ctx context.Context, conn C, out *Samples) error
	// More tells that the part is in the middle of something and wants to be asked at the next collection; nil: never.
	More func() bool

	asked, answered time.Time
	err             error
	rest            breaker
	kept            []prometheus.Metric
	dropped         int // since they were last told of
}

// Collector returns the collector that s is, which begins without a connection.
func (s *Server[C]) Collector() Collector {
	own := prometheus.Labels{"collector": s.Name}
	s.partSuccess = partSuccessSpec.Metric(own)
	s.partTime = partTimeSpec.Metric(own)
	s.resting = restingSpec.Metric(own)
	return Collector{Name: s.Name, Interval: s.Pace, Timeout: s.Timeout, Collect: s.collect, Stop: s.disconnect}
}

var (
	partSuccessSpec = Spec{"gatewatch_collector_part_success", prometheus.GaugeValue,
		"Whether the last question for this part was answered; 0: what is shown of it is old.", []string{"part"}}
	partTimeSpec = Spec{"gatewatch_collector_part_timestamp_seconds", prometheus.GaugeValue,
		"When what is shown of this part was collected.", []string{"part"}}
	restingSpec = Spec{"gatewatch_collector_resting", prometheus.GaugeValue,
		"Whether the server is asked rarely because it failed again and again.", nil}
)

func (s *Server[C]) collect(ctx context.Context, out *Samples) error {
	now := time.Now()
	if !s.rest.resting(now) {
		s.err = s.attempt(ctx, now)
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return s.err // the agent stops: no judgement
		case s.err != nil:
			s.rest.failed(now, s.Pace, longestServerRest)
		default:
			s.rest.worked()
		}
	}
	out.Add(s.Up, Bool(s.err == nil))
	out.Add(s.resting, Bool(s.rest.resting(now)))
	if s.err != nil {
		return s.err
	}
	return s.serve(now, out)
}

// attempt connects when there is no connection, and asks the parts whose turn it is. Its error says that the server
// cannot be asked; that a part failed is noted in the part.
func (s *Server[C]) attempt(ctx context.Context, now time.Time) error {
	reused := s.connected
	err := s.askAll(ctx, now)
	if err != nil && reused && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		// A server that restarted, or a firewall, closed the connection since the last time: that is no failure.
		err = s.askAll(ctx, now)
	}
	return err
}

func (s *Server[C]) askAll(ctx context.Context, now time.Time) error {
	if !s.connected {
		conn, err := s.Open(ctx)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		s.conn, s.connected = conn, true
	}
	// Who waited longest comes first, should the time not suffice for all.
	turn := slices.SortedStableFunc(slices.Values(s.Parts), func(a, b *Part[C]) int { return a.asked.Compare(b.asked) })
	for _, p := range turn {
		if !p.due(now, s.Pace) {
			continue
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < min(PartTimeout, s.Timeout)/2 {
			p.err = errors.New("not asked: the other parts took all the time")
			continue
		}
		if err := s.ask(ctx, p, now); err != nil {
			return err
		}
	}
	return nil
}

// AskAllNow lets the next collection ask every part, also those that rest, and a server that rests.
func (s *Server[C]) AskAllNow() {
	s.rest = breaker{}
	for _, p := range s.Parts {
		p.asked, p.rest = time.Time{}, breaker{}
	}
}

// due tells whether it is p's turn. Ticks come a little early or late, so half an interval is let off.
func (p *Part[C]) due(now time.Time, pace time.Duration) bool {
	every := p.Every
	if p.More != nil && p.More() {
		every = 0
	}
	return !p.rest.resting(now) && now.Sub(p.asked) >= every-pace/2
}

// ask asks one part. It returns an error, and gives up the connection, when that cannot be used any more.
func (s *Server[C]) ask(ctx context.Context, p *Part[C], now time.Time) error {
	limited, cancel := context.WithTimeout(ctx, PartTimeout)
	defer cancel()
	var found Samples
	p.asked = now
	p.err = p.Ask(limited, s.conn, &found)
	if p.err == nil {
		p.kept, p.answered = found.Metrics, now
		p.dropped += found.Dropped
		p.rest.worked()
		return nil
	}
	if s.Usable(s.conn) {
		p.rest.failed(now, max(p.Every, s.Pace), longestPartRest)
		return nil
	}
	s.disconnect()
	p.asked = time.Time{}
	return fmt.Errorf("%s: %w", p.Name, p.err)
}

// serve adds what the parts found, now or earlier, and returns the errors of those that failed.
func (s *Server[C]) serve(now time.Time, out *Samples) error {
	var failed []error
	for _, p := range s.Parts {
		if p.err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.Name, p.err))
		}
		if now.Sub(p.answered) > keptFor+p.Every {
			p.kept = nil
		}
		out.Append(p.kept)
		out.Dropped += p.dropped
		p.dropped = 0
		out.Add(s.partSuccess, Bool(p.err == nil), p.Name)
		out.Add(s.partTime, UnixSeconds(p.answered), p.Name)
	}
	return errors.Join(failed...)
}

// disconnect closes the connection, if there is one.
func (s *Server[C]) disconnect() {
	if !s.connected {
		return
	}
	s.Close(s.conn)
	var none C
	s.conn, s.connected = none, false
}
