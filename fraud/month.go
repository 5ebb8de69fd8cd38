package fraud

import (
	"hash/fnv"
	"time"

	"gatewatch/event"
)

const (
	// maxMonthly bounds the merchants, by provider, scheme and month, that are counted by themselves; further ones count as
	// "other".
	maxMonthly = 10000
	// maxCases bounds the disputes and fraud reports of two months that are known again when a provider tells of them twice.
	maxCases = 20000
	// refundHours is how many hours the refunds of a provider are known by: a week.
	refundHours = 7 * 24
)

// scheme is whose programmes a payment counts for.
type scheme string

const (
	visa       scheme = "visa"
	mastercard scheme = "mastercard"
	// otherScheme is every other one, wallets among them.
	otherScheme scheme = "other"
	// noScheme is a card of which the log does not say.
	noScheme scheme = unknown
)

// kind is what is counted of a month.
type kind uint8

const (
	payments kind = iota
	refunds
	chargebacks
	fraudReports
	kinds
)

// counts has a number for each kind.
type counts [kinds]uint64

// account is what one merchant had with cards of one scheme in a month. Its amounts are by currency, in minor units.
type account struct {
	// month is the year times twelve and the month of UTC.
	month    int
	provider string
	merchant string
	scheme   scheme
}

// sum is the amount of one kind in one currency.
type sum struct {
	month              int
	provider, merchant string
	currency           string
	kind               kind
}

// months counts by calendar month, as the schemes do.
type months struct {
	since    time.Time
	accounts map[account]*counts
	sums     map[sum]int64
	cases    map[uint64]int // month by the case's hash
	refunded map[string]*refundWeek
	// this is the present month; it begins at begin, last month at before, and the next one at next, in seconds since 1970.
	this                int
	before, begin, next int64
	// oldest is the month up to which all older ones were dropped.
	oldest  int
	changed bool
}

// refundWeek has a provider's refunds, and payments, of each hour of a week; at is the hour's number since 1970.
type refundWeek struct {
	Hours [refundHours]refundHour
}

type refundHour struct {
	At                int64
	Refunds, Payments uint64
}

func newMonths() *months {
	return &months{accounts: map[account]*counts{}, sums: map[sum]int64{}, cases: map[uint64]int{}, refunded: map[string]*refundWeek{}}
}

// turn makes now's month this one. Calendars are slow to ask for every record.
func (m *months) turn(now time.Time) {
	if second := now.Unix(); second >= m.begin && second < m.next {
		return
	}
	m.this = monthOf(now)
	year, month, _ := now.UTC().Date()
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	m.begin, m.next, m.before = first.Unix(), first.AddDate(0, 1, 0).Unix(), first.AddDate(0, -1, 0).Unix()
}

// monthOf returns the number of a moment's calendar month.
func monthOf(t time.Time) int { return t.UTC().Year()*12 + int(t.UTC().Month()) - 1 }

// kindOf says what the record counts as; false when it counts as nothing.
func kindOf(p *event.Payment) (kind, bool) {
	switch {
	case p.Provider == "":
	case p.Operation == "chargeback":
		return chargebacks, true
	case p.Operation == "fraud_report":
		return fraudReports, true
	case p.Outcome != event.Approved:
	case p.Operation == "refund":
		return refunds, true
	case asksForMoney(p.Operation):
		return payments, true
	}
	return 0, false
}

// month takes in a record for the counts of its month. Only this month and the one before it are kept.
func (w *Watch) month(ev *event.Event) {
	p := &ev.Payment
	what, counted := kindOf(p)
	if !counted {
		return
	}
	second, now := ev.Time.Unix(), w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.months
	m.turn(now)
	at := m.this
	switch {
	case second >= m.next || second < m.before:
		return
	case second < m.begin:
		at--
	}
	if what >= chargebacks && m.again(ev, what, at) {
		return
	}
	m.changed = true
	merchant := ev.Fact(event.Merchant)
	c := m.accounts[account{at, p.Provider, string(merchant), schemeOf(ev)}]
	if c == nil {
		c = m.open(account{at, p.Provider, labelOf(merchant), schemeOf(ev)}, w.metrics)
	}
	c[what]++
	if p.HasAmount && p.Amount > 0 && what != payments {
		if s := (sum{at, p.Provider, labelOf(merchant), p.Currency, what}); len(m.sums) < maxMonthly || m.sums[s] > 0 {
			m.sums[s] += p.Amount
		}
	}
	if what <= refunds {
		m.hour(p.Provider, second, what)
	}
}

// open makes the counts of an account, or gives those of all others of its provider.
func (m *months) open(a account, metrics *metrics) *counts {
	if len(m.accounts) >= maxMonthly {
		metrics.evicted.Inc()
		a.merchant = otherMerchant
	}
	if c := m.accounts[a]; c != nil {
		return c
	}
	c := &counts{}
	m.accounts[a] = c
	return c
}

// again tells whether the provider told of the case before: it sends a notice until it is answered.
func (m *months) again(ev *event.Event, what kind, month int) bool {
	id := ev.Fact(event.TransactionID)
	if len(id) == 0 {
		id = caseIn(ev.Raw)
	}
	if len(id) == 0 {
		id = ev.Fact(event.OrderID)
	}
	if len(id) == 0 {
		return false
	}
	h := fnv.New64a()
	h.Write([]byte{byte(what)})
	h.Write([]byte(ev.Payment.Provider))
	h.Write([]byte{0})
	h.Write(id)
	key := h.Sum64()
	if _, known := m.cases[key]; known {
		return true
	}
	if len(m.cases) < maxCases {
		m.cases[key] = month
	}
	return false
}

// hour counts a refund, or a payment, of a provider.
func (m *months) hour(provider string, second int64, what kind) {
	week := m.refunded[provider]
	if week == nil {
		if len(m.refunded) >= maxMerchants {
			return
		}
		week = &refundWeek{}
		m.refunded[provider] = week
	}
	n := second / 3600
	h := &week.Hours[n%refundHours]
	switch {
	case h.At > n:
		return
	case h.At < n:
		*h = refundHour{At: n}
	}
	if what == refunds {
		h.Refunds++
	} else {
		h.Payments++
	}
}

// forget drops what is older than last month.
func (m *months) forget(now time.Time) {
	if m.since.IsZero() {
		m.since, m.changed = now, true
	}
	oldest := monthOf(now) - 1
	if oldest == m.oldest {
		return
	}
	m.oldest = oldest
	for a := range m.accounts {
		if a.month < oldest {
			delete(m.accounts, a)
		}
	}
	for s := range m.sums {
		if s.month < oldest {
			delete(m.sums, s)
		}
	}
	for key, month := range m.cases {
		if month < oldest {
			delete(m.cases, key)
		}
	}
}
