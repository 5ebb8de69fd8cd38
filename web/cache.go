package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxCached bounds the keys of a cache; beyond it the expired ones go, and then all.
const maxCached = 256

// computeTimeout bounds one computation of a cached value.
const computeTimeout = 15 * time.Second

var errNotComputed = errors.New("the computation ended early")

// cache keeps computed values for a short time, so that many open pages cost what one costs. A value that is being
// computed is waited for, not computed twice. It is safe for concurrent use.
type cache[K comparable, V any] struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[K]*cached[V]
}

type cached[V any] struct {
	once  sync.Once
	value V
	err   error
	// expires is zero until the value is computed; guarded by the cache's mutex.
	expires time.Time
}

func newCache[K comparable, V any](now func() time.Time) *cache[K, V] {
	return &cache[K, V]{now: now, entries: map[K]*cached[V]{}}
}

// get returns the value of key, computed at most ttl ago. The computation goes on when ctx ends, because others may
// wait for it.
func (c *cache[K, V]) get(ctx context.Context, key K, ttl time.Duration, compute func(context.Context) (V, error)) (V, error) {
	e := c.entry(key)
	e.once.Do(func() {
		e.err = errNotComputed
		defer c.finish(e, ttl)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), computeTimeout)
		defer cancel()
		e.value, e.err = compute(ctx)
	})
	return e.value, e.err
}

func (c *cache[K, V]) entry(key K) *cached[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[key]; e != nil && !e.old(c.now()) {
		return e
	}
	if len(c.entries) >= maxCached {
		for k, e := range c.entries {
			if e.old(c.now()) {
				delete(c.entries, k)
			}
		}
		if len(c.entries) >= maxCached {
			clear(c.entries)
		}
	}
	e := &cached[V]{}
	c.entries[key] = e
	return e
}

func (c *cache[K, V]) finish(e *cached[V], ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.expires = c.now().Add(ttl)
}

func (e *cached[V]) old(now time.Time) bool { return !e.expires.IsZero() && !now.Before(e.expires) }
