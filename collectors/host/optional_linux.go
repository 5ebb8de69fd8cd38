package host

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/tcptable"
)

// optionalCollectors are the parts of the host that are read only when collectors.host.also names them: they cost more
// than all others together on a host with many processes, connections or CPUs.
var optionalCollectors = map[string]func(Config) collect.Collector{
	"interrupts":  collectInterrupts,
	"processes":   collectProcessStates,
	"connections": collectConnections,
}

// collectInterrupts gives the interrupts of each CPU by their source.
func collectInterrupts(h Config) collect.Collector {
	var all collect.Metrics
	total := all.Counter("node_interrupts_total", "Interrupt details.", "cpu", "type", "info", "devices")
	return collect.Collector{Name: "interrupts", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		text, err := os.ReadFile(filepath.Join(h.Proc, "interrupts"))
		if err != nil {
			return err
		}
		found := parseInterrupts(string(text))
		// With hundreds of CPUs most of them never see most interrupts.
		most := len(found) > 0 && len(found)*len(found[0].perCPU) > collect.MaxSamples
		for _, i := range found {
			for cpu, value := range i.perCPU {
				if most && value == 0 {
					continue
				}
				out.Add(total, value, strconv.Itoa(cpu), i.name, i.info, i.devices)
			}
		}
		return nil
	}}
}

// interrupt is one line of /proc/interrupts.
type interrupt struct {
	name, info, devices string
	perCPU              []float64
}

// parseInterrupts reads lines such as " 24: 5 9 PCI-MSI 81920-edge virtio0" and "NMI: 0 0 Non-maskable interrupts". Lines
// of one number for all CPUs (ERR, MIS) are left out.
func parseInterrupts(text string) []interrupt {
	head, rest, _ := strings.Cut(text, "\n")
	cpus := len(strings.Fields(head))
	var found []interrupt
	for line := range strings.Lines(rest) {
		f := strings.Fields(line)
		if len(f) < cpus+2 {
			continue
		}
		i := interrupt{name: strings.TrimSuffix(f[0], ":")}
		for _, number := range f[1 : cpus+1] {
			if v, err := strconv.ParseFloat(number, 64); err == nil {
				i.perCPU = append(i.perCPU, v)
			}
		}
		if len(i.perCPU) != cpus {
			continue
		}
		what := f[cpus+1:]
		if _, err := strconv.Atoi(i.name); err == nil && len(what) > 1 {
			i.info, i.devices = what[0], strings.Join(what[1:], " ")
		} else {
			i.info = strings.Join(what, " ")
		}
		found = append(found, i)
	}
	return found
}

// collectProcessStates gives how many processes and threads there are, in which state.
func collectProcessStates(h Config) collect.Collector {
	var all collect.Metrics
	threads := all.Gauge("node_processes_threads", "Allocated threads in system")
	maxThreads := all.Gauge("node_processes_max_threads", "Limit of threads in the system")
	states := all.Gauge("node_processes_state", "Number of processes in each state.", "state")
	pids := all.Gauge("node_processes_pids", "Number of PIDs")
	maxPIDs := all.Gauge("node_processes_max_processes", "Number of max PIDs limit")
	return fromProc(h, "processes", all, func(proc procfs.FS, out *collect.Samples) error {
		if err := collect.HiddenProcesses(h.Proc); err != nil {
			return err
		}
		all, err := proc.AllProcs()
		if err != nil {
			return err
		}
		number, inState, alive := 0, map[string]int{}, 0
		for _, p := range all {
			stat, err := p.Stat()
			if err != nil {
				continue // it has ended meanwhile
			}
			alive++
			inState[stat.State]++
			number += stat.NumThreads
		}
		if alive == 0 {
			return errors.New("no process found")
		}
		out.Add(pids, float64(alive))
		out.Add(threads, float64(number))
		for _, s := range slices.Sorted(maps.Keys(inState)) {
			out.Add(states, float64(inState[s]), s)
		}
		for file, m := range map[string]collect.Metric{"threads-max": maxThreads, "pid_max": maxPIDs} {
			limit, err := collect.ReadNumber(filepath.Join(h.Proc, "sys/kernel", file))
			if err != nil {
				return err
			}
			out.Add(m, limit)
		}
		return nil
	})
}

// tcpStates are the kernel's numbers of a connection's states.
var tcpStates = map[uint64]string{
	1: "established", 2: "syn_sent", 3: "syn_recv", 4: "fin_wait1", 5: "fin_wait2", 6: "time_wait",
	7: "close", 8: "close_wait", 9: "last_ack", tcptable.Listen: "listen", 11: "closing",
}

// collectConnections gives how many TCP connections are in which state. Many in close_wait tell of a program that
// leaks them.
func collectConnections(h Config) collect.Collector {
	var all collect.Metrics
	connections := all.Gauge("node_tcp_connection_states", "Number of connection states.", "state")
	return collect.Collector{Name: "connections", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		number, rx, tx := map[uint64]int{}, uint64(0), uint64(0)
		err := tcptable.Each(h.Proc, func(s tcptable.Socket) {
			number[s.State]++
			rx, tx = rx+s.RxQueue, tx+s.TxQueue
		})
		for _, state := range slices.Sorted(maps.Keys(number)) {
			if name := tcpStates[state]; name != "" {
				out.Add(connections, float64(number[state]), name)
			}
		}
		out.Add(connections, float64(rx), "rx_queued_bytes")
		out.Add(connections, float64(tx), "tx_queued_bytes")
		return err
	}}
}
