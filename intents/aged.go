package intents

import (
	"sync"
	"time"
)

// agedSlots is how finely the times of attempts are kept, as parts of StuckAfter.
const agedSlots = 60

// aged counts attempts once they are as old as StuckAfter: the orders that get stuck at that moment are a share of them.
type aged struct {
	after, slot time.Duration

	mu    sync.Mutex
	young map[agedSlot]int // attempts that are not that old yet
}

// agedSlot is the attempts of a provider that were made at about the same time.
type agedSlot struct {
	Provider string
	Number   int64 // of the slot since 1970
}

func newAged(after time.Duration) *aged {
	return &aged{after: after, slot: max(after/agedSlots, time.Second), young: map[agedSlot]int{}}
}

// add takes in an attempt that was made at, by the log's clock. However wrong that clock is, there are only so many slots.
func (a *aged) add(provider string, at, now time.Time) {
	if at.After(now) {
		at = now
	}
	if oldest := now.Add(-a.after - a.slot); at.Before(oldest) {
		at = oldest
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.young[agedSlot{provider, at.UnixNano() / int64(a.slot)}]++
}

// due takes out the attempts that are old enough now, by provider.
func (a *aged) due(now time.Time) map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	by := map[string]int{}
	before := now.Add(-a.after).UnixNano() / int64(a.slot)
	for slot, n := range a.young {
		if slot.Number < before {
			by[slot.Provider] += n
			delete(a.young, slot)
		}
	}
	return by
}
