package intents

import (
	"container/list"
	"sync"
	"time"
)

// cards are the declined cards that this host remembers, for as long as the schemes count.
type cards struct {
	limits *Config

	mu     sync.Mutex
	by     map[string]*list.Element // of *heldCard
	recent *list.List               // the one not declined for longest first
}

// heldCard is a card and what it is remembered by.
type heldCard struct {
	Key string `json:"k"`
	card
}

func newCards(limits *Config) *cards {
	return &cards{limits: limits, by: map[string]*list.Element{}, recent: list.New()}
}

// apply takes an attempt in. It returns the rule that the attempt breaks, or "", and how many cards had to give way.
func (c *cards) apply(key string, s scheme, ob *observation) (rule string, evicted int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.by[key]
	if e == nil {
		if !declined(ob) {
			return "", 0
		}
		e = c.recent.PushBack(&heldCard{Key: key})
		c.by[key] = e
	}
	h := e.Value.(*heldCard)
	rule = h.apply(s, ob, c.limits)
	if len(h.Declines) == 0 {
		c.drop(e)
		return rule, 0
	}
	c.recent.MoveToBack(e)
	for len(c.by) > c.limits.MaxCards {
		c.drop(c.recent.Front())
		evicted++
	}
	return rule, evicted
}

func (c *cards) drop(e *list.Element) { delete(c.by, c.recent.Remove(e).(*heldCard).Key) }

// sweep forgets the cards that no rule asks for any more.
func (c *cards) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := now.Add(-schemeWindow).UnixMilli()
	for e := c.recent.Front(); e != nil; e = c.recent.Front() {
		d := e.Value.(*heldCard).Declines
		if d[len(d)-1].At >= before {
			return
		}
		c.drop(e)
	}
}
