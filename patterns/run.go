package patterns

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// saveEvery is how often the state is saved: what a crash can cost.
const saveEvery = time.Minute

// Run saves the state and chooses the templates that have a series of their own, until ctx ends; then it saves the
// state once more.
func (t *Tracker) Run(ctx context.Context) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			t.trySave()
			return nil
		case <-tick.C:
			t.chooseSeries()
			t.trySave()
		}
	}
}

func (t *Tracker) trySave() {
	if err := t.save(); err != nil {
		t.unsaved.Inc()
		t.log.Error("error templates are not saved", "err", err)
	}
}

// chooseSeries gives the series to the templates with the most records of the last hour. Those that have one keep it
// while it is as good as another.
func (t *Tracker) chooseSeries() {
	t.mu.Lock()
	defer t.mu.Unlock()
	minute := t.now().Unix() / 60
	type rated struct {
		*template
		hour int
	}
	all := make([]rated, 0, len(t.templates))
	for e := t.used.Front(); e != nil; e = e.Next() {
		o := e.Value.(*template)
		all = append(all, rated{o, o.minutes.sum(minute-shownMinutes+1, minute+1)})
	}
	slices.SortStableFunc(all, func(a, b rated) int {
		if a.hour == b.hour && a.series != b.series {
			if a.series {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.hour, a.hour)
	})
	t.series = 0
	for i, r := range all {
		r.series = i < t.cfg.MaxSeries
		if r.series {
			t.series++
		}
	}
}
