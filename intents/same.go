package intents

import (
	"slices"
	"time"
)

// payer is who pays how much to whom.
type payer struct {
	customer, card, merchant, currency string
	amount                             int64
}

// payment is the latest approved one of a payer.
type payment struct {
	order, transaction string
	at                 int64
}

// maxPayers bounds the payers that are remembered.
const maxPayers = 20000

// payerOf returns who made the payment. Two cards can look alike when they are masked, so a card alone does not tell.
func payerOf(ob *observation) (payer, bool) {
	return payer{ob.customer, ob.card, ob.merchant, ob.currency, ob.amount}, ob.customer != "" && ob.card != "" && ob.hasAmount
}

// compare reports an approved payment that is like an earlier one for another order.
func (m *memory) compare(ob *observation, out *effects) {
	who, ok := payerOf(ob)
	if !ok {
		return
	}
	last, known := m.same[who]
	between := max(ob.at-last.at, last.at-ob.at) // files are not read in the order of time
	if known && last.order != ob.order && between < time.Duration(m.limits.SamePayment).Milliseconds() {
		out.find(SamePayment, &order{Transaction: last.transaction}, ob)
	}
	if !known {
		m.order = append(m.order, who)
	}
	m.same[who] = payment{ob.order, ob.transaction, ob.at}
	if len(m.order) > maxPayers {
		delete(m.same, m.order[0])
		m.order = slices.Delete(m.order, 0, 1)
	}
}

// forgetPayments lets go of what is too old to compare with.
func (m *memory) forgetPayments(now time.Time) {
	before := now.Add(-time.Duration(m.limits.SamePayment)).UnixMilli()
	keep := m.order[:0]
	for _, who := range m.order {
		if m.same[who].at < before {
			delete(m.same, who)
		} else {
			keep = append(keep, who)
		}
	}
	m.order = keep
}
