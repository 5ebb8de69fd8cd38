package fraud

import "math"

// slotCount is how many spans of time a window has: the present one and six before it.
const slotCount = 7

// The widths of a window's slots in seconds: five to six minutes, and an hour to 70 minutes.
const shortWidth, longWidth = 50, 600

// tally counts the attempts of one span of time.
type tally struct {
	tried, refused uint32
	// checks are refusals that come from wrong details of the card, funds those for want of money and what else only the
	// owner of a card can change.
	checks, funds uint32
	// priced are refusals with an amount, small those with a small one, nameless those without a card.
	priced, small, nameless uint32
	// cards are the different cards refused, or customers or orders where the log does not name cards.
	cards sketch
}

func (t *tally) add(o *tally) {
	t.tried += o.tried
	t.refused += o.refused
	t.checks += o.checks
	t.funds += o.funds
	t.priced += o.priced
	t.small += o.small
	t.nameless += o.nameless
	for i := range t.cards {
		t.cards[i] |= o.cards[i]
	}
}

// lowest returns the lower end of the Wilson interval (z = 3.09, one in a thousand) of a share.
func lowest(part, whole uint32) float64 {
	k, n := float64(part), float64(whole)
	if n == 0 {
		return 0
	}
	return (k + 4.77 - 3.09*math.Sqrt(k*(n-k)/n+2.39)) / (n + 9.55)
}

// window counts over the last slotCount spans of time.
type window struct {
	slots [slotCount]slot
}

// slot is one span; at is its number since 1970.
type slot struct {
	at int64
	tally
}

// at returns the counts of the span that a moment falls into, or nil when it is long over.
func (w *window) at(second, width int64) *tally {
	n := second / width
	s := &w.slots[n%slotCount]
	switch {
	case s.at > n:
		return nil
	case s.at < n:
		*s = slot{at: n}
	}
	return &s.tally
}

// sum returns the counts of the window that ends now.
func (w *window) sum(now, width int64) (t tally) {
	last := now / width
	for i := range w.slots {
		if s := &w.slots[i]; s.at <= last && s.at > last-slotCount {
			t.add(&s.tally)
		}
	}
	return t
}
