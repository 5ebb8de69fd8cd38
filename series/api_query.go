package series

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/stats"
)

func (a *api) query(r *http.Request) ([]byte, error) {
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	at, err := timeOr(r, "time", time.Now())
	if err != nil {
		return nil, err
	}
	return a.run(r, limit, func(ctx context.Context, opts promql.QueryOpts, expr string) (promql.Query, error) {
		return a.engine.NewInstantQuery(ctx, a.samples, opts, expr, at)
	})
}

func (a *api) queryRange(r *http.Request) ([]byte, error) {
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	from, err := parseTime(r.FormValue("start"))
	if err != nil {
		return nil, wrong("start", err)
	}
	to, err := parseTime(r.FormValue("end"))
	if err != nil {
		return nil, wrong("end", err)
	}
	if to.Before(from) {
		return nil, wrong("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(r.FormValue("step"))
	if err != nil {
		return nil, wrong("step", err)
	}
	if step <= 0 {
		return nil, wrong("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if to.Sub(from)/step > maxPoints {
		return nil, failure(badData, errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	return a.run(r, limit, func(ctx context.Context, opts promql.QueryOpts, expr string) (promql.Query, error) {
		return a.engine.NewRangeQuery(ctx, a.samples, opts, expr, from, to, step)
	})
}

type newQuery func(context.Context, promql.QueryOpts, string) (promql.Query, error)

// run evaluates the query of a request. The result is encoded before the query is closed, which takes it back.
func (a *api) run(r *http.Request, limit int, make newQuery) ([]byte, error) {
	ctx := r.Context()
	if text := r.FormValue("timeout"); text != "" {
		timeout, err := parseDuration(text)
		if err != nil {
			return nil, wrong("timeout", err)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	opts, err := queryOptions(r)
	if err != nil {
		return nil, failure(badData, err)
	}
	q, err := make(ctx, opts, r.FormValue("query"))
	if err != nil {
		return nil, wrong("query", err)
	}
	defer q.Close()
	release, err := a.slot(ctx)
	if err != nil {
		return nil, queryFailure(err)
	}
	defer release()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, queryFailure(res.Err)
	}
	return queryAnswer(r, q, res, limit)
}

func queryOptions(r *http.Request) (promql.QueryOpts, error) {
	var lookback time.Duration
	if text := r.FormValue("lookback_delta"); text != "" {
		var err error
		if lookback, err = parseDuration(text); err != nil {
			return nil, fmt.Errorf("error parsing lookback delta duration: %w", err)
		}
	}
	return promql.NewPrometheusQueryOpts(r.FormValue("stats") == "all", lookback), nil
}

func queryAnswer(r *http.Request, q promql.Query, res *promql.Result, limit int) ([]byte, error) {
	data := struct {
		Type   parser.ValueType `json:"resultType"`
		Result any              `json:"result"`
		Stats  stats.QueryStats `json:"stats,omitempty"`
	}{Type: res.Value.Type(), Result: res.Value}
	truncated := false
	switch v := res.Value.(type) {
	case promql.Matrix:
		v, truncated = cut(v, limit)
		data.Result = matrix(v)
	case promql.Vector:
		v, truncated = cut(v, limit)
		data.Result = vector(v)
	}
	notes := res.Warnings
	if truncated {
		notes = notes.Add(errTruncated)
	}
	switch wanted := r.FormValue("stats"); wanted {
	case "":
	default:
		notes = notes.Add(fmt.Errorf("value %q for parameter \"stats\" is deprecated and will be rejected in the next major release, use \"true\" or \"all\"", wanted))
		fallthrough
	case "true", "all":
		data.Stats = stats.NewQueryStats(q.Stats())
	}
	return successWith(data, notes, r.FormValue("query"))
}
