package collectors

import (
	"maps"
	"slices"
)

// processMetrics have the names of process-exporter.
type processMetrics struct {
	number, cpu, memory, threads, descriptors, worst, oldest, states metric
	faultsMinor, faultsMajor, switches, read, written, starts        metric
	cgroups                                                          cgroupMetrics
}

func newProcessMetrics(all *metrics) processMetrics {
	of := func(name, help string, labels ...string) metric {
		return all.gauge("namedprocess_namegroup_"+name, help, append([]string{"groupname"}, labels...)...)
	}
	count := func(name, help string, labels ...string) metric {
		return all.counter("namedprocess_namegroup_"+name, help, append([]string{"groupname"}, labels...)...)
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
		starts:      all.counter("gatewatch_process_starts_total", "Processes of the group that were started since the agent was.", "groupname"),
		cgroups:     newCgroupMetrics(all),
	}
}

// write gives the samples of all groups. A group without a process has 0 processes, and no age.
func (w *processWatch) write(out *samples) {
	m := w.metrics
	for _, name := range slices.Sorted(maps.Keys(w.groups)) {
		g := w.groups[name]
		out.add(m.number, float64(g.now.number), name)
		out.add(m.cpu, g.user, name, "user")
		out.add(m.cpu, g.system, name, "system")
		out.add(m.memory, g.now.resident, name, "resident")
		out.add(m.memory, g.now.virtual, name, "virtual")
		out.add(m.memory, g.now.swapped, name, "swapped")
		out.add(m.threads, float64(g.now.threads), name)
		if g.now.hasDescriptors {
			out.add(m.descriptors, float64(g.now.descriptors), name)
			out.add(m.worst, g.now.worstDescriptors, name)
		}
		if g.now.number > 0 {
			out.add(m.oldest, g.now.oldest, name)
		}
		for _, state := range []string{"Running", "Sleeping", "Waiting", "Zombie", "Other"} {
			out.add(m.states, float64(g.now.states[state]), name, state)
		}
		out.add(m.faultsMinor, float64(g.minor), name)
		out.add(m.faultsMajor, float64(g.major), name)
		out.add(m.switches, float64(g.voluntary), name, "voluntary")
		out.add(m.switches, float64(g.unwilling), name, "nonvoluntary")
		out.add(m.read, float64(g.read), name)
		out.add(m.written, float64(g.written), name)
		out.add(m.starts, float64(g.starts), name)
	}
	w.writeCgroups(out)
}
