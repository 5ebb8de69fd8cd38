package processes

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gatewatch/collectors/collect"
)

// maxCgroups is how many control groups of watched processes are told of.
const maxCgroups = 50

// cgroupMetrics have the names of cAdvisor; id is the path of the control group.
type cgroupMetrics struct {
	periods, throttled, throttledTime, usage, quota, period collect.Metric
	memory, memoryLimit, oomKills, pids, pidsLimit          collect.Metric
}

func newCgroupMetrics(all *collect.Metrics) cgroupMetrics {
	of := func(name, help string) collect.Metric { return all.Gauge("container_"+name, help, "id", "name") }
	count := func(name, help string) collect.Metric { return all.Counter("container_"+name, help, "id", "name") }
	return cgroupMetrics{
		periods:       count("cpu_cfs_periods_total", "Number of elapsed enforcement period intervals."),
		throttled:     count("cpu_cfs_throttled_periods_total", "Number of throttled period intervals."),
		throttledTime: count("cpu_cfs_throttled_seconds_total", "Total time duration the container has been throttled."),
		usage:         count("cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds."),
		quota:         of("spec_cpu_quota", "CPU quota of the container."),
		period:        of("spec_cpu_period", "CPU period of the container."),
		memory:        of("memory_usage_bytes", "Current memory usage in bytes, including all memory regardless of when it was accessed"),
		memoryLimit:   of("spec_memory_limit_bytes", "Memory limit for the container."),
		oomKills:      count("oom_events_total", "Count of out of memory events observed for the container"),
		pids:          of("threads", "Number of threads running inside the container"),
		pidsLimit:     of("threads_max", "Maximum number of threads allowed inside the container, infinity if value is zero"),
	}
}

// writeCgroups gives limits and throttling of the control groups (version 2) in which the watched processes are. A
// payment that is slow because the kernel stops its process shows nowhere else.
func (w *processWatch) writeCgroups(out *collect.Samples) {
	nameOf := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(w.groups)) {
		for id := range w.groups[name].now.cgroups {
			if nameOf[id] == "" {
				nameOf[id] = name
			}
		}
	}
	for i, id := range slices.Sorted(maps.Keys(nameOf)) {
		if i == maxCgroups {
			out.Dropped += len(nameOf) - maxCgroups
			return
		}
		w.writeCgroup(out, id, nameOf[id])
	}
}

func (w *processWatch) writeCgroup(out *collect.Samples, id, name string) {
	// What is outside of the agent's own name space begins with "/..".
	dir := filepath.Join(w.h.Sys, "fs/cgroup", filepath.Clean("/"+id))
	m := w.metrics.cgroups
	add := func(to collect.Metric, value float64, ok bool) {
		if ok {
			out.Add(to, value, id, name)
		}
	}
	cpu := readPairs(filepath.Join(dir, "cpu.stat"))
	for key, to := range map[string]collect.Metric{"nr_periods": m.periods, "nr_throttled": m.throttled} {
		v, ok := cpu[key]
		add(to, v, ok)
	}
	for key, to := range map[string]collect.Metric{"throttled_usec": m.throttledTime, "usage_usec": m.usage} {
		v, ok := cpu[key]
		add(to, v/1e6, ok)
	}
	if f := bytes.Fields(readSmall(filepath.Join(dir, "cpu.max"))); len(f) == 2 {
		quota, err := strconv.ParseFloat(string(f[0]), 64) // "max" without a limit
		add(m.quota, quota, err == nil)
		period, err := strconv.ParseFloat(string(f[1]), 64)
		add(m.period, period, err == nil)
	}
	for file, to := range map[string]collect.Metric{"memory.current": m.memory, "memory.max": m.memoryLimit, "pids.current": m.pids, "pids.max": m.pidsLimit} {
		v, err := collect.ReadNumber(filepath.Join(dir, file))
		add(to, v, err == nil)
	}
	kills, ok := readPairs(filepath.Join(dir, "memory.events"))["oom_kill"]
	add(m.oomKills, kills, ok)
}

// readPairs reads lines "name number"; what cannot be read is left out.
func readPairs(path string) map[string]float64 {
	found := map[string]float64{}
	for line := range strings.Lines(string(readSmall(path))) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(number, 64); err == nil {
			found[name] = v
		}
	}
	return found
}

func readSmall(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil // the controller is not on for this group
	}
	return text
}
