package logmetrics

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
	"gatewatch/internal/values"
	"gatewatch/internal/words"
)

// The bounds of upstreams: the groups of peers, the peers of one group, and the tries of one request that are looked at.
const (
	maxUpstreams = 20
	maxPeers     = 50
	maxTries     = 16
	// peerRest is how long a peer was not tried when it gives its place to a new one: where peers are replaced again and again,
	// the present ones have series of their own.
	peerRest = time.Hour
)

// upstream counts the tries at each peer of one group.
type upstream struct {
	peers *bounded[peer]
	// newest is when one was tried last, in Unix seconds of the records.
	newest atomic.Int64
}

// peer counts the tries at one peer.
type peer struct {
	// byCode has the unknown status at 0 and minStatus at 1.
	byCode   *counters
	duration prometheus.Observer
	// label is its own, and last when it was tried last, in Unix seconds of the records.
	label string
	last  atomic.Int64
}

func newUpstreams(reg prometheus.Registerer, overflow *prometheus.CounterVec) *bounded[upstream] {
	total := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_upstream_requests_total",
		Help: "Tries at peers of an upstream in the gateway's access logs; a request that is passed on counts at each peer.",
	}, []string{"upstream", "peer", "code"})
	durations := promauto.With(reg).NewHistogramVec(
		histogramOpts("gateway_upstream_request_duration_seconds", "How long peers of an upstream took to answer.", requestBuckets),
		[]string{"upstream", "peer"})
	return newBounded(maxUpstreams, overflow.WithLabelValues("upstream"), func(group string) *upstream {
		u := &upstream{peers: newBounded(maxPeers, overflow.WithLabelValues("peer"), func(address string) *peer {
			return &peer{
				byCode: newCounters(maxStatus-minStatus+2, func(i int) prometheus.Counter {
					return total.WithLabelValues(group, address, statusLabel(i))
				}),
				duration: durations.WithLabelValues(group, address),
				label:    address,
			}
		})}
		u.peers.spare = func(all *words.Map[*peer]) (string, bool) {
			address, gone := longestQuiet(all, u.newest.Load())
			if gone == nil {
				return "", false
			}
			of := prometheus.Labels{"upstream": group, "peer": gone.label}
			total.DeletePartialMatch(of)
			durations.DeletePartialMatch(of)
			return address, true
		}
		return u
	})
}

// longestQuiet returns the peer that was not tried for longest, if that is long enough before now. One whose label another one
// has as well, because both are long, stays: they share their series.
func longestQuiet(all *words.Map[*peer], now int64) (address string, quiet *peer) {
	labels := map[string]int{}
	for _, p := range all.All() {
		labels[p.label]++
	}
	oldest := now - int64(peerRest/time.Second)
	for at, p := range all.All() {
		if last := p.last.Load(); last <= oldest && labels[p.label] == 1 {
			address, quiet, oldest = at, p, last
		}
	}
	return address, quiet
}

// later raises a time to at. Of two at once the older may win: it is about an hour.
func later(to *atomic.Int64, at int64) {
	if at > to.Load() {
		to.Store(at)
	}
}

// observeUpstream counts what the record says about the peers that were tried. nginx writes addresses, statuses and
// times as lists of one order: "10.0.0.7:80, 10.0.0.8:80" tried one after the other, and behind " : " those of the next
// internal redirect.
func (m *Metrics) observeUpstream(ev *event.Event) {
	addresses := ev.Fact(event.UpstreamAddress)
	if len(addresses) == 0 || string(addresses) == "-" {
		return
	}
	group := m.upstreams.getBytes(ev.Fact(event.UpstreamName))
	statuses, times := ev.Fact(event.UpstreamStatus), ev.Fact(event.UpstreamDuration)
	known, at := len(statuses) > 0, ev.Time.Unix()
	later(&group.newest, at)
	for range maxTries {
		var address, status, took []byte
		address, addresses = nextTry(addresses)
		status, statuses = nextTry(statuses)
		took, times = nextTry(times)
		if len(address) > 0 && string(address) != "-" {
			p := group.peers.getBytes(address)
			later(&p.last, at)
			i := 0
			if n, ok := parseCount(status); ok {
				i = statusIndex(int(n))
			} else if !known && len(addresses) == 0 {
				i = statusIndex(ev.Status) // a log without $upstream_status: the last peer's answer is the request's
			}
			p.byCode.at(i).Inc()
			if d, ok := values.Duration(took, values.Seconds); ok {
				p.duration.Observe(d.Seconds())
			}
		}
		if len(addresses) == 0 {
			return
		}
	}
}

// nextTry cuts the first item of one of nginx' lists.
func nextTry(list []byte) (item, rest []byte) {
	comma, redirect := bytes.Index(list, []byte(", ")), bytes.Index(list, []byte(" : "))
	switch {
	case comma >= 0 && (redirect < 0 || comma < redirect):
		return list[:comma], list[comma+2:]
	case redirect >= 0:
		return list[:redirect], list[redirect+3:]
	}
	return list, nil
}
