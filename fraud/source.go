package fraud

import (
	"container/list"
	"hash/maphash"
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"
)

// maxSources is how many clients, customers and BINs are remembered at once: those with a refused attempt; the one not
// seen for longest gives way. One takes about 1 kB.
const maxSources = 4000

// The kinds of sources, as they stand in the label "by".
const (
	byClient   = "client"
	byCustomer = "customer"
	byBIN      = "bin"
	byMerchant = "merchant"
	byAddress  = "address" // of requests in an access log, which know of no cards
)

// source is what attempts have in common: who makes them, or the bank of the cards.
type source struct {
	by, provider, merchant string
	// who is what may be said of it to people.
	who         string
	short, long window
	// told says that it was found to test cards at the last sweep.
	told bool
	key  uint64
}

// sources are those remembered.
type sources struct {
	seed    maphash.Seed
	evicted prometheus.Counter
	by      map[uint64]*list.Element // of *source
	recent  *list.List               // the one not seen for longest first
}

func newSources(evicted prometheus.Counter) *sources {
	return &sources{seed: maphash.MakeSeed(), evicted: evicted, by: map[uint64]*list.Element{}, recent: list.New()}
}

// key returns the hash of what tells a source from others.
func (s *sources) key(by, provider string, merchant, id []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, text := range [...]string{by, provider} {
		h.WriteString(text)
		h.WriteByte(0)
	}
	h.Write(merchant)
	h.WriteByte(0)
	h.Write(id)
	return h.Sum64()
}

// known returns a source that is remembered, or nil.
func (s *sources) known(key uint64) *source {
	e := s.by[key]
	if e == nil {
		return nil
	}
	s.recent.MoveToBack(e)
	return e.Value.(*source)
}

// remember returns the source, a new one if need be.
func (s *sources) remember(key uint64, by, provider string, merchant, id []byte) *source {
	if one := s.known(key); one != nil {
		return one
	}
	one := &source{by: by, provider: provider, merchant: string(merchant), who: shown(by, id), key: key}
	s.by[key] = s.recent.PushBack(one)
	if len(s.by) > maxSources {
		delete(s.by, s.recent.Remove(s.recent.Front()).(*source).key)
		s.evicted.Inc()
	}
	return one
}

// shown returns what may be said to people: the network of an address, the key of a customer, the first digits of cards.
func shown(by string, id []byte) string {
	if by != byClient && by != byAddress {
		return string(id)
	}
	address, err := netip.ParseAddr(string(id))
	if err != nil {
		return ""
	}
	address = address.Unmap()
	length := 24
	if address.Is6() {
		length = 48
	}
	network, err := address.Prefix(length)
	if err != nil {
		return ""
	}
	return network.String()
}
