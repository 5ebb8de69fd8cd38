package journal

import (
	"bytes"
	"context"
	"time"

	"gatewatch/event"
)

// CountQuery says which records are counted, and by what.
type CountQuery struct {
	// From and To bound the time, as in Query.
	From, To time.Time
	// By are fields of the document, such as payment.provider: records are counted by their values. Fields of the source,
	// and what the log itself wrote (fields.x), cannot be counted by.
	By []string
	// Every is the length of the buckets of time that are counted apart; 0 means that there is one.
	Every time.Duration
	// Limit is the most counts wanted; 0 means 1,000, and there are no more than MaxCounts.
	Limit int
	// Budget is how long counting may take; 0 means no bound.
	Budget time.Duration
}

const (
	defaultCounts = 1000
	// MaxCounts is the most counts that Count returns.
	MaxCounts = 100_000
)

// Count is how many records have the same values in the same bucket of time.
type Count struct {
	// Time is when the bucket begins: a multiple of Every since 1970. Zero when Every is 0.
	Time time.Time
	// Values are those of By, in that order. Numbers, true, false and null are as they are written. A field that a
	// record does not have, or that is an object or an array, is "".
	Values []string
	// Records is how many there are.
	Records int
}

// Counts is what Count found.
type Counts struct {
	// Counts are in the order of time, then of their values.
	Counts []Count
	// Others is how many records were left out because there were more different counts than the limit. What is in
	// Counts is exact nevertheless.
	Others int
	// Complete and Reached are as in Result: when the budget ran out, only records after Reached are all counted.
	Complete bool
	Reached  time.Time
	// Scanned is the number of records looked at.
	Scanned int
}

// Count counts records. In sealed segments it reads the columns of the fields alone, where these have few different
// values. It does not hold up Append. When ctx ends first, it returns what it has and the reason.
func (j *Journal) Count(ctx context.Context, q CountQuery) (Counts, error) {
	segments, err := j.snapshot()
	return q.count(j.newSearch(ctx, q.query()), segments, err)
}

// Count is Journal.Count for what an agent may be writing. Damaged blocks are left out.
func (v *View) Count(ctx context.Context, q CountQuery) (Counts, error) {
	return q.count(newSearch(ctx, v.dir, q.query()), v.segments, nil)
}

func (q *CountQuery) query() Query { return Query{From: q.From, To: q.To, Budget: q.Budget} }

func (q *CountQuery) count(s *search, segments []segment, err error) (Counts, error) {
	limit := min(q.Limit, MaxCounts)
	if limit <= 0 {
		limit = defaultCounts
	}
	t := &tally{fields: countedFields(q.By), every: max(0, int64(q.Every)), limit: limit, counts: map[string]*Count{}}
	s.use = func(b *frame) error { return t.block(s, b) }
	err = s.run(segments, err)
	return t.result(s), err
}

// countedField is a field of By as it stands in documents.
type countedField struct {
	name  []byte // "name":
	quote []byte // "name":"
}

func countedFields(names []string) []countedField {
	all := make([]countedField, len(names))
	for i, n := range names {
		name := append(event.AppendJSONString(nil, n), ':')
		all[i] = countedField{name: name, quote: append(bytes.Clone(name), '"')}
	}
	return all
}

// of returns the value of the field in doc as it stands there, without quotes; nil when there is none.
func (f *countedField) of(doc []byte) []byte {
	at := bytes.Index(doc, f.name)
	if at < 1 || doc[at-1] != ',' && doc[at-1] != '{' {
		return nil
	}
	if end := bytes.Index(doc[:at], []byte(fieldsStart)); end >= 0 {
		return nil
	}
	at += len(f.name)
	switch {
	case at == len(doc) || doc[at] == '{' || doc[at] == '[':
		return nil
	case doc[at] == '"':
		return doc[at+1 : stringEnd(doc, at+1)]
	}
	return doc[at:literalEnd(doc, at)]
}

// column returns the number of the column of the template that has the field's values, or -1.
func (f *countedField) column(t *joiner) int {
	for i, piece := range t.pieces[:len(t.columns)] {
		rest, found := bytes.CutSuffix(piece, f.quote)
		if !found {
			rest, found = bytes.CutSuffix(piece, f.name)
		}
		if bytes.Contains(rest, []byte(fieldsStart)) {
			return -1
		}
		if n := len(rest); found && n > 0 && (rest[n-1] == ',' || rest[n-1] == '{') {
			return i
		}
	}
	return -1
}
