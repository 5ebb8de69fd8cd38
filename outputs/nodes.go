package outputs

import (
	"net/url"
	"sync"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// nodeRest is how long a node that did not answer is left out, as long as another one may.
const nodeRest = 30 * time.Second

// nodes chooses the node for each request: in turn, and not one that failed a moment ago. The client's own pool keeps
// a goroutine for half an hour for each failure. Safe for concurrent use.
type nodes struct {
	mu   sync.Mutex
	all  []*elastictransport.Connection
	rest []time.Time
	last int
}

func newNodes(all []*elastictransport.Connection, _ elastictransport.Selector) elastictransport.ConnectionPool {
	return &nodes{all: all, rest: make([]time.Time, len(all)), last: len(all) - 1}
}

// Next implements elastictransport.ConnectionPool.
func (n *nodes) Next() (*elastictransport.Connection, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for range n.all {
		n.last = (n.last + 1) % len(n.all)
		if !now.Before(n.rest[n.last]) {
			return n.all[n.last], nil
		}
	}
	n.last = (n.last + 1) % len(n.all)
	return n.all[n.last], nil
}

// OnSuccess implements elastictransport.ConnectionPool.
func (n *nodes) OnSuccess(c *elastictransport.Connection) error {
	n.restUntil(c, time.Time{})
	return nil
}

// OnFailure implements elastictransport.ConnectionPool.
func (n *nodes) OnFailure(c *elastictransport.Connection) error {
	n.restUntil(c, time.Now().Add(nodeRest))
	return nil
}

func (n *nodes) restUntil(c *elastictransport.Connection, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.all {
		if n.all[i] == c {
			n.rest[i] = at
		}
	}
}

// URLs implements elastictransport.ConnectionPool.
func (n *nodes) URLs() []*url.URL {
	urls := make([]*url.URL, len(n.all))
	for i, c := range n.all {
		urls[i] = c.URL
	}
	return urls
}
