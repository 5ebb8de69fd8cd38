// Package sink answers like Elasticsearch's bulk API, cheaply, and keeps account: which of the numbered lines of
// gatewaylog arrived, which came twice, which came torn. It fails on demand in the ways a cluster does.
package sink

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Sink is an http.Handler. It is safe for concurrent use.
type Sink struct {
	bodies sync.Pool

	mu     sync.Mutex
	outage Outage
	book   book
}

// Outage is how the sink fails.
type Outage struct {
	// Status is what bulk requests are answered with instead of being taken: 429, 503. 0 takes them.
	Status int
	// Items refuses every third document of a request that is taken.
	Items bool
}

// New returns an empty sink that keeps account of the lines numbered below limit.
func New(limit int) *Sink {
	return &Sink{bodies: sync.Pool{New: func() any { return new(exchange) }}, book: newBook(limit)}
}

// Fail makes the sink fail as o says, from now on. The zero Outage ends it.
func (s *Sink) Fail(o Outage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = o
}

// Report returns the account of the first lines lines.
func (s *Sink) Report(lines int) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.report(lines)
}

// Reset forgets all that arrived.
func (s *Sink) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book = newBook(len(s.book.seen))
}

// info is what Elasticsearch says about itself; clients check it.
const info = `{"name":"sink","cluster_name":"sink","cluster_uuid":"AAAAAAAAAAAAAAAAAAAAAA","version":{"number":"8.15.0",` +
	`"build_flavor":"default","build_type":"docker","build_hash":"x","build_date":"2024-08-05T10:05:34.233336849Z",` +
	`"build_snapshot":false,"lucene_version":"9.11.1","minimum_wire_compatibility_version":"7.17.0",` +
	`"minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"}`

// ServeHTTP takes bulk requests and agrees to everything else.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/_bulk") {
		s.bulk(w, r)
		return
	}
	io.Copy(io.Discard, r.Body) // whatever it says, the answer is the same
	if status := s.refusal(); status != 0 {
		w.WriteHeader(status)
		return
	}
	switch {
	case r.URL.Path == "/":
		io.WriteString(w, info)
	case strings.HasPrefix(r.URL.Path, "/_cluster/health"):
		io.WriteString(w, `{"status":"green"}`)
	default:
		io.WriteString(w, `{"acknowledged":true}`)
	}
}

// exchange is the memory of one bulk request, which serves again.
type exchange struct {
	body   bytes.Buffer
	answer []byte
}

func (s *Sink) bulk(w http.ResponseWriter, r *http.Request) {
	x := s.bodies.Get().(*exchange)
	defer s.bodies.Put(x)
	x.body.Reset()
	if err := readBody(&x.body, r); err != nil {
		return // the sender has gone, or sends nonsense: there is nobody to answer
	}
	if status := s.refusal(); status != 0 {
		w.WriteHeader(status)
		io.WriteString(w, `{"error":{"type":"unavailable","reason":"outage"},"status":`+strconv.Itoa(status)+`}`)
		return
	}
	var failed bool
	x.answer, failed = s.take(x.answer[:0], x.body.Bytes())
	io.WriteString(w, `{"took":1,"errors":`+strconv.FormatBool(failed)+`,"items":[`)
	w.Write(x.answer)
	io.WriteString(w, `]}`)
}

func readBody(to *bytes.Buffer, r *http.Request) error {
	var body io.Reader = r.Body
	if strings.Contains(r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return err
		}
		body = unzipped
	} else if r.ContentLength > 0 {
		to.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := to.ReadFrom(body)
	return err
}

// refusal counts a request that is refused and returns the status it is refused with, or 0.
func (s *Sink) refusal() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage.Status != 0 {
		s.book.refused++
	}
	return s.outage.Status
}

// take books the documents of a bulk body and appends the answer on each.
func (s *Sink) take(answer, body []byte) (_ []byte, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.requests++
	s.book.bytes += int64(len(body))
	for n := 1; len(body) > 0; n++ {
		var action, document []byte
		action, body, _ = bytes.Cut(body, []byte{'\n'})
		document, body, _ = bytes.Cut(body, []byte{'\n'})
		op := "index"
		if bytes.HasPrefix(bytes.TrimLeft(action, `{ "`), []byte("create")) {
			op = "create"
		}
		id := stringAfter(action, `"_id"`)
		status := http.StatusTooManyRequests
		if !s.outage.Items || n%3 != 0 {
			status = s.book.enter(op, id, document)
		}
		failed = failed || status >= http.StatusBadRequest
		if n > 1 {
			answer = append(answer, ',')
		}
		answer = appendItem(answer, op, id, status)
	}
	return answer, failed
}

func appendItem(b []byte, op string, id []byte, status int) []byte {
	b = append(append(b, `{"`...), op...)
	b = append(append(b, `":{"_index":"gw","_id":"`...), id...)
	b = strconv.AppendInt(append(b, `","status":`...), int64(status), 10)
	switch status {
	case http.StatusConflict:
		b = append(b, `,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}`...)
	case http.StatusTooManyRequests:
		b = append(b, `,"error":{"type":"es_rejected_execution_exception","reason":"queue is full"}`...)
	}
	return append(b, "}}"...)
}

// stringAfter returns the string value that follows the quoted name in flat JSON without escapes, or nil.
func stringAfter(text []byte, name string) []byte {
	_, rest, _ := bytes.Cut(text, []byte(name))
	_, rest, _ = bytes.Cut(rest, []byte{'"'})
	value, _, ok := bytes.Cut(rest, []byte{'"'})
	if !ok {
		return nil
	}
	return value
}
