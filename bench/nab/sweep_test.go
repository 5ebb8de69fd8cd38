package main

import (
	"math"
	"testing"
	"time"
)

// example is a file of 1,000 rows with two windows.
func example() *file {
	f := &file{name: "example"}
	for i := range 1000 {
		f.times = append(f.times, time.Unix(int64(i)*60, 0))
		f.values = append(f.values, 0)
	}
	f.windows = []window{{f.times[300], f.times[399]}, {f.times[700], f.times[799]}}
	return f
}

// TestScore compares with what follows from NAB's definition.
func TestScore(t *testing.T) {
	t.Parallel()
	middle := sigmoid(-51.0/100) / sigmoid(-1)
	f := func(want float64, alarms ...int) {
		t.Helper()
		scores := make([]float64, 1000)
		for _, i := range alarms {
			scores[i] = 1
		}
		got := scoreAt([]*file{example()}, [][]float64{scores}, profiles[0], 0.5)
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("score with alarms at %v = %v, want %v", alarms, got, want)
		}
	}
	f(0)
	f(100, 300, 700)
	f(50, 300)
	f(100, 300, 301, 700)                            // only the first hit counts
	f(25*(1+middle), 349)                            // half way into the window
	f(50*(1+middle), 349, 749)                       // both
	f(100-0.11*25, 300, 700, 299)                    // far from all windows before
	f(100, 300, 700, 100)                            // in the probation
	f(100-0.11*25*0.9866142981514305, 300, 700, 498) // a window's width after
}
