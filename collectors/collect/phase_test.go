package collect_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// TestAgentsDoNotAskTogether starts agents at one moment: afterwards each goes by its own clock, its collectors together.
func TestAgentsDoNotAskTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const agents, interval = 20, 10 * time.Second
		began := time.Now()
		var asked [agents][2][]time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for a := range agents {
			var all []collect.Collector
			for i := range asked[a] {
				all = append(all, collect.Collector{Name: fmt.Sprint("c", i), Interval: interval, Timeout: time.Second,
					Collect: func(context.Context, *collect.Samples) error {
						asked[a][i] = append(asked[a][i], time.Since(began))
						return nil
					}})
			}
			s, err := collect.NewSet(all, collecttest.Quiet(), prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			running.Go(func() { s.Run(ctx) })
		}
		time.Sleep(4*interval + time.Millisecond)
		cancel()
		running.Wait()
		var seconds []time.Duration
		for a, both := range asked {
			at := both[0]
			if len(at) != 5 || at[0] != 0 || at[1] < interval/2 || at[1] > interval {
				t.Fatalf("agent %d collected at %v, want at once, after 5s to 10s, and three times more", a, at)
			}
			if !slices.Equal(both[1], at) {
				t.Errorf("agent %d collected at %v and at %v, want both together", a, at, both[1])
			}
			for j := 2; j < len(at); j++ {
				if pause := at[j] - at[j-1]; pause != interval {
					t.Errorf("agent %d waited %v between its collections, want %v", a, pause, interval)
				}
			}
			seconds = append(seconds, at[1])
		}
		slices.Sort(seconds)
		if distinct := len(slices.Compact(seconds)); distinct < agents/2 {
			t.Errorf("%d agents go on at %d times", agents, distinct)
		}
	})
}
