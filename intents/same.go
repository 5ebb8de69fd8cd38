package intents

import (
	"slices"
	"strconv"
	"strings"
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
	at                 int64 // milliseconds since 1970, by the log's clock
}

// like tells whether p, of the same payer as other, may be the same payment made twice. Files are not read in the order of
// time.
func (p payment) like(other payment, limits *Config) bool {
	between := max(p.at-other.at, other.at-p.at)
	return p.order != other.order && between < time.Duration(limits.SamePayment).Milliseconds()
}

// String writes p for parsePayment.
func (p payment) String() string {
	return strconv.FormatInt(p.at, 10) + "\n" + p.order + "\n" + p.transaction
}

// parsePayment reads what String wrote.
func parsePayment(s string) (p payment, ok bool) {
	at, rest, _ := strings.Cut(s, "\n")
	var err error
	p.order, p.transaction, ok = strings.Cut(rest, "\n")
	p.at, err = strconv.ParseInt(at, 10, 64)
	return p, ok && err == nil
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
	now := payment{ob.order, ob.transaction, ob.at}
	if known && now.like(last, m.limits) {
		out.find(SamePayment, &order{Transaction: last.transaction}, ob)
	}
	if !known {
		m.order = append(m.order, who)
	}
	m.same[who] = now
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
