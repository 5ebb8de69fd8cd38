package patterns

import (
	"cmp"
	"slices"
	"time"
)

// Template is one group of errors, as List returns it.
type Template struct {
	// Key is the value of error.grouping_key in the group's records.
	Key string
	// Text is what its records say, with <*> in the place of what differs.
	Text string
	// Level is the worst level seen: warn, error, fatal, or "".
	Level string
	// Count is the number of records since First, of which Recent came in the last minutes and Hour in the last hour.
	Count        uint64
	Recent, Hour int
	First, Last  time.Time
	// Sample is the text of one of its records, redacted and cut.
	Sample string
	// Providers and Codes are some of those in its records.
	Providers, Codes []string
	// Minutes are the records of each of the last 60 minutes, the present one last.
	Minutes []int
	// New: first seen after the last deploy, or lately when there was none. Rising: many more records than usual, and
	// Factor times as many.
	New, Rising bool
	Factor      float64
}

// Summary says what is new and rising in general.
type Summary struct {
	// Templates is how many there are in all.
	Templates int
	// NewSince is the time from which on templates that were first seen are new.
	NewSince time.Time
	// Deploy is the last one told; its time is zero when there was none.
	Deploy Deploy
}

// shownMinutes is how far back a Template's Minutes reach.
const shownMinutes = 60

// List returns the templates: new ones first, errors before warnings, then rising ones, then by their records of the last
// hour and of all time, at most limit of them. A limit of 0 or less returns all.
func (t *Tracker) List(limit int) ([]Template, Summary) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	sum := Summary{Templates: len(t.templates), NewSince: t.newSince(now)}
	if n := len(t.deploys); n > 0 {
		sum.Deploy = t.deploys[n-1]
	}
	all := make([]Template, 0, len(t.templates))
	for e := t.used.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*template).public(now, sum.NewSince, t.began))
	}
	slices.SortStableFunc(all, func(a, b Template) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(b.Hour, a.Hour), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all, sum
}

func (o *template) public(now, newSince, began time.Time) Template {
	minute := now.Unix() / 60
	p := Template{
		Key: string(o.key), Text: o.text, Level: levelNames[o.level], Count: o.count, First: o.first, Last: o.last,
		Sample: o.sample, Providers: slices.Clone(o.providers), Codes: slices.Clone(o.codes),
		Recent: o.minutes.sum(minute-recentMinutes+1, minute+1), New: o.first.After(newSince),
	}
	for m := minute - shownMinutes + 1; m <= minute; m++ {
		p.Minutes = append(p.Minutes, int(o.minutes.at(m)))
		p.Hour += int(o.minutes.at(m))
	}
	p.Factor, p.Rising = o.rising(now, began)
	p.Rising = p.Rising && !p.New
	return p
}

// rank is low for what people want to see first.
func (p *Template) rank() int {
	rank := 0
	switch {
	case p.New:
	case p.Rising:
		rank = 2
	default:
		return 4
	}
	if p.Level == levelNames[levelWarn] {
		rank++
	}
	return rank
}
