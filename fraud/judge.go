package fraud

import "cmp"

// How many different cards one source has to be refused with within minutes, or within an hour, before it can be one that
// tries cards: more than a family has, and for a BIN more than an issuer's customers have by chance. Where the log does not
// name cards, orders count, and there have to be more of them than an angry customer makes.
const (
	cardsShort, cardsLong = 10, 20
	cardsBIN              = 20
	ordersLeast           = 40
	requestsLeast         = 60
)

const (
	// shareLeast is the share of refused attempts that vendors' rules begin with: 40 % from one source in 5 minutes.
	shareLeast = 0.4
	// shareAlone is the share from which on a source is judged without wrong details of cards.
	shareAlone = 0.7
	// shareOver is how much more than the merchant's usual share it has to be.
	shareOver = 0.25
	// approvedServer is how many approved attempts in the window tell a merchant's server from a client.
	approvedServer = 50
	// shareRequests is the share of refused requests of one address: a merchant's server that tries subscriptions again has
	// less.
	shareRequests = 0.85
)

// suspect is a source that tests cards.
type suspect struct {
	by, provider, merchant, who string
	tried, refused              uint32
	cards                       float64
	// fresh says that it was none at the last sweep.
	fresh bool
}

// judge returns the sources that test cards now.
func (w *Watch) judge(now int64) (found []suspect) {
	for e := w.sources.recent.Back(); e != nil; e = e.Prev() {
		found = w.look(e.Value.(*source), now, found)
	}
	for _, s := range w.shops.by {
		found = w.look(&s.source, now, found)
	}
	for _, s := range w.shops.others {
		found = w.look(&s.source, now, found)
	}
	return found
}

func (w *Watch) look(s *source, now int64, found []suspect) []suspect {
	t, guilty := w.tests(s, now)
	fresh := guilty && !s.told
	s.told = guilty
	if !guilty {
		return found
	}
	return append(found, suspect{
		by: s.by, provider: cmp.Or(s.provider, unknown), merchant: cmp.Or(s.merchant, unknown), who: s.who,
		tried: t.tried, refused: t.refused, cards: t.cards.count(), fresh: fresh,
	})
}

// tests tells whether a source tests cards, by its last minutes or by its last hour, and returns what it counted then. It is
// over when nothing was refused for minutes.
func (w *Watch) tests(s *source, now int64) (tally, bool) {
	short := s.short.sum(now, shortWidth)
	if short.refused == 0 {
		return short, false
	}
	refused, checks := usualRefused, usualChecks
	if s.provider != "" {
		merchant := []byte(s.merchant)
		if shop := w.shops.by[w.sources.key(byMerchant, s.provider, merchant, nil)]; shop != nil {
			refused, checks = shop.usual(now)
		}
	}
	if s.guilty(&short, cardsShort, refused, checks) {
		return short, true
	}
	long := s.long.sum(now, longWidth)
	return long, s.guilty(&long, cardsLong, refused, checks)
}

// guilty judges what a source counted, beside the merchant's usual shares of refused attempts and of wrong details.
func (s *source) guilty(t *tally, least float64, usual, usualChecks float64) bool {
	switch s.by {
	case byAddress:
		return t.refused >= requestsLeast && lowest(t.refused, t.tried) > shareRequests
	case byMerchant:
		// Many sources: only small amounts and wrong details, far more than usual, tell them from a busy day.
		return t.cards.count() >= enough(t, cardsBIN) && lowest(t.refused, t.tried) > min(0.1+3*usualChecks, 0.5) &&
			(t.priced == 0 || 2*t.small >= t.priced)
	case byBIN:
		least = cardsBIN
	}
	share := lowest(t.refused, t.tried)
	if t.cards.count() < enough(t, least) || share <= max(shareLeast, min(usual+shareOver, 0.8)) {
		return false
	}
	// A form that loses the security code has its shop refused as a whole, server and banks, but whatever the amount.
	small := t.priced == 0 || 2*t.small >= t.priced
	if 4*t.checks >= t.refused && 2*t.funds <= t.refused && (small || s.by != byBIN && t.tried-t.refused < approvedServer) {
		return true
	}
	// Refusals that do not say why. A merchant's server that tries the cards of subscriptions again is refused as often, but
	// for want of money; an issuer that is down refuses its cards whatever the amount.
	return s.by != byBIN && share > shareAlone && 5*t.funds <= t.refused && 5*t.small >= 4*t.refused
}

// enough returns how many different cards, or orders, it takes.
func enough(t *tally, cards float64) float64 {
	if 2*t.nameless > t.refused {
		return ordersLeast
	}
	return cards
}
