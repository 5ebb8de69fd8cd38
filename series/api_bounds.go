package series

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

const (
	// maxAPIQuery bounds each parameter of a request to the API, maxAPIBody its body, in bytes.
	maxAPIQuery, maxAPIBody = 10_000, 256 << 10
	// maxAPIRequests is how many requests to the API are answered at a time, maxAPIWait how long others wait.
	maxAPIRequests = 2 * maxConcurrentQueries
	maxAPIWait     = queryTimeout
)

var errNotServed = errors.New("this part of Prometheus' API is not served here")

// boundedAPI bounds what requests ask for, and how many there are at a time.
type boundedAPI struct {
	api   func() http.Handler
	slots chan struct{}
}

func (a *boundedAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// A dashboard asks for all its panels at once: they wait for each other.
	ctx, cancel := context.WithTimeout(r.Context(), maxAPIWait)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		refuse(w, http.StatusServiceUnavailable, "unavailable", errors.New("too many requests at a time"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAPIBody)
	if err := parseForm(r); err != nil {
		refuse(w, http.StatusBadRequest, "bad_data", err)
		return
	}
	// Some answers hold the store until they are sent, and a client may take long to read.
	answer := &wholeAnswer{ResponseWriter: w, code: http.StatusOK}
	a.api().ServeHTTP(answer, r)
	w.WriteHeader(answer.code)
	w.Write(answer.body.Bytes())
}

// parseForm reads the parameters, also those that Prometheus' handlers would look for in parts of the body.
func parseForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(maxAPIBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	return checkParameters(r.Form)
}

func checkParameters(form url.Values) error {
	for name, values := range form {
		for _, v := range values {
			if len(v) > maxAPIQuery {
				return fmt.Errorf("the parameter %.100q is longer than %d bytes", name, maxAPIQuery)
			}
		}
	}
	return nil
}

// refuse answers with an error in the form of Prometheus' API.
func refuse(w http.ResponseWriter, code int, kind string, err error) {
	body, _ := json.Marshal(map[string]string{"status": "error", "errorType": kind, "error": err.Error()}) // texts always have a form in JSON
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(body)
}

// wholeAnswer keeps an answer until it is complete.
type wholeAnswer struct {
	http.ResponseWriter
	code int
	body bytes.Buffer
}

func (a *wholeAnswer) WriteHeader(code int)        { a.code = code }
func (a *wholeAnswer) Write(p []byte) (int, error) { return a.body.Write(p) }

// boundedEngine runs queries from outside with those of the page, and no more of them at a time.
type boundedEngine struct {
	promql.QueryEngine
	store *Store
}

func (e boundedEngine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error) {
	query, err := e.QueryEngine.NewInstantQuery(ctx, q, opts, expr, at)
	if err != nil {
		return nil, err
	}
	return boundedQuery{query, e.store}, nil
}

func (e boundedEngine) NewRangeQuery(
	ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration,
) (promql.Query, error) {
	query, err := e.QueryEngine.NewRangeQuery(ctx, q, opts, expr, from, to, step)
	if err != nil {
		return nil, err
	}
	return boundedQuery{query, e.store}, nil
}

type boundedQuery struct {
	promql.Query
	store *Store
}

func (q boundedQuery) Exec(ctx context.Context) *promql.Result {
	release, err := q.store.slot(ctx)
	if err != nil {
		return &promql.Result{Err: err}
	}
	defer release()
	return q.Query.Exec(ctx)
}
