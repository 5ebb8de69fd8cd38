package payment

import (
	"sync"
	"sync/atomic"

	"gatewatch/internal/words"
)

// interned remembers what a spelling in the logs means. Looking up one seen before takes no lock and no memory. It
// holds a bounded number, because logs can hold anything: beyond it, a meaning is worked out anew each time.
type interned[V any] struct {
	most int
	mean func(raw string) V

	seen atomic.Pointer[words.Map[V]]
	mu   sync.Mutex // of those who add
}

func newInterned[V any](most int, mean func(raw string) V) *interned[V] {
	t := &interned[V]{most: most, mean: mean}
	t.seen.Store(&words.Map[V]{})
	return t
}

// maxSpelling bounds the length of a spelling that is remembered.
const maxSpelling = 64

// get returns the meaning of raw.
func (t *interned[V]) get(raw []byte) V {
	if v, ok := words.Get(t.seen.Load(), raw); ok {
		return v
	}
	v := t.mean(string(raw))
	if len(raw) > maxSpelling {
		return v
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.seen.Load(); old.Len() < t.most {
		t.seen.Store(old.With(string(raw), v))
	}
	return v
}

// bounded lets a fixed number of different names through, and calls all others "other".
type bounded struct {
	most int

	mu    sync.Mutex
	names map[string]bool
}

const other = "other"

func (b *bounded) admit(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.names[name] {
		if len(b.names) >= b.most {
			return other
		}
		if b.names == nil {
			b.names = map[string]bool{}
		}
		b.names[name] = true
	}
	return name
}
