package logmetrics

import (
	"hash/maphash"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

const (
	// payerAgain is after how many seconds a payer who fails in the same way counts again, at the latest twice that.
	payerAgain = 300
	// maxPayersSeen bounds the payers of such a time; further ones count each time.
	maxPayersSeen = 20000
)

// failure is a way to fail: with one code, or for any technical reason.
type failure struct {
	technical bool
	code      string
}

// payers tells who fails in a way for the first time in minutes: one customer who tries thirty times is one.
type payers struct {
	seed     maphash.Seed
	overflow prometheus.Counter

	mu sync.Mutex
	// now has those of the present span of time, before those of the last one; span is its number since 1970.
	now, before map[uint64]struct{}
	span        int64
}

func newPayers(overflow prometheus.Counter) *payers {
	return &payers{seed: maphash.MakeSeed(), overflow: overflow, now: map[uint64]struct{}{}}
}

// fresh tells whether the payer did not fail in this way before, as far as is known. Who a record names neither card nor
// customer nor order of is always somebody else.
func (p *payers) fresh(ev *event.Event, how failure) bool {
	var h maphash.Hash
	h.SetSeed(p.seed)
	named := false
	for _, k := range [...]event.Key{event.CustomerKey, event.Card, event.OrderID} {
		if id := ev.Fact(k); len(id) > 0 {
			h.Write(id)
			named = true
			break
		}
	}
	if !named {
		return true
	}
	h.WriteString(ev.Payment.Provider)
	h.WriteByte(0)
	maphash.WriteComparable(&h, how)
	key, span := h.Sum64(), ev.Time.Unix()/payerAgain
	p.mu.Lock()
	defer p.mu.Unlock()
	if span > p.span {
		p.before, p.now = p.now, map[uint64]struct{}{}
		if span > p.span+1 {
			p.before = nil
		}
		p.span = span
	}
	if _, seen := p.now[key]; seen {
		return false
	}
	if _, seen := p.before[key]; seen {
		return false
	}
	if len(p.now) >= maxPayersSeen {
		p.overflow.Inc()
		return true
	}
	p.now[key] = struct{}{}
	return true
}
