package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Consumer reads the journal from its own cursor on. Every block is handed out at least once: what was not
// acknowledged comes again after a restart. Next is for one goroutine at a time; Ack may be called from any.
type Consumer struct {
	j      *Journal
	name   string
	notify chan struct{}

	// Owned by the caller of Next.
	next Position
	r    reader
	f    *os.File
	src  sourceCache

	saving sync.Mutex
	saved  Position // what the cursor file says; guarded by saving

	// Guarded by the journal's mutex.
	acked  Position
	closed bool
}

// Consumer returns the consumer with that name, at its cursor; a new one begins at the oldest block. The name is of
// lower-case letters, digits, - and _. There is one Consumer of a name at a time, until Close.
func (j *Journal) Consumer(name string) (*Consumer, error) {
	if !consumerName.MatchString(name) {
		return nil, fmt.Errorf("%q cannot be a consumer's name: lower-case letters, digits, - and _", name)
	}
	p, err := j.loadCursor(name)
	if err != nil {
		return nil, err
	}
	c := &Consumer{j: j, name: name, notify: make(chan struct{}, 1), next: p, acked: p, saved: p, src: sourceCache{}}
	c.r.damaged = func(from, to int64) { j.reportDamage(c.r.segment, from, to) }
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, ErrClosed
	}
	if j.consumers[name] != nil {
		return nil, fmt.Errorf("consumer %s is open already", name)
	}
	j.consumers[name] = c
	j.metrics.undelivered.WithLabelValues(name) // so that its first increase is seen
	return c, nil
}

// Next returns the next block that has records, and waits for it when there is none yet. Consumers that keep up get
// it from memory. When the consumer's place is gone with an old segment, it goes on with the oldest block there is.
func (c *Consumer) Next(ctx context.Context) (Block, error) {
	for {
		if ctx.Err() != nil {
			return Block{}, context.Cause(ctx)
		}
		b, found, err := c.step()
		if err != nil {
			return Block{}, err
		}
		if len(b.Records) > 0 {
			return b, nil
		}
		if found {
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.notify:
		}
	}
}

// step moves behind the next block and returns it. It may hold no records: a block of marks alone, or a damaged one.
// found is false when there is no block yet.
func (c *Consumer) step() (b Block, found bool, err error) {
	from := c.next
	s, recent, err := c.locate()
	if err != nil || s.number == 0 {
		return Block{}, false, err
	}
	if recent.raw != nil {
		b.Records, err = recent.records()
		c.next = recent.next
	} else {
		b.Records, err = c.read(s)
	}
	if err != nil {
		return Block{}, false, fmt.Errorf("read journal segment %d: %w", s.number, err)
	}
	if len(b.Records) == 0 {
		c.pass(from)
	}
	b.Next = c.next
	return b, true, nil
}

// pass acknowledges a block that the caller does not get to see, when everything before it is acknowledged.
func (c *Consumer) pass(from Position) {
	c.j.mu.Lock()
	defer c.j.mu.Unlock()
	if c.acked.Compare(from) >= 0 && c.acked.Compare(c.next) < 0 {
		c.acked = c.next
	}
}

// locate moves to where the next block is: its segment, and the block itself when it is still in memory. There is
// none when the segment's number is 0.
func (c *Consumer) locate() (segment, recentBlock, error) {
	j := c.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || c.closed {
		return segment{}, recentBlock{}, ErrClosed
	}
	for _, s := range j.segments {
		if s.end().Compare(c.next) <= 0 {
			continue
		}
		if s.start().Compare(c.next) > 0 {
			c.next = s.start()
		}
		recent, _ := j.recent.at(c.next)
		return *s, recent, nil
	}
	return segment{}, recentBlock{}, nil
}

// read returns the records of the next block of s on disk and moves behind it. At the end of s there are none.
func (c *Consumer) read(s segment) ([]Record, error) {
	if err := c.open(s); err != nil {
		if errors.Is(err, os.ErrNotExist) { // retention was faster
			c.next = Position{Segment: s.number + 1}
			return nil, nil
		}
		return nil, err
	}
	if !c.r.sealed {
		c.r.limit = s.size
	}
	b, err := c.r.from(c.next.Offset)
	if errors.Is(err, io.EOF) {
		c.next = s.end()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	raw, ok, err := c.r.body(&b, nil)
	if err != nil {
		return nil, err
	}
	from := c.next.Offset
	c.next.Offset = b.next()
	if !ok {
		return nil, nil
	}
	records, err := b.decode(nil, raw, c.src)
	if err != nil {
		c.r.report(b.at, b.end())
		return nil, nil
	}
	if b.sealed() && b.position < from {
		n, err := b.recordsBefore(raw, from)
		return records[n:], err
	}
	return records, nil
}

// open opens the file of s, unless it is open.
func (c *Consumer) open(s segment) error {
	if c.f != nil && c.r.segment == s.number && (c.r.sealed || !s.sealed) {
		return nil
	}
	c.closeFile()
	f, err := os.Open(segmentPath(c.j.dir, s.number))
	if err != nil {
		return err
	}
	c.f = f
	if err := c.r.attach(f, s); err != nil {
		c.closeFile()
		return err
	}
	return nil
}

func (c *Consumer) closeFile() {
	if c.f != nil {
		c.f.Close() // only read from
		c.f = nil
	}
}

// wake ends the wait of Next.
func (c *Consumer) wake() {
	select {
	case c.notify <- struct{}{}:
	default:
	}
}

// Ack says that everything before p is delivered. It is written to the cursor file within about a second, and at
// Close. A position before an earlier one changes nothing.
func (c *Consumer) Ack(p Position) error {
	j := c.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if p.Compare(j.end()) > 0 {
		return fmt.Errorf("acknowledge %s: the journal ends at %s", p, j.end())
	}
	if p.Compare(c.acked) > 0 {
		c.acked = p
	}
	return nil
}

// Close saves the cursor and ends Next. It must not be called while Next runs.
func (c *Consumer) Close() error {
	j := c.j
	j.mu.Lock()
	if c.closed {
		j.mu.Unlock()
		return nil
	}
	c.closed = true
	delete(j.consumers, c.name)
	j.mu.Unlock()
	c.wake()
	c.closeFile()
	return c.save()
}

// end returns the position behind the last block. The mutex is held.
func (j *Journal) end() Position {
	if len(j.segments) == 0 {
		return Position{}
	}
	return j.segments[len(j.segments)-1].end()
}
