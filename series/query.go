package series

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// maxPoints is the most points that one line of a range query may have, Prometheus' own limit.
const maxPoints = 11_000

// ErrQuery is wrapped by the errors of a query that its writer can mend: wrong PromQL, too many points, too much data.
var ErrQuery = errors.New("invalid query")

// Point is one element of the answer to an instant query.
type Point struct {
	Labels map[string]string
	Time   time.Time
	Value  float64
}

// Line is one series of the answer to a range query.
type Line struct {
	Labels  map[string]string
	Samples []Sample
}

// Sample is a value at a time. Value may be NaN or infinite.
type Sample struct {
	Time  time.Time
	Value float64
}

// CheckQuery returns what is wrong with a PromQL expression, or nil.
func CheckQuery(expr string) error {
	_, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	return err
}

// Query evaluates a PromQL expression at one instant. A scalar is a Point without labels; elements that are native
// histograms are left out.
func (s *Store) Query(ctx context.Context, expr string, at time.Time) ([]Point, error) {
	release, err := s.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return query(ctx, s.engine, s, expr, at)
}

func query(ctx context.Context, engine *promql.Engine, of storage.Queryable, expr string, at time.Time) ([]Point, error) {
	q, err := engine.NewInstantQuery(ctx, of, nil, expr, at)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, queryError(res.Err)
	}
	switch v := res.Value.(type) {
	case promql.Scalar:
		return []Point{{Labels: map[string]string{}, Time: time.UnixMilli(v.T), Value: v.V}}, nil
	case promql.Vector:
		points := make([]Point, 0, len(v))
		for _, e := range v {
			if e.H == nil {
				points = append(points, Point{Labels: e.Metric.Map(), Time: time.UnixMilli(e.T), Value: e.F})
			}
		}
		return points, nil
	}
	return nil, fmt.Errorf("%w: the result is a %s, want numbers at one time", ErrQuery, res.Value.Type())
}

// QueryRange evaluates a PromQL expression at from, from+step … up to to.
func (s *Store) QueryRange(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Line, error) {
	if step <= 0 || to.Before(from) {
		return nil, fmt.Errorf("%w: step must be above 0 and the end not before the start", ErrQuery)
	}
	if to.Sub(from)/step >= maxPoints {
		return nil, fmt.Errorf("%w: more than %d points, use a longer step", ErrQuery, maxPoints)
	}
	release, err := s.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return queryRange(ctx, s.engine, s, expr, from, to, step)
}

func queryRange(ctx context.Context, engine *promql.Engine, of storage.Queryable, expr string, from, to time.Time, step time.Duration) ([]Line, error) {
	q, err := engine.NewRangeQuery(ctx, of, nil, expr, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	defer q.Close()
	m, err := q.Exec(ctx).Matrix()
	if err != nil {
		return nil, queryError(err)
	}
	lines := make([]Line, 0, len(m))
	for _, one := range m {
		if len(one.Floats) > 0 {
			lines = append(lines, toLine(one.Metric, one.Floats))
		}
	}
	return lines, nil
}

func toLine(metric labels.Labels, floats []promql.FPoint) Line {
	l := Line{Labels: metric.Map(), Samples: make([]Sample, len(floats))}
	for i, p := range floats {
		l.Samples[i] = Sample{Time: time.UnixMilli(p.T), Value: p.F}
	}
	return l
}

// slot waits until fewer than maxConcurrentQueries are running.
func (s *Store) slot(ctx context.Context) (release func(), err error) {
	release = func() { <-s.slots }
	select {
	case s.slots <- struct{}{}:
		return release, nil
	default:
	}
	select {
	case s.slots <- struct{}{}:
		return release, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func queryError(err error) error {
	if _, ok := errors.AsType[promql.ErrStorage](err); ok {
		return fmt.Errorf("query metrics: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrQuery, err)
}
