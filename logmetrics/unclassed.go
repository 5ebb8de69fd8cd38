package logmetrics

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// Bounds on what is remembered of codes without a class.
const (
	// maxUnclassed is how many are remembered; the one not seen for longest gives way.
	maxUnclassed = 200
	// maxSample is the longest sample, in bytes.
	maxSample = 240
)

// UnclassedCode is a result code that no table gives a class.
type UnclassedCode struct {
	Provider string
	// Code is the provider's code, or the status when there is no code; "" when the record says only that it failed.
	Code  string
	Count int64
	// First and Last are the times of the first and the last record with it.
	First, Last time.Time
	// Sample is what the last record says.
	Sample string
}

// unclassed remembers which codes have no class, so that people can give them one.
type unclassed struct {
	evicted prometheus.Counter

	mu    sync.Mutex
	codes map[unclassedKey]*UnclassedCode
}

type unclassedKey struct{ provider, code string }

func (u *unclassed) observe(ev *event.Event) {
	key := unclassedKey{ev.Payment.Provider, codeOf(ev)}
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.codes[key]
	if c == nil {
		if len(u.codes) >= maxUnclassed {
			u.evict()
		}
		c = &UnclassedCode{Provider: key.provider, Code: key.code, First: ev.Time}
		u.codes[key] = c
	}
	c.Count++
	if ev.Time.Before(c.Last) {
		return
	}
	c.Last = ev.Time
	if text := sampleOf(ev); text != c.Sample {
		c.Sample = text
	}
}

// evict forgets the code that was not seen for longest.
func (u *unclassed) evict() {
	var oldest *UnclassedCode
	for _, c := range u.codes {
		if oldest == nil || c.Last.Before(oldest.Last) {
			oldest = c
		}
	}
	delete(u.codes, unclassedKey{oldest.Provider, oldest.Code})
	u.evicted.Inc()
}

// codeOf returns what a row of a table would have to name.
func codeOf(ev *event.Event) string {
	for _, k := range [...]event.Key{event.SubCode, event.Code, event.Status} {
		if raw := ev.Fact(k); len(raw) > 0 && !(k == event.Status && ev.Stated) {
			return cut(string(raw), maxValueLen)
		}
	}
	return ""
}

func sampleOf(ev *event.Event) string {
	for _, k := range [...]event.Key{event.ErrorMessage, event.Message} {
		if text := ev.Fact(k); len(text) > 0 {
			return cut(string(text), maxSample)
		}
	}
	return cut(string(ev.Raw), maxSample)
}

// cut returns valid UTF-8 of at most most bytes.
func cut(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// Unclassed returns the codes without a class that were seen since the start, the most frequent first. Which and how
// many there can be is bounded.
func (m *Metrics) Unclassed() []UnclassedCode {
	u := &m.unclassed
	u.mu.Lock()
	all := make([]UnclassedCode, 0, len(u.codes))
	for _, c := range u.codes {
		all = append(all, *c)
	}
	u.mu.Unlock()
	slices.SortFunc(all, func(a, b UnclassedCode) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Code, b.Code))
	})
	return all
}
