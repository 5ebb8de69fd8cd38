package main

import (
	"fmt"
	"time"
)

// snapshot returns the current value of each of the agent's own counters and gauges, summed over labels.
func (a *agent) snapshot() map[string]float64 {
	families, err := a.registry.Gather()
	if err != nil {
		a.log.Warn("own metrics are incomplete", "err", err)
	}
	now := make(map[string]float64, len(families))
	for _, f := range families {
		for _, m := range f.GetMetric() {
			now[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return now
}

func unixTime(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000))
}

// waiting says how much of the journal is still to be sent, or "" when next to nothing is.
func waiting(bytes float64) string {
	const keepsUp = 1 << 20
	if bytes < keepsUp {
		return ""
	}
	return fmt.Sprintf("%.0f MiB", bytes/(1<<20))
}
