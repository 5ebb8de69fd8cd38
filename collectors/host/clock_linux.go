package host

import (
	"context"

	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
)

// Values of adjtimex(2): the state of a clock nobody disciplines, the flag for nanoseconds, and the unit of frequencies,
// a part in a million with 16 bits after the point.
const (
	timeError  = 5
	statusNano = 0x2000
	ppmScale   = 1e6 * 65536
)

// timexMetric is one field of adjtimex(2). unit is that of the offset, which depends on the clock.
type timexMetric struct {
	collect.Metric
	value func(t *unix.Timex, unit float64) float64
}

func timexMetrics(all *collect.Metrics) []timexMetric {
	type timex = unix.Timex
	of := func(name, help string, value func(t *timex, unit float64) float64) timexMetric {
		return timexMetric{all.Gauge("node_timex_"+name, help), value}
	}
	count := func(name, help string, value func(t *timex) int64) timexMetric {
		return timexMetric{all.Counter("node_timex_"+name, help), func(t *timex, _ float64) float64 { return float64(value(t)) }}
	}
	return []timexMetric{
		of("offset_seconds", "Time offset in between local system and reference clock.", func(t *timex, unit float64) float64 { return float64(t.Offset) * unit }),
		of("frequency_adjustment_ratio", "Local clock frequency adjustment.", func(t *timex, _ float64) float64 { return 1 + float64(t.Freq)/ppmScale }),
		of("maxerror_seconds", "Maximum error in seconds.", func(t *timex, _ float64) float64 { return float64(t.Maxerror) / 1e6 }),
		of("estimated_error_seconds", "Estimated error in seconds.", func(t *timex, _ float64) float64 { return float64(t.Esterror) / 1e6 }),
		of("status", "Value of the status array bits.", func(t *timex, _ float64) float64 { return float64(t.Status) }),
		of("loop_time_constant", "Phase-locked loop time constant.", func(t *timex, _ float64) float64 { return float64(t.Constant) }),
		of("tick_seconds", "Seconds between clock ticks.", func(t *timex, _ float64) float64 { return float64(t.Tick) / 1e6 }),
		of("tai_offset_seconds", "International Atomic Time (TAI) offset.", func(t *timex, _ float64) float64 { return float64(t.Tai) }),
		of("pps_frequency_hertz", "Pulse per second frequency.", func(t *timex, _ float64) float64 { return float64(t.Ppsfreq) / ppmScale }),
		of("pps_jitter_seconds", "Pulse per second jitter.", func(t *timex, unit float64) float64 { return float64(t.Jitter) * unit }),
		of("pps_shift_seconds", "Pulse per second interval duration.", func(t *timex, _ float64) float64 { return float64(t.Shift) }),
		of("pps_stability_hertz", "Pulse per second stability, average of recent frequency changes.", func(t *timex, _ float64) float64 { return float64(t.Stabil) / ppmScale }),
		count("pps_jitter_total", "Pulse per second count of jitter limit exceeded events.", func(t *timex) int64 { return int64(t.Jitcnt) }),
		count("pps_calibration_total", "Pulse per second count of calibration intervals.", func(t *timex) int64 { return int64(t.Calcnt) }),
		count("pps_error_total", "Pulse per second count of calibration errors.", func(t *timex) int64 { return int64(t.Errcnt) }),
		count("pps_stability_exceeded_total", "Pulse per second count of stability limit exceeded events.", func(t *timex) int64 { return int64(t.Stbcnt) }),
	}
}

// collectClock gives how far the clock is off, as the kernel knows it. PCI DSS 10.6 wants clocks in step.
func collectClock() collect.Collector {
	var all collect.Metrics
	sync := all.Gauge("node_timex_sync_status", "Is clock synchronized to a reliable server (1 = yes, 0 = no).")
	metrics := timexMetrics(&all)
	return collect.Collector{Name: "clock", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		var t unix.Timex
		state, err := unix.Adjtimex(&t)
		if err != nil {
			return err
		}
		unit := 1e-6
		if t.Status&statusNano != 0 {
			unit = 1e-9
		}
		out.Add(sync, collect.Bool(state != timeError))
		for _, m := range metrics {
			out.Add(m.Metric, m.value(&t, unit))
		}
		return nil
	}}
}
