package collectors

import (
	"github.com/prometheus/procfs"
)

// collectScheduler gives how long tasks ran and waited on each CPU, and how many hung.
func collectScheduler(h HostConfig) collector {
	var all metrics
	running := all.counter("node_schedstat_running_seconds_total", "Number of seconds CPU spent running a process.", "cpu")
	waiting := all.counter("node_schedstat_waiting_seconds_total", "Number of seconds spent by processing waiting for this CPU.", "cpu")
	slices := all.counter("node_schedstat_timeslices_total", "Number of timeslices executed by CPU.", "cpu")
	hung := all.counter("node_kernel_hung_tasks_total", "Total number of tasks that have been detected as hung since the system booted.")
	return fromProc(h, "schedstat", all, func(proc procfs.FS, out *samples) error {
		stats, err := proc.Schedstat()
		if unlessMissing(err) != nil {
			return err
		}
		if err == nil {
			for _, c := range stats.CPUs {
				out.add(running, float64(c.RunningNanoseconds)/1e9, c.CPUNum)
				out.add(waiting, float64(c.WaitingNanoseconds)/1e9, c.CPUNum)
				out.add(slices, float64(c.RunTimeslices), c.CPUNum)
			}
		}
		tasks, err := proc.KernelHung()
		if err != nil {
			return unlessMissing(err)
		}
		if tasks.HungTaskDetectCount != nil {
			out.add(hung, float64(*tasks.HungTaskDetectCount))
		}
		return nil
	})
}

// collectEntropy gives how much randomness the kernel has gathered.
func collectEntropy(h HostConfig) collector {
	var all metrics
	available := all.gauge("node_entropy_available_bits", "Bits of available entropy.")
	pool := all.gauge("node_entropy_pool_size_bits", "Bits of entropy pool.")
	return fromProc(h, "entropy", all, func(proc procfs.FS, out *samples) error {
		random, err := proc.KernelRandom()
		if err != nil {
			return unlessMissing(err)
		}
		if random.EntropyAvaliable != nil {
			out.add(available, float64(*random.EntropyAvaliable))
		}
		if random.PoolSize != nil {
			out.add(pool, float64(*random.PoolSize))
		}
		return nil
	})
}
