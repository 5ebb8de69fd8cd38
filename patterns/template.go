package patterns

import (
	"container/list"
	"fmt"
	"slices"
	"time"

	"gatewatch/event"
)

const (
	// kept is for how many minutes a template's records are counted one by one.
	kept = 66
	// maxNames bounds the providers and the codes seen with a template.
	maxNames = 8
)

// template is one group of errors.
type template struct {
	hash uint64
	key  []byte
	text string
	// merged: the text stands for many that differ in one word.
	merged bool

	level       uint8
	count       uint64
	first, last time.Time
	sample      string
	// providers and codes, in the order of appearance.
	providers, codes []string

	minutes minutes
	series  bool   // it has a series of its own
	shown   uint64 // records while it had
	place   *list.Element
}

func newTemplate(hash uint64, text string) *template {
	return &template{hash: hash, key: fmt.Appendf(nil, "%016x", hash), text: text}
}

// add counts a record. Times of logs that are ahead of the clock count as now.
func (o *template) add(ev *event.Event, level uint8, now time.Time) {
	at := ev.Time
	if at.After(now) || at.IsZero() {
		at = now
	}
	if o.first.IsZero() || at.Before(o.first) {
		o.first = at
	}
	if at.After(o.last) {
		o.last = at
	}
	o.count++
	o.level = max(o.level, level)
	o.minutes.add(at, 1)
	o.providers = remember(o.providers, ev.Payment.Provider)
	o.codes = remember(o.codes, ev.Payment.Code)
}

// absorb adds what p counted: p is a variant of o.
func (o *template) absorb(p *template) {
	if o.first.IsZero() || p.first.Before(o.first) && !p.first.IsZero() {
		o.first = p.first
	}
	if p.last.After(o.last) {
		o.last = p.last
	}
	o.count += p.count
	o.level = max(o.level, p.level)
	if o.sample == "" {
		o.sample = p.sample
	}
	for _, name := range p.providers {
		o.providers = remember(o.providers, name)
	}
	for _, name := range p.codes {
		o.codes = remember(o.codes, name)
	}
	for m := p.minutes.latest - kept + 1; m <= p.minutes.latest; m++ {
		o.minutes.add(time.Unix(m*60, 0), p.minutes.at(m))
	}
}

func remember(names []string, name string) []string {
	if name == "" || len(names) >= maxNames || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// minutes counts records by the minute, as far back as it reaches.
type minutes struct {
	latest int64 // minutes since 1970
	counts [kept]uint32
}

func (m *minutes) add(at time.Time, n uint32) {
	minute := at.Unix() / 60
	if minute > m.latest {
		for passed := max(m.latest, minute-kept) + 1; passed <= minute; passed++ {
			m.counts[index(passed)] = 0
		}
		m.latest = minute
	}
	if minute > m.latest-kept {
		m.counts[index(minute)] += n
	}
}

// at returns the records of one minute.
func (m *minutes) at(minute int64) uint32 {
	if minute > m.latest || minute <= m.latest-kept {
		return 0
	}
	return m.counts[index(minute)]
}

// sum returns the records from one minute to before another.
func (m *minutes) sum(from, to int64) (n int) {
	for minute := from; minute < to; minute++ {
		n += int(m.at(minute))
	}
	return n
}

func index(minute int64) int { return int((minute%kept + kept) % kept) }
