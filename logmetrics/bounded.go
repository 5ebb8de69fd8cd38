package logmetrics

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/internal/words"
)

// The label values for what a record does not say, and for what came after a bound was reached.
const (
	unknownValue = "unknown"
	otherValue   = "other"
)

// maxValueLen is the longest label value in bytes. Codes of providers are shorter; a longer one is a text that a
// log has in the place of a code.
const maxValueLen = 64

// bounded keeps one T for each of the first limit values of a label, and one for all later values together. Reading
// takes no lock: the map is replaced, not changed, which is cheap because it grows only to limit.
type bounded[T any] struct {
	limit    int
	overflow prometheus.Counter
	create   func(label string) *T
	// spare names one of all values that gives its place to a new one, whose T it has ended; nil: none does.
	spare func(all *words.Map[*T]) (value string, ok bool)

	values atomic.Pointer[words.Map[*T]]

	mu    sync.Mutex
	other *T
}

func newBounded[T any](limit int, overflow prometheus.Counter, create func(label string) *T) *bounded[T] {
	b := &bounded[T]{limit: limit, overflow: overflow, create: create}
	b.values.Store(&words.Map[*T]{})
	return b
}

// get returns the T of value. It allocates only for a value seen for the first time.
func (b *bounded[T]) get(value string) *T {
	if t, ok := words.Get(b.values.Load(), value); ok {
		return t
	}
	return b.add(value)
}

// getBytes is get for a value that the caller overwrites later.
func (b *bounded[T]) getBytes(value []byte) *T {
	if t, ok := words.Get(b.values.Load(), value); ok {
		return t
	}
	return b.add(string(value))
}

func (b *bounded[T]) add(value string) *T {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.values.Load()
	if t, ok := words.Get(old, value); ok {
		return t
	}
	if old.Len() >= b.limit && b.spare != nil {
		if gone, ok := b.spare(old); ok {
			old = old.Without(gone)
		}
	}
	if old.Len() >= b.limit {
		b.overflow.Inc()
		if b.other == nil {
			b.other = b.create(otherValue)
		}
		return b.other
	}
	t := b.create(labelValue(value))
	b.values.Store(old.With(strings.Clone(value), t))
	return t
}

// labelValue makes value fit to be a label: valid UTF-8, not empty, not long. Two values that become equal share one
// series.
func labelValue(value string) string {
	if len(value) > maxValueLen {
		value = value[:maxValueLen]
	}
	value = strings.ToValidUTF8(value, "")
	if value == "" {
		return unknownValue
	}
	return value
}

// counters is a counter for each value of a small closed set, made when it is first used so that no series stands for
// what never happened.
type counters struct {
	slots  []atomic.Pointer[prometheus.Counter]
	create func(i int) prometheus.Counter
}

func newCounters(n int, create func(i int) prometheus.Counter) *counters {
	return &counters{slots: make([]atomic.Pointer[prometheus.Counter], n), create: create}
}

func (c *counters) at(i int) prometheus.Counter {
	if p := c.slots[i].Load(); p != nil {
		return *p
	}
	// Two goroutines may come here at once: the vector behind create gives both the same counter.
	made := c.create(i)
	c.slots[i].Store(&made)
	return made
}
