package outputs

import (
	"context"
	"sync"
	"time"

	"gatewatch/journal"
)

// batch is one or more blocks on their way together.
type batch struct {
	items []item
	size  int
	next  journal.Position
	taken time.Time

	ended     bool
	delivered bool
}

// window holds the batches between the feed and its acknowledgement, oldest first. It belongs to one goroutine.
type window struct {
	e       *Elasticsearch
	flight  []*batch
	waiting []*batch
	held    int
	// incoming and spare are memory that serves again.
	incoming []item
	spare    [][]item
	ended    chan *batch
	senders  sync.WaitGroup
	broken   bool
}

// deliver sends blocks until the channel is closed and everything under way has ended. A small batch is sent at once
// when nothing is under way; while requests are under way, the next batch grows up to the bulk size.
func (e *Elasticsearch) deliver(ctx context.Context, blocks <-chan journal.Block) {
	late, cancel := afterEnd(ctx, flushGrace)
	defer cancel()
	w := &window{e: e, ended: make(chan *batch, maxInFlight)}
	defer w.senders.Wait()
	for {
		w.launch(ctx, late)
		if blocks == nil && len(w.flight) == 0 {
			return
		}
		in := blocks
		if !w.hasRoom() {
			in = nil
		}
		select {
		case block, ok := <-in:
			if ok {
				w.add(block)
			} else {
				blocks = nil
			}
		case b := <-w.ended:
			w.finish(b)
		}
	}
}

// hasRoom tells whether another block may be taken: the batch that waits is not full, and the limit on memory is not
// reached.
func (w *window) hasRoom() bool {
	switch len(w.waiting) {
	case 0:
	case 1:
		if w.waiting[0].size >= w.e.bulkSize() {
			return false
		}
	default:
		return false
	}
	return w.held < maxUnacknowledged
}

// add puts block into the batch that waits, or behind it when they do not fit into one request.
func (w *window) add(block journal.Block) {
	w.incoming = w.e.streams.appendItems(w.incoming[:0], block.Records)
	size := sizeOf(w.incoming)
	w.held += size
	var last *batch
	if n := len(w.waiting); n > 0 && w.waiting[n-1].size+size <= w.e.bulkSize() {
		last = w.waiting[n-1]
	} else {
		last = &batch{items: w.memory(), taken: time.Now()}
		w.waiting = append(w.waiting, last)
	}
	last.items = append(last.items, w.incoming...)
	last.size += size
	last.next = block.Next
	w.tell()
}

// memory returns the memory of a batch that has ended, for another one.
func (w *window) memory() []item {
	n := len(w.spare)
	if n == 0 {
		return nil
	}
	items := w.spare[n-1]
	w.spare = w.spare[:n-1]
	return items
}

// launch sends what waits, as far as requests may be under way.
func (w *window) launch(ctx, late context.Context) {
	for len(w.waiting) > 0 && len(w.flight) < maxInFlight {
		b := w.waiting[0]
		full := len(w.waiting) > 1 || b.size >= w.e.bulkSize()
		if len(w.flight) > 0 && !full {
			return
		}
		w.waiting = append(w.waiting[:0], w.waiting[1:]...)
		w.flight = append(w.flight, b)
		w.senders.Go(func() {
			b.delivered = w.e.send(ctx, late, b.items)
			w.ended <- b
		})
	}
}

// finish acknowledges, in order, what is delivered without a gap.
func (w *window) finish(b *batch) {
	b.ended = true
	for len(w.flight) > 0 && w.flight[0].ended {
		first := w.flight[0]
		w.flight = append(w.flight[:0], w.flight[1:]...)
		w.held -= first.size
		clear(first.items)
		w.spare = append(w.spare, first.items[:0])
		w.broken = w.broken || !first.delivered
		if w.broken {
			continue
		}
		// The records are delivered. If the cursor cannot be kept, they are delivered again, and refused with 409.
		if err := w.e.feed.Ack(first.next); err != nil {
			w.e.log.Error("cursor not kept", "err", err)
		}
	}
	w.tell()
}

// tell keeps the metric of the oldest undelivered block.
func (w *window) tell() {
	switch {
	case len(w.flight) > 0:
		w.e.metrics.oldest.Store(w.flight[0].taken.UnixNano())
	case len(w.waiting) > 0:
		w.e.metrics.oldest.Store(w.waiting[0].taken.UnixNano())
	default:
		w.e.metrics.oldest.Store(0)
	}
}

func (e *Elasticsearch) bulkSize() int { return int(e.largest.Load()) }
