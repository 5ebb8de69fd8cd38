package outputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/klauspost/compress/gzip"
)

const (
	// answerPerItem is the most an answer may have for each item, on average; beyond, it is unusable.
	answerPerItem = 4 << 10
	// maxErrorBody is how much is read of an answer with an error status.
	maxErrorBody = 64 << 10
)

// outcome is what is known after one request.
type outcome struct {
	// fate is delivered when the answer speaks of each item: see verdicts. Else it is of all items.
	fate fate
	// verdicts are on each item, or nil when all are delivered.
	verdicts []verdict
	// size of the request's body before compression.
	size int
	// status of the answer; 0 when there was none.
	status int
	// asked is how long the server wants to be left alone.
	asked time.Duration
	err   error
}

// scratch is the memory of one request, which serves again.
type scratch struct {
	body   []byte
	packed bytes.Buffer
	packer *gzip.Writer
	answer bytes.Buffer
}

// pack returns the body as gzip. It stays valid until the next call.
func (s *scratch) pack() ([]byte, error) {
	s.packed.Reset()
	if s.packer == nil {
		w, err := gzip.NewWriterLevel(&s.packed, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		s.packer = w
	}
	s.packer.Reset(&s.packed)
	if _, err := s.packer.Write(s.body); err != nil {
		return nil, err
	}
	err := s.packer.Close()
	return s.packed.Bytes(), err
}

// borrow returns memory for a request. One that never comes back is no harm.
func (e *Elasticsearch) borrow() *scratch {
	select {
	case s := <-e.scratch:
		return s
	default:
		return new(scratch)
	}
}

// giveBack keeps s for the next request, unless one large document has blown it up.
func (e *Elasticsearch) giveBack(s *scratch) {
	if cap(s.body) > 2*int(e.cfg.BulkSize) {
		return
	}
	s.answer.Reset()
	select {
	case e.scratch <- s:
	default:
	}
}

// post sends one bulk request with items and judges the answer.
func (e *Elasticsearch) post(ctx context.Context, items []item) outcome {
	if f, err := e.ensureTemplate(ctx); err != nil {
		return outcome{fate: f, err: err}
	}
	index := items[0].stream.index
	s := e.borrow()
	s.body = appendBody(slices.Grow(s.body[:0], sizeOf(items)), items, index)
	o := e.exchange(ctx, index, s, len(items))
	o.size = len(s.body)
	if o.fate == delivered {
		// Only now is it certain that the connection reads from the body no more.
		e.giveBack(s)
	}
	return o
}

func (e *Elasticsearch) exchange(ctx context.Context, index string, s *scratch, n int) outcome {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(e.cfg.Timeout))
	defer cancel()
	resp, err := e.request(ctx, index, s)
	if err != nil {
		e.tmpl.forget()
		return outcome{fate: transportFate(err), err: err}
	}
	defer resp.Body.Close()
	o := outcome{status: resp.StatusCode, asked: retryAfter(resp.Header, time.Now())}
	if resp.StatusCode != http.StatusOK {
		o.fate, o.err = refusal(resp)
		return o
	}
	_, err = s.answer.ReadFrom(io.LimitReader(resp.Body, int64(n)*answerPerItem+maxErrorBody))
	if err == nil {
		o.verdicts, err = parseAnswer(s.answer.Bytes(), n)
	}
	if err != nil {
		o.fate, o.err = unknown, fmt.Errorf("%w: %w", errAnswer, err)
	}
	return o
}

func (e *Elasticsearch) request(ctx context.Context, index string, s *scratch) (*esapi.Response, error) {
	req := esapi.BulkRequest{
		Index: index, FilterPath: answerFields, Header: http.Header{"Content-Type": {"application/x-ndjson"}},
	}
	body := s.body
	if e.cfg.Gzip {
		var err error
		if body, err = s.pack(); err != nil {
			return nil, err
		}
		req.Header.Set("Content-Encoding", "gzip")
	}
	req.Body = bytes.NewReader(body)
	return req.Do(ctx, e.client)
}

// transportFate tells a request that never reached a node from one that may have been carried out.
func transportFate(err error) fate {
	var op *net.OpError
	var dns *net.DNSError
	if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) {
		return again
	}
	return unknown
}

// refusal judges an answer with a status that is not 200, and says in words what it means.
func refusal(resp *esapi.Response) (fate, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		body = nil
	}
	said := requestError(body)
	f := judgeRequest(resp.StatusCode, said.Type)
	text := fmt.Sprintf("the cluster answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		text += ": check api_key, or username and password"
	case resp.StatusCode == http.StatusForbidden && f == unwelcome:
		text += ": the credentials need create_doc and auto_configure on logs-gatewatch.*"
	}
	if said.Type != "" || said.Reason != "" {
		text += ": " + cut(said.Type+": "+said.text())
	}
	return f, errors.New(text)
}

// maxReason bounds a reason in the log and in the dead-letter file.
const maxReason = 1 << 10

func cut(s string) string {
	if len(s) <= maxReason {
		return s
	}
	return s[:maxReason] + "…"
}
