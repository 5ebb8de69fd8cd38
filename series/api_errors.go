package series

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql"
)

// kind is the type of an error as Prometheus' API calls it.
type kind string

const (
	badData     kind = "bad_data"
	execution   kind = "execution"
	canceled    kind = "canceled"
	timedOut    kind = "timeout"
	internal    kind = "internal"
	unavailable kind = "unavailable"
	notFound    kind = "not_found"
	notAllowed  kind = "not_allowed"
)

// statusClientClosed says in logs that a client did not wait for its answer; no client sees it.
const statusClientClosed = 499

var errNotServed = errors.New("this part of Prometheus' API is not served here")

// apiError is what an answer says of what went wrong.
type apiError struct {
	kind kind
	err  error
}

func (e *apiError) Error() string { return string(e.kind) + ": " + e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func failure(k kind, err error) error { return &apiError{k, err} }

func wrong(parameter string, err error) error {
	return failure(badData, fmt.Errorf("invalid parameter %q: %w", parameter, err))
}

// queryFailure tells whose fault it is that the engine or the store gave no answer.
func queryFailure(err error) error {
	if _, ok := errors.AsType[promql.ErrQueryCanceled](err); ok || errors.Is(err, context.Canceled) {
		return failure(canceled, err)
	}
	if _, ok := errors.AsType[promql.ErrQueryTimeout](err); ok || errors.Is(err, context.DeadlineExceeded) {
		return failure(timedOut, err)
	}
	if _, ok := errors.AsType[promql.ErrStorage](err); ok {
		return failure(internal, err)
	}
	return failure(execution, err)
}

func (k kind) status() int {
	switch k {
	case badData:
		return http.StatusBadRequest
	case execution:
		return http.StatusUnprocessableEntity
	case canceled:
		return statusClientClosed
	case timedOut, unavailable:
		return http.StatusServiceUnavailable
	case notFound:
		return http.StatusNotFound
	case notAllowed:
		return http.StatusMethodNotAllowed
	}
	return http.StatusInternalServerError
}

// refuse answers with an error in the form of Prometheus' API.
func refuse(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		e = &apiError{internal, err}
	}
	// Texts always have a form in JSON.
	body, _ := json.Marshal(struct {
		Status string `json:"status"`
		Kind   kind   `json:"errorType"`
		Error  string `json:"error"`
	}{"error", e.kind, e.err.Error()})
	send(w, e.kind.status(), body)
}

func send(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(body) // the client may have left
}
