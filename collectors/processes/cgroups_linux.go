package processes

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

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

// cgroup is a control group of a process.
type cgroup struct {
	// id is its path; where each controller has its own, as in version 1, the longest.
	id string
	// of are the paths by controller in version 1; nil in version 2, where one is that of all.
	of map[string]string
}

// cgroupsOf returns the control groups of a process: one of version 2, and one of version 1 when it has controllers there.
func cgroupsOf(all []procfs.Cgroup) (found []cgroup) {
	first := cgroup{of: map[string]string{}}
	for _, c := range all {
		if c.HierarchyID == 0 {
			found = append(found, cgroup{id: c.Path})
			continue
		}
		for _, controller := range c.Controllers {
			if !slices.Contains([]string{"cpu", "cpuacct", "memory", "pids"}, controller) || c.Path == "/" {
				continue // the root has no limits
			}
			first.of[controller] = c.Path
			if len(c.Path) > len(first.id) {
				first.id = c.Path
			}
		}
	}
	if first.id != "" {
		found = append(found, first)
	}
	return found
}

// writeCgroups gives limits and throttling of the control groups in which the watched processes are. A payment that is slow
// because the kernel stops its process shows nowhere else.
func (w *processWatch) writeCgroups(out *collect.Samples) {
	type named struct {
		cgroup
		name string
	}
	found := map[string]named{}
	for _, name := range slices.Sorted(maps.Keys(w.groups)) {
		for id, c := range w.groups[name].now.cgroups {
			if _, ok := found[id]; !ok {
				found[id] = named{c, name}
			}
		}
	}
	for i, id := range slices.Sorted(maps.Keys(found)) {
		if i == maxCgroups {
			out.Dropped += len(found) - maxCgroups
			return
		}
		add := func(to collect.Metric, value float64, ok bool) {
			if ok {
				out.Add(to, value, id, found[id].name)
			}
		}
		root := filepath.Join(w.h.Sys, "fs/cgroup")
		if of := found[id].of; of != nil {
			w.metrics.cgroups.addFirst(func(controller string) string {
				if of[controller] == "" {
					return ""
				}
				return filepath.Join(root, controller, filepath.Clean("/"+of[controller]))
			}, add)
		} else {
			// What is outside of the agent's own name space begins with "/..".
			w.metrics.cgroups.addSecond(filepath.Join(root, filepath.Clean("/"+id)), add)
		}
	}
}

// addSecond adds what a group of version 2 says.
func (m *cgroupMetrics) addSecond(dir string, add func(to collect.Metric, value float64, ok bool)) {
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

// unlimited is below what version 1 writes for a memory without limit: the largest number there is, in whole pages.
const unlimited = 1 << 62

// addFirst adds what a group of version 1 says. folder returns that of a controller; "" when the process is in no group of it.
func (m *cgroupMetrics) addFirst(folder func(controller string) string, add func(to collect.Metric, value float64, ok bool)) {
	if dir := folder("cpu"); dir != "" {
		cpu := readPairs(filepath.Join(dir, "cpu.stat"))
		for key, to := range map[string]collect.Metric{"nr_periods": m.periods, "nr_throttled": m.throttled} {
			v, ok := cpu[key]
			add(to, v, ok)
		}
		stopped, ok := cpu["throttled_time"]
		add(m.throttledTime, stopped/1e9, ok)
		quota, err := collect.ReadNumber(filepath.Join(dir, "cpu.cfs_quota_us"))
		add(m.quota, quota, err == nil && quota > 0) // -1 without a limit
		period, err := collect.ReadNumber(filepath.Join(dir, "cpu.cfs_period_us"))
		add(m.period, period, err == nil)
	}
	if dir := folder("cpuacct"); dir != "" {
		used, err := collect.ReadNumber(filepath.Join(dir, "cpuacct.usage"))
		add(m.usage, used/1e9, err == nil)
	}
	if dir := folder("memory"); dir != "" {
		used, err := collect.ReadNumber(filepath.Join(dir, "memory.usage_in_bytes"))
		add(m.memory, used, err == nil)
		limit, err := collect.ReadNumber(filepath.Join(dir, "memory.limit_in_bytes"))
		add(m.memoryLimit, limit, err == nil && limit < unlimited)
		kills, ok := readPairs(filepath.Join(dir, "memory.oom_control"))["oom_kill"]
		add(m.oomKills, kills, ok)
	}
	if dir := folder("pids"); dir != "" {
		for file, to := range map[string]collect.Metric{"pids.current": m.pids, "pids.max": m.pidsLimit} {
			v, err := collect.ReadNumber(filepath.Join(dir, file))
			add(to, v, err == nil)
		}
	}
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
