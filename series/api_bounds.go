package series

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxAPIQuery bounds each parameter of a request to the API, maxAPIBody its body, in bytes.
	maxAPIQuery, maxAPIBody = 10_000, 256 << 10
	// maxAPIRequests is how many requests to the API are answered at a time, maxAPIWait how long others wait.
	maxAPIRequests = 2 * maxConcurrentQueries
	maxAPIWait     = queryTimeout
)

// boundedEndpoint bounds what requests ask for, and how many there are at a time.
type boundedEndpoint struct {
	answer  endpoint
	methods string
	slots   chan struct{} // of all endpoints
}

func (b *boundedEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !slices.Contains(strings.Split(b.methods, ", "), r.Method) {
		w.Header().Set("Allow", b.methods)
		refuse(w, failure(notAllowed, fmt.Errorf("the method must be one of %s", b.methods)))
		return
	}
	// A dashboard asks for all its panels at once: they wait for each other.
	ctx, cancel := context.WithTimeout(r.Context(), maxAPIWait)
	defer cancel()
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		refuse(w, failure(unavailable, errors.New("too many requests at a time")))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAPIBody)
	if err := parseForm(r); err != nil {
		refuse(w, failure(badData, err))
		return
	}
	// The answer is complete before it is sent: a client may take long to read, and must hold nothing of the store.
	body, err := b.answer(r)
	switch {
	case err != nil:
		refuse(w, err)
	case body == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		send(w, http.StatusOK, body)
	}
}

// parseForm reads the parameters, also those in parts of the body.
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
