package collectors

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
)

// collectKernel gives boot time, context switches, interrupts and processes.
func collectKernel(h HostConfig) collector {
	var all metrics
	boot := all.gauge("node_boot_time_seconds", "Node boot time, in unixtime.")
	switches := all.counter("node_context_switches_total", "Total number of context switches.")
	interrupts := all.counter("node_intr_total", "Total number of interrupts serviced.")
	forks := all.counter("node_forks_total", "Total number of forks.")
	running := all.gauge("node_procs_running", "Number of processes in runnable state.")
	blocked := all.gauge("node_procs_blocked", "Number of processes blocked waiting for I/O to complete.")
	return collector{name: "kernel", metrics: all, collect: func(_ context.Context, out *samples) error {
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		stat, err := fs.Stat()
		if err != nil {
			return err
		}
		out.add(boot, float64(stat.BootTime))
		out.add(switches, float64(stat.ContextSwitches))
		out.add(interrupts, float64(stat.IRQTotal))
		out.add(forks, float64(stat.ProcessCreated))
		out.add(running, float64(stat.ProcessesRunning))
		out.add(blocked, float64(stat.ProcessesBlocked))
		return nil
	}}
}

// collectFileDescriptors gives the open files of the whole host.
func collectFileDescriptors(h HostConfig) collector {
	var all metrics
	allocated := all.gauge("node_filefd_allocated", "File descriptor statistics: allocated.")
	maximum := all.gauge("node_filefd_maximum", "File descriptor statistics: maximum.")
	path := filepath.Join(h.Proc, "sys/fs/file-nr")
	return collector{name: "filefd", metrics: all, collect: func(_ context.Context, out *samples) error {
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
		out.add(allocated, numbers[0])
		out.add(maximum, numbers[2])
		return nil
	}}
}

// vmstatFields are the counters of /proc/vmstat that dashboards use.
var vmstatFields = regexp.MustCompile(`^(oom_kill|pgpg|pswp|pg.*fault)`)

// collectVMStat gives paging and the kernel's out-of-memory kills.
func collectVMStat(h HostConfig) collector {
	var all metrics
	path := filepath.Join(h.Proc, "vmstat")
	all.untyped("node_vmstat_*", "Counters of /proc/vmstat that dashboards use, such as node_vmstat_oom_kill.")
	return collector{name: "vmstat", metrics: all, collect: func(_ context.Context, out *samples) error {
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
			out.add(untyped("node_vmstat_"+name, "/proc/vmstat information field "+name+"."), value)
		}
		return nil
	}}
}

// collectPressure gives the time that work waited for CPU, memory and disks.
func collectPressure(h HostConfig) collector {
	var all metrics
	const help = "Total time in seconds that processes have "
	cpuWaiting := all.counter("node_pressure_cpu_waiting_seconds_total", help+"waited for CPU time")
	ioWaiting := all.counter("node_pressure_io_waiting_seconds_total", help+"waited due to IO congestion")
	ioStalled := all.counter("node_pressure_io_stalled_seconds_total", "Total time in seconds no process could make progress due to IO congestion")
	memoryWaiting := all.counter("node_pressure_memory_waiting_seconds_total", help+"waited for memory")
	memoryStalled := all.counter("node_pressure_memory_stalled_seconds_total", "Total time in seconds no process could make progress due to memory congestion")
	irqStalled := all.counter("node_pressure_irq_stalled_seconds_total", "Total time in seconds no process could make progress due to IRQ congestion")
	return collector{name: "pressure", metrics: all, collect: func(_ context.Context, out *samples) error {
		// A kernel older than 4.20, or with psi=0, does not know.
		if _, err := os.ReadFile(filepath.Join(h.Proc, "pressure/cpu")); err != nil {
			return nil
		}
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		add := func(m metric, line *procfs.PSILine) {
			if line != nil {
				out.add(m, float64(line.Total)/1e6)
			}
		}
		for _, p := range []struct {
			resource         string
			waiting, stalled metric
		}{{"cpu", cpuWaiting, metric{}}, {"io", ioWaiting, ioStalled}, {"memory", memoryWaiting, memoryStalled}} {
			stats, err := fs.PSIStatsForResource(p.resource)
			if err != nil {
				return err
			}
			add(p.waiting, stats.Some)
			if p.stalled.desc != nil {
				add(p.stalled, stats.Full)
			}
		}
		// Kernels from 6.1 on count interrupts, too.
		stats, err := fs.PSIStatsForResource("irq")
		add(irqStalled, stats.Full)
		return unlessMissing(err)
	}}
}

// collectUname gives the names of host and kernel.
func collectUname() collector {
	var all metrics
	info := all.gauge("node_uname_info", "Labeled system information as provided by the uname system call.",
		"sysname", "release", "version", "machine", "nodename", "domainname")
	return collector{name: "uname", metrics: all, collect: func(_ context.Context, out *samples) error {
		var u unix.Utsname
		if err := unix.Uname(&u); err != nil {
			return err
		}
		text := unix.ByteSliceToString
		out.add(info, 1, text(u.Sysname[:]), text(u.Release[:]), text(u.Version[:]), text(u.Machine[:]),
			text(u.Nodename[:]), text(u.Domainname[:]))
		return nil
	}}
}
