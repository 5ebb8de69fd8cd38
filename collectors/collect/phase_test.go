package collect_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// TestCollectorsDoNotAskTogether has collectors of one interval begin at one moment: afterwards each goes by its own clock.
func TestCollectorsDoNotAskTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n, interval = 20, 10 * time.Second
		began := time.Now()
		asked := make([][]time.Duration, n)
		var all []collect.Collector
		for i := range n {
			all = append(all, collect.Collector{Name: fmt.Sprint("c", i), Interval: interval, Timeout: time.Second,
				Collect: func(context.Context, *collect.Samples) error {
					asked[i] = append(asked[i], time.Since(began))
					return nil
				}})
		}
		s, err := collect.NewSet(all, collecttest.Quiet(), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(4*interval + time.Millisecond)
		cancel()
		<-done
		var seconds []time.Duration
		for i, at := range asked {
			if len(at) != 5 || at[0] != 0 || at[1] < interval/2 || at[1] > interval {
				t.Fatalf("collector %d collected at %v, want at once, after 5s to 10s, and three times more", i, at)
			}
			for j := 2; j < len(at); j++ {
				if pause := at[j] - at[j-1]; pause != interval {
					t.Errorf("collector %d waited %v between its collections, want %v", i, pause, interval)
				}
			}
			seconds = append(seconds, at[1])
		}
		slices.Sort(seconds)
		if distinct := len(slices.Compact(seconds)); distinct < n/2 {
			t.Errorf("%d collectors go on at %d times", n, distinct)
		}
	})
}
