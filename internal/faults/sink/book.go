package sink

import (
	"bytes"
	"net/http"
	"time"

	"gatewatch/internal/faults/gatewaylog"
)

// Report is the account of what arrived.
type Report struct {
	// Lost are the lines that did not arrive; Repeated counts each arrival of a line under another id after its first.
	Lost, Repeated int
	// FirstLost is the number of the first lost line, or -1, and Gaps how many runs of lost lines there are.
	FirstLost, Gaps int
	// Torn are documents that are not one whole line: without a number, malformed, or made of two lines.
	Torn int
	// Documents were accepted; Resent came again under the same id, which Elasticsearch refuses with 409.
	Documents, Resent int
	// Requests were taken, with Bytes of bodies; Refused were not.
	Requests, Refused int
	Bytes             int64
	// First and Last are when the first and the last document was accepted.
	First, Last time.Time
	// SampleTorn is the first torn document.
	SampleTorn string
}

// book counts. It is guarded by its sink's mutex.
type book struct {
	seen        []uint32 // how often each line arrived
	ids         map[string]struct{}
	documents   int
	resent      int
	torn        int
	requests    int
	refused     int
	bytes       int64
	first, last time.Time
	sampleTorn  string
}

func newBook(limit int) book { return book{seen: make([]uint32, limit), ids: map[string]struct{}{}} }

// enter books one document and returns the status it is answered with.
func (b *book) enter(op string, id, document []byte) int {
	if op == "create" && len(id) > 0 {
		if _, known := b.ids[string(id)]; known {
			b.resent++
			return http.StatusConflict
		}
		b.ids[string(id)] = struct{}{}
	}
	b.last = time.Now()
	if b.documents == 0 {
		b.first = b.last
	}
	b.documents++
	number, whole := gatewaylog.Number(document)
	if number >= len(b.seen) {
		whole = false
	} else if number >= 0 {
		b.seen[number]++
	}
	if !whole || bytes.Contains(document, []byte(`"event.kind":"pipeline_error"`)) {
		if b.torn == 0 {
			b.sampleTorn = string(document)
		}
		b.torn++
	}
	return http.StatusCreated
}

func (b *book) report(lines int) Report {
	r := Report{
		FirstLost: -1, Torn: b.torn, Documents: b.documents, Resent: b.resent, Requests: b.requests, Refused: b.refused,
		Bytes: b.bytes, First: b.first, Last: b.last, SampleTorn: b.sampleTorn,
	}
	inGap := false
	for number, times := range b.seen[:min(lines, len(b.seen))] {
		if times > 0 {
			inGap = false
			r.Repeated += int(times) - 1
			continue
		}
		if r.Lost == 0 {
			r.FirstLost = number
		}
		if !inGap {
			r.Gaps++
		}
		inGap = true
		r.Lost++
	}
	return r
}
