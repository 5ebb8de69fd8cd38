package fraud

import "github.com/prometheus/client_golang/prometheus"

const (
	// maxShops is how many merchants are known at once, by provider; further ones count together.
	maxShops = 2000
	// usualHours is over how many hours before this one a merchant's usual shares reach.
	usualHours = 24
	// usualLeast is how many attempts say what is usual.
	usualLeast = 200
	// usualRefused is what is taken for usual before that: a little more than most merchants have.
	usualRefused, usualChecks = 0.15, 0.03
)

// shop is a merchant at a provider.
type shop struct {
	source
	hours [usualHours + 1]hour
}

// hour is what a merchant had in one hour; at is its number since 1970.
type hour struct {
	at                     int64
	tried, refused, checks uint32
}

// shops are the merchants known.
type shops struct {
	evicted prometheus.Counter
	by      map[uint64]*shop
	others  map[string]*shop // by provider
}

func newShops(evicted prometheus.Counter) *shops {
	return &shops{evicted: evicted, by: map[uint64]*shop{}, others: map[string]*shop{}}
}

// get returns the merchant's shop.
func (s *shops) get(key uint64, provider string, merchant []byte) *shop {
	if one := s.by[key]; one != nil {
		return one
	}
	if len(s.by) < maxShops {
		one := &shop{source: source{by: byMerchant, provider: provider, merchant: string(merchant)}}
		s.by[key] = one
		return one
	}
	s.evicted.Inc()
	one := s.others[provider]
	if one == nil {
		one = &shop{source: source{by: byMerchant, provider: provider, merchant: otherMerchant}}
		s.others[provider] = one
	}
	return one
}

// count takes in one attempt.
func (s *shop) count(second int64, refused, checked bool) {
	n := second / 3600
	h := &s.hours[n%int64(len(s.hours))]
	if h.at > n {
		return
	}
	if h.at < n {
		*h = hour{at: n}
	}
	h.tried++
	if refused {
		h.refused++
	}
	if checked {
		h.checks++
	}
}

// usual returns which shares of the attempts were refused, and refused for wrong details of the card, in the day before this
// hour.
func (s *shop) usual(now int64) (refused, checks float64) {
	last := now / 3600
	var sum hour
	for _, h := range s.hours {
		if h.at < last && h.at >= last-usualHours {
			sum.tried += h.tried
			sum.refused += h.refused
			sum.checks += h.checks
		}
	}
	if sum.tried < usualLeast {
		return usualRefused, usualChecks
	}
	return float64(sum.refused) / float64(sum.tried), float64(sum.checks) / float64(sum.tried)
}
