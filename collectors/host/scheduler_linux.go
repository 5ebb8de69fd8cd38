package host

import (
	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// collectScheduler gives how long tasks ran and waited on each CPU, and how many hung.
func collectScheduler(h Config) collect.Collector {
	var all collect.Metrics
	running := all.Counter("node_schedstat_running_seconds_total", "Number of seconds CPU spent running a process.", "cpu")
	waiting := all.Counter("node_schedstat_waiting_seconds_total", "Number of seconds spent by processing waiting for this CPU.", "cpu")
	slices := all.Counter("node_schedstat_timeslices_total", "Number of timeslices executed by CPU.", "cpu")
	hung := all.Counter("node_kernel_hung_tasks_total", "Total number of tasks that have been detected as hung since the system booted.")
	return fromProc(h, "schedstat", all, func(proc procfs.FS, out *collect.Samples) error {
		stats, err := proc.Schedstat()
		if collect.UnlessMissing(err) != nil {
			return err
		}
		if err == nil {
			for _, c := range stats.CPUs {
				out.Add(running, float64(c.RunningNanoseconds)/1e9, c.CPUNum)
				out.Add(waiting, float64(c.WaitingNanoseconds)/1e9, c.CPUNum)
				out.Add(slices, float64(c.RunTimeslices), c.CPUNum)
			}
		}
		tasks, err := proc.KernelHung()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		if tasks.HungTaskDetectCount != nil {
			out.Add(hung, float64(*tasks.HungTaskDetectCount))
		}
		return nil
	})
}

// collectEntropy gives how much randomness the kernel has gathered.
func collectEntropy(h Config) collect.Collector {
	var all collect.Metrics
	available := all.Gauge("node_entropy_available_bits", "Bits of available entropy.")
	pool := all.Gauge("node_entropy_pool_size_bits", "Bits of entropy pool.")
	return fromProc(h, "entropy", all, func(proc procfs.FS, out *collect.Samples) error {
		random, err := proc.KernelRandom()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		if random.EntropyAvaliable != nil {
			out.Add(available, float64(*random.EntropyAvaliable))
		}
		if random.PoolSize != nil {
			out.Add(pool, float64(*random.PoolSize))
		}
		return nil
	})
}
