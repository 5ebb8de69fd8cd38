package intents

import (
	"container/list"
	"sync"
	"time"

	"gatewatch/event"
)

// memory holds the orders of this host. Those that are over and those that wait for a final state are in two lists, by
// when they were last seen, so that a flood of finished orders does not push out the waiting ones.
type memory struct {
	limits *Config

	mu     sync.Mutex
	orders map[string]*list.Element // of *held, by key
	over   *list.List
	open   *list.List
	same   map[payer]payment
	order  []payer // of same, the oldest first
}

// held is an order and where it is.
type held struct {
	order
	key  string
	seen time.Time // by our clock
	in   *list.List
	told bool // that it is stuck
	// stored is what the hosts' common store holds of it, "" without one.
	stored string
}

func newMemory(limits *Config) *memory {
	return &memory{limits: limits, orders: map[string]*list.Element{}, over: list.New(), open: list.New(), same: map[payer]payment{}}
}

// observe applies ob to its order.
func (m *memory) observe(ob *observation, now time.Time, out *effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.orders[ob.key]
	if e == nil {
		if !ob.begins() {
			return
		}
		e = m.over.PushBack(&held{key: ob.key, in: m.over})
		m.orders[ob.key] = e
	}
	h := e.Value.(*held)
	was := h.Paid
	h.apply(ob, m.limits, out)
	if h.Paid && !was {
		m.compare(ob, out)
	}
	h.seen = now
	m.place(e)
	m.bound(out)
}

// mirror holds a copy of an order that hosts share, as this host left it.
func (m *memory) mirror(c *change, now time.Time, out *effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.orders[c.key]
	if e == nil {
		e = m.over.PushBack(&held{key: c.key, in: m.over})
		m.orders[c.key] = e
	}
	h := e.Value.(*held)
	h.order, h.stored, h.seen = c.order, c.stored, now
	m.place(e)
	m.bound(out)
}

// waits returns copies of the orders without a final state.
func (m *memory) waits() []held {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]held, 0, m.open.Len())
	for e := m.open.Front(); e != nil; e = e.Next() {
		all = append(all, *e.Value.(*held))
	}
	return all
}

// forget lets an order go, as another host has it now, unless it changed again.
func (m *memory) forget(h *held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.orders[h.key]; e != nil && e.Value.(*held).stored == h.stored {
		e.Value.(*held).in.Remove(e)
		delete(m.orders, h.key)
	}
}

// place moves the order to the end of the list that it belongs to.
func (m *memory) place(e *list.Element) {
	h := e.Value.(*held)
	to := m.over
	if h.order.open() {
		to = m.open
	}
	if to == h.in {
		to.MoveToBack(e)
		return
	}
	h.in.Remove(e)
	h.in = to
	m.orders[h.key] = to.PushBack(h)
}

// bound lets those orders go that were not seen for the longest time, those that are over first.
func (m *memory) bound(out *effects) {
	for len(m.orders) > m.limits.MaxOrders {
		from := m.over
		if from.Len() == 0 {
			from = m.open
		}
		m.drop(from.Front(), out)
		out.evicted++
	}
}

// drop forgets an order that got no further attempt.
func (m *memory) drop(e *list.Element, out *effects) {
	h := e.Value.(*held)
	out.ended = append(out.ended, h)
	h.in.Remove(e)
	delete(m.orders, h.key)
}

// finish counts an order that will get no further attempt.
func (o *order) finish(out *effects) {
	if !o.Counted && o.Outcome != event.OutcomeNone {
		o.Counted = true
		out.intent(o.Outcome)
	}
}

// waiting is what a provider owes a final state of.
type waiting struct {
	orders, stuck int
	oldest        time.Time
}

// sweep lets orders go whose time is over, and returns what waits, by provider.
func (m *memory) sweep(now time.Time, out *effects) map[string]*waiting {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(m.over, now.Add(-time.Duration(m.limits.Window)), out)
	m.expire(m.open, now.Add(-time.Duration(m.limits.Keep)), out)
	m.forgetPayments(now)
	by := map[string]*waiting{}
	for e := m.open.Front(); e != nil; e = e.Next() {
		h := e.Value.(*held)
		w := by[h.Provider]
		if w == nil {
			w = &waiting{oldest: now}
			by[h.Provider] = w
		}
		w.orders++
		since := time.UnixMilli(h.First)
		if since.Before(w.oldest) {
			w.oldest = since
		}
		if now.Sub(since) > time.Duration(m.limits.StuckAfter) {
			w.stuck++
			if !h.told {
				h.told = true
				out.stuck(&h.order, now)
			}
		}
	}
	return by
}

func (e *effects) stuck(o *order, now time.Time) {
	e.found = append(e.found, Finding{
		Kind: Stuck, Time: now, Order: o.ID, Provider: o.Provider, Transaction: o.Transaction, Amount: o.Amount, Currency: o.Currency,
	})
}

func (m *memory) expire(l *list.List, before time.Time, out *effects) {
	for e := l.Front(); e != nil && e.Value.(*held).seen.Before(before); e = l.Front() {
		m.drop(e, out)
	}
}
