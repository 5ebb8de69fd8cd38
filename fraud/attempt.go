package fraud

import (
	"hash/maphash"

	"gatewatch/event"
)

// early is how far a record's time may be before the clock that it still counts as it says, in seconds.
const early = 300

// binDigits is how many leading digits of a card name its issuer.
const binDigits = 6

// seen is what one attempt says about the trying of cards.
type seen struct {
	second                  int64
	refused, checked, funds bool
	priced, small, nameless bool
	card                    uint64
}

// attempt takes in the end of a payment attempt.
func (w *Watch) attempt(ev *event.Event) {
	a := seen{second: ev.Time.Unix()}
	if a.second > w.now().Unix()+early {
		return
	}
	p := &ev.Payment
	a.checked = wrongDetails(p.Provider, p.Code)
	switch p.Outcome {
	case event.Customer:
		a.refused, a.funds = true, !a.checked
	case event.IssuerPolicy, event.Fraud:
		a.refused = true
	default:
		a.refused = a.checked
	}
	merchant, card := ev.Fact(event.Merchant), ev.Fact(event.Card)
	if a.refused {
		a.priced = p.HasAmount
		a.small = p.HasAmount && isSmall(p.Amount, p.Currency)
		a.nameless = len(card) == 0
		a.card = w.who(ev)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.shops.get(w.sources.key(byMerchant, p.Provider, merchant, nil), p.Provider, merchant)
	s.count(a.second, a.refused, a.checked)
	counted := a
	if !a.checked {
		counted.refused = false // of a whole shop only wrong details tell
	}
	s.take(&counted)
	w.of(byClient, p.Provider, merchant, ev.Fact(event.SourceIP), &a)
	w.of(byCustomer, p.Provider, merchant, ev.Fact(event.CustomerKey), &a)
	if bin := leading(card); len(bin) >= binDigits {
		w.of(byBIN, p.Provider, merchant, bin[:binDigits], &a)
	}
}

// of counts an attempt of one source. A source begins with its first refusal: most never have one.
func (w *Watch) of(by, provider string, merchant, id []byte, a *seen) {
	if len(id) == 0 {
		return
	}
	key := w.sources.key(by, provider, merchant, id)
	var s *source
	if a.refused {
		s = w.sources.remember(key, by, provider, merchant, id)
	} else if s = w.sources.known(key); s == nil {
		return
	}
	s.take(a)
}

// take counts an attempt in both windows.
func (s *source) take(a *seen) {
	s.short.take(a, shortWidth)
	s.long.take(a, longWidth)
}

func (w *window) take(a *seen, width int64) {
	t := w.at(a.second, width)
	if t == nil {
		return
	}
	t.tried++
	if !a.refused {
		return
	}
	t.refused++
	t.cards.add(a.card)
	for _, c := range [...]struct {
		counts bool
		to     *uint32
	}{{a.checked, &t.checks}, {a.funds, &t.funds}, {a.priced, &t.priced}, {a.small, &t.small}, {a.nameless, &t.nameless}} {
		if c.counts {
			*c.to++
		}
	}
}

// who returns a hash of the card, or of the customer, the order or the record itself where the log does not say more.
func (w *Watch) who(ev *event.Event) uint64 {
	for _, k := range [...]event.Key{event.Card, event.CustomerKey, event.OrderID} {
		if id := ev.Fact(k); len(id) > 0 {
			return maphash.Bytes(w.sources.seed, id)
		}
	}
	return maphash.Comparable(w.sources.seed, ev.Offset)
}

// leading returns the digits that a masked number begins with.
func leading(card []byte) []byte {
	for i, c := range card {
		if c < '0' || c > '9' {
			return card[:i]
		}
	}
	return card
}

// isSmall tells amounts such as cards are tried with, among them none at all. amount is in minor units. It is about what five
// euros are.
func isSmall(amount int64, currency string) bool {
	switch currency {
	case "JPY":
		return amount <= 800
	case "KRW":
		return amount <= 8_000
	case "VND":
		return amount <= 130_000
	case "INR":
		return amount <= 50_000
	case "CNY", "HKD", "TWD", "THB", "MXN", "RUB":
		return amount <= 4_000
	}
	return amount <= 500
}
