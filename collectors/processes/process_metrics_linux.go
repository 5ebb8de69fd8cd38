package processes

import (
	"maps"
	"slices"

	"gatewatch/collectors/collect"
)

// processMetrics have the names of process-exporter.
type processMetrics struct {
	number, cpu, memory, threads, descriptors, worst, oldest, states collect.Metric
	faultsMinor, faultsMajor, switches, read, written, starts        collect.Metric
	cgroups                                                          cgroupMetrics
}

func newProcessMetrics(all *collect.Metrics) processMetrics {
	of := func(name, help string, labels ...string) collect.Metric {
		return all.Gauge("namedprocess_namegroup_"+name, help, append([]string{"groupname"}, labels...)...)
	}
	count := func(name, help string, labels ...string) collect.Metric {
		return all.Counter("namedprocess_namegroup_"+name, help, append([]string{"groupname"}, labels...)...)
	}
	return processMetrics{
		number:      of("num_procs", "number of processes in this group"),
		cpu:         count("cpu_seconds_total", "Cpu user usage in seconds", "mode"),
		memory:      of("memory_bytes", "number of bytes of memory in use", "memtype"),
		threads:     of("num_threads", "Number of threads"),
		descriptors: of("open_filedesc", "number of open file descriptors for this group"),
		worst:       of("worst_fd_ratio", "the worst (closest to 1) ratio between open fds and max fds among all procs in this group"),
		oldest:      of("oldest_start_time_seconds", "start time in seconds since 1970/01/01 of oldest process in group"),
		states:      of("states", "Number of processes in states Running, Sleeping, Waiting, Zombie, or Other", "state"),
		faultsMinor: count("minor_page_faults_total", "Minor page faults"),
		faultsMajor: count("major_page_faults_total", "Major page faults"),
		switches:    count("context_switches_total", "Context switches", "ctxswitchtype"),
		read:        count("read_bytes_total", "number of bytes read by this group"),
		written:     count("write_bytes_total", "number of bytes written by this group"),
		starts:      all.Counter("gatewatch_process_starts_total", "Processes of the group that were started since the agent was.", "groupname"),
		cgroups:     newCgroupMetrics(all),
	}
}

// write gives the samples of all groups. A group without a process has 0 processes, and no age; when not all processes were
// looked at, it may have some, and nothing is given.
func (w *processWatch) write(out *collect.Samples, partly bool) {
	m := w.metrics
	for _, name := range slices.Sorted(maps.Keys(w.groups)) {
		g := w.groups[name]
		if partly && g.now.number == 0 {
			continue
		}
		out.Add(m.number, float64(g.now.number), name)
		out.Add(m.cpu, g.user, name, "user")
		out.Add(m.cpu, g.system, name, "system")
		out.Add(m.memory, g.now.resident, name, "resident")
		out.Add(m.memory, g.now.virtual, name, "virtual")
		out.Add(m.memory, g.now.swapped, name, "swapped")
		out.Add(m.threads, float64(g.now.threads), name)
		if g.now.hasDescriptors {
			out.Add(m.descriptors, float64(g.now.descriptors), name)
			out.Add(m.worst, g.now.worstDescriptors, name)
		}
		if g.now.number > 0 {
			out.Add(m.oldest, g.now.oldest, name)
		}
		for _, state := range []string{"Running", "Sleeping", "Waiting", "Zombie", "Other"} {
			out.Add(m.states, float64(g.now.states[state]), name, state)
		}
		out.Add(m.faultsMinor, float64(g.minor), name)
		out.Add(m.faultsMajor, float64(g.major), name)
		out.Add(m.switches, float64(g.voluntary), name, "voluntary")
		out.Add(m.switches, float64(g.unwilling), name, "nonvoluntary")
		out.Add(m.read, float64(g.read), name)
		out.Add(m.written, float64(g.written), name)
		out.Add(m.starts, float64(g.starts), name)
	}
	w.writeCgroups(out)
}
