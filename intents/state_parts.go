package intents

import (
	"container/list"
	"slices"
)

// copyTo copies the orders and the latest payments.
func (m *memory) copyTo(saved *savedState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	saved.Orders = make([]savedOrder, 0, len(m.orders))
	for _, l := range []*list.List{m.over, m.open} {
		for e := l.Front(); e != nil; e = e.Next() {
			h := e.Value.(*held)
			saved.Orders = append(saved.Orders, savedOrder{h.order, h.key, h.seen, h.told, h.stored})
		}
	}
	for _, who := range m.order {
		p := m.same[who]
		saved.Payments = append(saved.Payments, savedPayment{
			who.customer, who.card, who.merchant, who.currency, who.amount, p.order, p.transaction, p.at,
		})
	}
}

// restore takes up what was saved, as much as there is room for.
func (m *memory) restore(saved *savedState, out *effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range saved.Orders {
		if s.ID == "" || m.orders[s.Key] != nil {
			continue
		}
		e := m.over.PushBack(&held{order: s.order, key: s.Key, seen: s.Seen, in: m.over, told: s.Told, stored: s.Stored})
		m.orders[s.Key] = e
		m.place(e)
	}
	m.bound(out)
	for _, s := range saved.Payments[max(0, len(saved.Payments)-maxPayers):] {
		who := payer{s.Customer, s.Card, s.Merchant, s.Currency, s.Amount}
		if _, known := m.same[who]; !known {
			m.order = append(m.order, who)
		}
		m.same[who] = payment{s.Order, s.Transaction, s.At}
	}
}

// all copies the cards.
func (c *cards) all() []heldCard {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]heldCard, 0, len(c.by))
	for e := c.recent.Front(); e != nil; e = e.Next() {
		h := e.Value.(*heldCard)
		all = append(all, heldCard{h.Key, card{slices.Clone(h.Declines)}})
	}
	return all
}

// restore takes up the cards that were saved, the latest ones when there is not room for all.
func (c *cards) restore(saved []heldCard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range saved[max(0, len(saved)-c.limits.MaxCards):] {
		n := len(s.Declines)
		if n == 0 || c.by[s.Key] != nil {
			continue
		}
		s.Declines = s.Declines[max(0, n-maxDeclines):]
		c.by[s.Key] = c.recent.PushBack(&s)
	}
}

// all copies the attempts that are not old enough yet.
func (a *aged) all() []savedSlot {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]savedSlot, 0, len(a.young))
	for slot, n := range a.young {
		all = append(all, savedSlot{slot, n})
	}
	return all
}

func (a *aged) restore(saved []savedSlot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range saved {
		a.young[s.agedSlot] += max(s.Attempts, 0) // a counter cannot fall
	}
}

// all returns the findings, the oldest first.
func (f *findings) all() []Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.last)
}
