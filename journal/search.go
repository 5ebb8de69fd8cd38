package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"
)

// Result is what a search found.
type Result struct {
	// Hits are the records that match, as copies: the newest first, of equal times the one appended last first.
	Hits []Record
	// Complete says that Hits are all matches, or the newest ones when there are as many as the limit. It is false when
	// the budget or the memory for hits ran out.
	Complete bool
	// Reached is, when the search is not complete, the time down to which it is: all matches after it are in Hits.
	Reached time.Time
	// Scanned is the number of records looked at. Records whose block the filter ruled out are not in it.
	Scanned int
}

// Search returns the newest records that match q. It does not hold up Append. When ctx ends first, it returns what it
// has and the reason.
func (j *Journal) Search(ctx context.Context, q Query) (Result, error) {
	s := j.newSearch(ctx, q)
	s.use = s.block
	err := s.run(j.snapshot())
	return s.result(), err
}

// snapshot returns the segments there are.
func (j *Journal) snapshot() ([]segment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, ErrClosed
	}
	segments := make([]segment, len(j.segments))
	for i, one := range j.segments {
		segments[i] = *one
	}
	return segments, nil
}

func (j *Journal) newSearch(ctx context.Context, q Query) *search {
	s := newSearch(ctx, j.dir, q)
	s.learn = j.learn
	s.r.damaged = func(from, to int64) { j.reportDamage(s.r.segment, from, to) }
	return s
}

// newSearch returns a search of the segments in dir.
func newSearch(ctx context.Context, dir string, q Query) *search {
	s := &search{
		ctx: ctx, dir: dir, q: newQuery(q), src: sourceCache{}, learn: func(segment, bounds) {},
		threshold: math.MinInt64, reached: math.MinInt64,
	}
	if q.Budget > 0 {
		s.deadline = time.Now().Add(q.Budget)
	}
	return s
}

// run goes through the segments, the newest first. That the budget ran out is no error.
func (s *search) run(segments []segment, err error) error {
	if err != nil {
		return err
	}
	for i := len(segments) - 1; i >= 0; i-- {
		if err := s.segment(segments[i]); err != nil {
			s.missSegments(segments[:i+1])
			if errors.Is(err, errBudget) {
				return nil
			}
			return err
		}
	}
	return nil
}

// search is one Search or Count under way. It goes through the journal backwards.
type search struct {
	ctx      context.Context
	dir      string
	q        *query
	use      func(*frame) error    // takes a block that may hold what is wanted
	learn    func(segment, bounds) // is told what a segment holds
	deadline time.Time

	r       reader
	src     sourceCache
	m       matcher
	blocks  []frame // of the segment, that may hold matches
	raw     []byte
	records []Record

	hits []Record
	// threshold is the time that a record must be after to be among the newest hits.
	threshold int64
	// reached is the time of the newest record that may have been missed.
	reached int64
	missed  bool
	scanned int
}

// errBudget ends a search that took too long.
var errBudget = errors.New("search budget used up")

func (s *search) result() Result {
	r := Result{Hits: s.hits, Complete: !s.missed, Scanned: s.scanned}
	if s.missed {
		r.Reached = time.Unix(0, s.reached).UTC()
	}
	return r
}

// wanted tells whether records of these times can be among the hits.
func (s *search) wanted(minTime, maxTime int64) bool {
	return s.q.inRange(minTime, maxTime) && maxTime > s.threshold
}

// segment searches one segment.
func (s *search) segment(one segment) error {
	if one.bounds.known && !s.wanted(one.bounds.min, one.bounds.max) {
		return nil
	}
	f, err := os.Open(segmentPath(s.dir, one.number))
	if errors.Is(err, os.ErrNotExist) { // retention was faster
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.r.attach(f, one); err != nil {
		return err
	}
	if err := s.locate(one); err != nil {
		s.blocks = s.blocks[:0]
		return err
	}
	for i, b := range slices.Backward(s.blocks) {
		if !s.wanted(b.minTime, b.maxTime) {
			continue
		}
		err := s.stopped()
		if err == nil {
			err = s.use(&b)
		}
		if err != nil {
			s.blocks = s.blocks[:i+1]
			return err
		}
	}
	s.blocks = s.blocks[:0]
	return nil
}

// locate collects the blocks of the segment that may hold matches.
func (s *search) locate(one segment) error {
	s.blocks = s.blocks[:0]
	var all bounds
	for n := 0; ; n++ {
		const between = 64 // blocks without a look at the clock
		if n%between == 0 {
			if err := s.stopped(); err != nil {
				return err
			}
		}
		b, err := s.r.next()
		if errors.Is(err, io.EOF) {
			s.learn(one, all)
			return nil
		}
		if err != nil {
			return fmt.Errorf("search journal segment %d: %w", one.number, err)
		}
		all.include(&b.header)
		if b.records > 0 && s.wanted(b.minTime, b.maxTime) && !s.q.skips(b.filter()) {
			b.area = nil
			s.blocks = append(s.blocks, b)
		}
	}
}

func (s *search) stopped() error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	if !s.deadline.IsZero() && time.Now().After(s.deadline) {
		return errBudget
	}
	return nil
}

// block adds the matches in one block to the hits.
func (s *search) block(b *frame) error {
	raw, ok, err := s.r.body(b, s.raw)
	if err != nil || !ok {
		return err
	}
	s.raw = raw
	if s.m.absent(s.q, raw) {
		s.scanned += b.records
		return nil
	}
	if s.records, err = b.decode(s.records[:0], raw, s.src); err != nil {
		s.r.report(b.at, b.end())
		return nil
	}
	s.scanned += len(s.records)
	found := s.m.block(s.q, s.records, documents(raw, s.records), s.threshold+1)
	if len(found) == 0 {
		return nil
	}
	byTime := func(a, b Record) int { return b.Time.Compare(a.Time) }
	slices.SortStableFunc(found, func(a, b int) int { return byTime(s.records[a], s.records[b]) })
	for _, i := range found[:min(len(found), s.q.limit)] {
		r := s.records[i]
		r.Document = bytes.Clone(r.Document)
		s.hits = append(s.hits, r)
	}
	slices.SortStableFunc(s.hits, byTime)
	s.trim()
	return nil
}

// trim leaves the newest hits that are within the limits.
func (s *search) trim() {
	s.hits = s.hits[:min(len(s.hits), s.q.limit)]
	size := 0
	for i := range s.hits {
		size += len(s.hits[i].Document)
		if size > maxHitBytes && i > 0 {
			s.miss(nanoseconds(s.hits[i].Time))
			s.q.limit = i
			s.hits = s.hits[:i]
			break
		}
	}
	if len(s.hits) == s.q.limit {
		s.threshold = nanoseconds(s.hits[len(s.hits)-1].Time)
	}
}

// miss notes that records as new as t may be missing.
func (s *search) miss(t int64) {
	s.missed = true
	s.reached = max(s.reached, min(t, s.q.to))
}

// missSegments notes what was not searched when a search ended early: the older of segments, and of the last one the
// blocks that are left.
func (s *search) missSegments(segments []segment) {
	last := len(segments) - 1
	for i, one := range segments {
		switch {
		case i == last && len(s.blocks) > 0:
			for _, b := range s.blocks {
				s.missPart(b.minTime, b.maxTime)
			}
		case one.bounds.known:
			s.missPart(one.bounds.min, one.bounds.max)
		case i < last:
			// About: logs are read soon after they are written.
			s.missPart(math.MinInt64, segments[i+1].created.UnixNano())
		default:
			s.missPart(math.MinInt64, math.MaxInt64)
		}
	}
}

func (s *search) missPart(minTime, maxTime int64) {
	if s.wanted(minTime, maxTime) {
		s.miss(maxTime)
	}
}
