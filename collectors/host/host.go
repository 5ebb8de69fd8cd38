package host

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/common"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"

	"gatewatch/collectors/collect"
)

// hostTimeout is how long one collector of the host may take. They read files of the kernel, in microseconds.
const hostTimeout = 5 * time.Second

// at makes gopsutil read the configured folders.
func (h Config) at(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: h.Proc, common.HostSysEnvKey: h.Sys, common.HostRootEnvKey: h.Root,
	})
}

// collectCPU gives the time each CPU spent in each mode.
func collectCPU(h Config) collect.Collector {
	var all collect.Metrics
	seconds := all.Counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", "cpu", "mode")
	guest := all.Counter("node_cpu_guest_seconds_total", "Seconds the CPUs spent in guests (VMs) for each mode.", "cpu", "mode")
	return collect.Collector{Name: "cpu", Metrics: all, Collect: func(ctx context.Context, out *collect.Samples) error {
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
			out.Add(seconds, t.User, n, "user")
			out.Add(seconds, t.Nice, n, "nice")
			out.Add(seconds, t.System, n, "system")
			out.Add(seconds, t.Idle, n, "idle")
			out.Add(seconds, t.Iowait, n, "iowait")
			out.Add(seconds, t.Irq, n, "irq")
			out.Add(seconds, t.Softirq, n, "softirq")
			out.Add(seconds, t.Steal, n, "steal")
			out.Add(guest, t.Guest, n, "user")
			out.Add(guest, t.GuestNice, n, "nice")
		}
		return nil
	}}
}

// collectLoad gives the load averages.
func collectLoad(h Config) collect.Collector {
	var all collect.Metrics
	load1 := all.Gauge("node_load1", "1m load average.")
	load5 := all.Gauge("node_load5", "5m load average.")
	load15 := all.Gauge("node_load15", "15m load average.")
	return collect.Collector{Name: "load", Metrics: all, Collect: func(ctx context.Context, out *collect.Samples) error {
		avg, err := load.AvgWithContext(h.at(ctx))
		if err != nil {
			return err
		}
		out.Add(load1, avg.Load1)
		out.Add(load5, avg.Load5)
		out.Add(load15, avg.Load15)
		return nil
	}}
}

// collectTime gives the host's clock.
func collectTime() collect.Collector {
	var all collect.Metrics
	seconds := all.Gauge("node_time_seconds", "System time in seconds since epoch (1970).")
	zone := all.Gauge("node_time_zone_offset_seconds", "System time zone offset in seconds.", "time_zone")
	return collect.Collector{Name: "time", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		now := time.Now()
		name, offset := now.Zone()
		out.Add(seconds, collect.UnixSeconds(now))
		out.Add(zone, float64(offset), name)
		return nil
	}}
}
