package collectors

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/common"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"
)

// hostTimeout is how long one collector of the host may take. They read files of the kernel, in microseconds.
const hostTimeout = 5 * time.Second

// at makes gopsutil read the configured folders.
func (h HostConfig) at(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: h.Proc, common.HostSysEnvKey: h.Sys, common.HostRootEnvKey: h.Root,
	})
}

// collectCPU gives the time each CPU spent in each mode.
func collectCPU(h HostConfig) collector {
	var all metrics
	seconds := all.counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", "cpu", "mode")
	guest := all.counter("node_cpu_guest_seconds_total", "Seconds the CPUs spent in guests (VMs) for each mode.", "cpu", "mode")
	return collector{name: "cpu", metrics: all, collect: func(ctx context.Context, out *samples) error {
		times, err := cpu.TimesWithContext(h.at(ctx), true)
		if err != nil {
			return err
		}
		// gopsutil answers an unreadable file with nothing.
		if len(times) == 0 {
			return errors.New("no CPU found")
		}
		for _, t := range times {
			n := strings.TrimPrefix(t.CPU, "cpu")
			// The kernel counts guests' time as user and nice time too, and these names leave it so.
			out.add(seconds, t.User, n, "user")
			out.add(seconds, t.Nice, n, "nice")
			out.add(seconds, t.System, n, "system")
			out.add(seconds, t.Idle, n, "idle")
			out.add(seconds, t.Iowait, n, "iowait")
			out.add(seconds, t.Irq, n, "irq")
			out.add(seconds, t.Softirq, n, "softirq")
			out.add(seconds, t.Steal, n, "steal")
			out.add(guest, t.Guest, n, "user")
			out.add(guest, t.GuestNice, n, "nice")
		}
		return nil
	}}
}

// collectLoad gives the load averages.
func collectLoad(h HostConfig) collector {
	var all metrics
	load1 := all.gauge("node_load1", "1m load average.")
	load5 := all.gauge("node_load5", "5m load average.")
	load15 := all.gauge("node_load15", "15m load average.")
	return collector{name: "load", metrics: all, collect: func(ctx context.Context, out *samples) error {
		avg, err := load.AvgWithContext(h.at(ctx))
		if err != nil {
			return err
		}
		out.add(load1, avg.Load1)
		out.add(load5, avg.Load5)
		out.add(load15, avg.Load15)
		return nil
	}}
}

// collectTime gives the host's clock.
func collectTime() collector {
	var all metrics
	seconds := all.gauge("node_time_seconds", "System time in seconds since epoch (1970).")
	zone := all.gauge("node_time_zone_offset_seconds", "System time zone offset in seconds.", "time_zone")
	return collector{name: "time", metrics: all, collect: func(_ context.Context, out *samples) error {
		now := time.Now()
		name, offset := now.Zone()
		out.add(seconds, unixSeconds(now))
		out.add(zone, float64(offset), name)
		return nil
	}}
}
