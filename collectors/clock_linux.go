package collectors

import (
	"context"

	"golang.org/x/sys/unix"
)

// Values of adjtimex(2): the state of a clock nobody disciplines, and the flag for nanoseconds.
const (
	timeError  = 5
	statusNano = 0x2000
)

// collectClock gives how far the clock is off, as the kernel knows it. PCI DSS 10.6 wants clocks in step.
func collectClock() collector {
	sync := gauge("node_timex_sync_status", "Is clock synchronized to a reliable server (1 = yes, 0 = no).")
	offset := gauge("node_timex_offset_seconds", "Time offset in between local system and reference clock.")
	maxError := gauge("node_timex_maxerror_seconds", "Maximum error in seconds.")
	estimate := gauge("node_timex_estimated_error_seconds", "Estimated error in seconds.")
	return collector{name: "clock", collect: func(_ context.Context, out *samples) error {
		var t unix.Timex
		state, err := unix.Adjtimex(&t)
		if err != nil {
			return err
		}
		unit := 1e-6
		if t.Status&statusNano != 0 {
			unit = 1e-9
		}
		out.add(sync, boolValue(state != timeError))
		out.add(offset, float64(t.Offset)*unit)
		out.add(maxError, float64(t.Maxerror)/1e6)
		out.add(estimate, float64(t.Esterror)/1e6)
		return nil
	}}
}
