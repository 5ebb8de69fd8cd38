package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
)

// collectKernel gives boot time, context switches, interrupts and processes.
func collectKernel(h Config) collect.Collector {
	var all collect.Metrics
	boot := all.Gauge("node_boot_time_seconds", "Node boot time, in unixtime.")
	switches := all.Counter("node_context_switches_total", "Total number of context switches.")
	interrupts := all.Counter("node_intr_total", "Total number of interrupts serviced.")
	forks := all.Counter("node_forks_total", "Total number of forks.")
	running := all.Gauge("node_procs_running", "Number of processes in runnable state.")
	blocked := all.Gauge("node_procs_blocked", "Number of processes blocked waiting for I/O to complete.")
	return collect.Collector{Name: "kernel", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		stat, err := fs.Stat()
		if err != nil {
			return err
		}
		out.Add(boot, float64(stat.BootTime))
		out.Add(switches, float64(stat.ContextSwitches))
		out.Add(interrupts, float64(stat.IRQTotal))
		out.Add(forks, float64(stat.ProcessCreated))
		out.Add(running, float64(stat.ProcessesRunning))
		out.Add(blocked, float64(stat.ProcessesBlocked))
		return nil
	}}
}

// collectFileDescriptors gives the open files of the whole host.
func collectFileDescriptors(h Config) collect.Collector {
	var all collect.Metrics
	allocated := all.Gauge("node_filefd_allocated", "File descriptor statistics: allocated.")
	maximum := all.Gauge("node_filefd_maximum", "File descriptor statistics: maximum.")
	path := filepath.Join(h.Proc, "sys/fs/file-nr")
	return collect.Collector{Name: "filefd", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// Allocated, unused (always 0), maximum.
		var numbers [3]float64
		f := strings.Fields(string(text))
		if len(f) != len(numbers) {
			return fmt.Errorf("%s has %d fields, want %d", path, len(f), len(numbers))
		}
		for i := range f {
			if numbers[i], err = strconv.ParseFloat(f[i], 64); err != nil {
				return fmt.Errorf("read %s: %w", path, err)
			}
		}
		out.Add(allocated, numbers[0])
		out.Add(maximum, numbers[2])
		return nil
	}}
}

// vmstatFields are the counters of /proc/vmstat that dashboards use.
var vmstatFields = regexp.MustCompile(`^(oom_kill|pgpg|pswp|pg.*fault)`)

// collectVMStat gives paging and the kernel's out-of-memory kills.
func collectVMStat(h Config) collect.Collector {
	var all collect.Metrics
	path := filepath.Join(h.Proc, "vmstat")
	all.Untyped("node_vmstat_*", "Counters of /proc/vmstat that dashboards use, such as node_vmstat_oom_kill.")
	return collect.Collector{Name: "vmstat", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !vmstatFields.MatchString(name) {
				continue
			}
			value, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return fmt.Errorf("field %s of vmstat: %w", name, err)
			}
			out.Add(collect.Untyped("node_vmstat_"+name, "/proc/vmstat information field "+name+"."), value)
		}
		return nil
	}}
}

// collectPressure gives the time that work waited for CPU, memory and disks.
func collectPressure(h Config) collect.Collector {
	var all collect.Metrics
	const help = "Total time in seconds that processes have "
	cpuWaiting := all.Counter("node_pressure_cpu_waiting_seconds_total", help+"waited for CPU time")
	ioWaiting := all.Counter("node_pressure_io_waiting_seconds_total", help+"waited due to IO congestion")
	ioStalled := all.Counter("node_pressure_io_stalled_seconds_total", "Total time in seconds no process could make progress due to IO congestion")
	memoryWaiting := all.Counter("node_pressure_memory_waiting_seconds_total", help+"waited for memory")
	memoryStalled := all.Counter("node_pressure_memory_stalled_seconds_total", "Total time in seconds no process could make progress due to memory congestion")
	irqStalled := all.Counter("node_pressure_irq_stalled_seconds_total", "Total time in seconds no process could make progress due to IRQ congestion")
	return collect.Collector{Name: "pressure", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		// A kernel older than 4.20, or with psi=0, does not know.
		if _, err := os.ReadFile(filepath.Join(h.Proc, "pressure/cpu")); err != nil {
			return nil
		}
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		add := func(m collect.Metric, line *procfs.PSILine) {
			if line != nil {
				out.Add(m, float64(line.Total)/1e6)
			}
		}
		for _, p := range []struct {
			resource         string
			waiting, stalled collect.Metric
		}{{"cpu", cpuWaiting, collect.Metric{}}, {"io", ioWaiting, ioStalled}, {"memory", memoryWaiting, memoryStalled}} {
			stats, err := fs.PSIStatsForResource(p.resource)
			if err != nil {
				return err
			}
			add(p.waiting, stats.Some)
			if p.stalled.Desc != nil {
				add(p.stalled, stats.Full)
			}
		}
		// Kernels from 6.1 on count interrupts, too.
		stats, err := fs.PSIStatsForResource("irq")
		add(irqStalled, stats.Full)
		return collect.UnlessMissing(err)
	}}
}

// collectUname gives the names of host and kernel.
func collectUname() collect.Collector {
	var all collect.Metrics
	info := all.Gauge("node_uname_info", "Labeled system information as provided by the uname system call.",
		"sysname", "release", "version", "machine", "nodename", "domainname")
	return collect.Collector{Name: "uname", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		var u unix.Utsname
		if err := unix.Uname(&u); err != nil {
			return err
		}
		text := unix.ByteSliceToString
		out.Add(info, 1, text(u.Sysname[:]), text(u.Release[:]), text(u.Version[:]), text(u.Machine[:]),
			text(u.Nodename[:]), text(u.Domainname[:]))
		return nil
	}}
}
