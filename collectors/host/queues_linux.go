package host

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// collectSoftnet gives the packets that each CPU took from network devices, and those it dropped or left for later
// because it was too busy.
func collectSoftnet(h Config) collect.Collector {
	var all collect.Metrics
	count := func(name, help string) collect.Metric { return all.Counter("node_softnet_"+name+"_total", help, "cpu") }
	processed := count("processed", "Number of processed packets")
	dropped := count("dropped", "Number of dropped packets")
	squeezed := count("times_squeezed", "Number of times processing packets ran out of quota")
	collision := count("cpu_collision", "Number of collision occur while obtaining device lock while transmitting")
	rps := count("received_rps", "Number of times cpu woken up received_rps")
	limited := count("flow_limit_count", "Number of times flow limit has been reached")
	backlog := all.Gauge("node_softnet_backlog_len", "Softnet backlog status", "cpu")
	return fromProc(h, "softnet", all, func(proc procfs.FS, out *collect.Samples) error {
		cpus, err := proc.NetSoftnetStat()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, c := range cpus {
			cpu := strconv.FormatUint(uint64(c.Index), 10)
			out.Add(processed, float64(c.Processed), cpu)
			out.Add(dropped, float64(c.Dropped), cpu)
			out.Add(squeezed, float64(c.TimeSqueezed), cpu)
			out.Add(collision, float64(c.CPUCollision), cpu)
			out.Add(rps, float64(c.ReceivedRps), cpu)
			out.Add(limited, float64(c.FlowLimitCount), cpu)
			out.Add(backlog, float64(c.SoftnetBacklogLen), cpu)
		}
		return nil
	})
}

// collectUDPQueues gives the bytes that wait in UDP sockets; DNS answers that nobody reads wait there.
func collectUDPQueues(h Config) collect.Collector {
	var all collect.Metrics
	queues := all.Gauge("node_udp_queues", "Number of allocated memory in the kernel for UDP datagrams in bytes.", "queue", "ip")
	return fromProc(h, "udp_queues", all, func(proc procfs.FS, out *collect.Samples) error {
		for _, v := range []struct {
			ip  string
			sum func() (*procfs.NetUDPSummary, error)
		}{{"v4", proc.NetUDPSummary}, {"v6", proc.NetUDP6Summary}} {
			sum, err := v.sum()
			if err != nil {
				if collect.UnlessMissing(err) == nil {
					continue
				}
				return err
			}
			out.Add(queues, float64(sum.TxQueueLength), "tx", v.ip)
			out.Add(queues, float64(sum.RxQueueLength), "rx", v.ip)
		}
		return nil
	})
}

// collectARP gives the neighbours known on each network device.
func collectARP(h Config) collect.Collector {
	var all collect.Metrics
	entries := all.Gauge("node_arp_entries", "ARP entries by device", "device")
	return fromProc(h, "arp", all, func(proc procfs.FS, out *collect.Samples) error {
		all, err := proc.GatherARPEntries()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		number := map[string]int{}
		for _, e := range all {
			number[e.Device]++
		}
		for _, device := range slices.Sorted(maps.Keys(number)) {
			out.Add(entries, float64(number[device]), device)
		}
		return nil
	})
}

// collectConntrack gives how full the table of tracked connections is. A full one drops new connections without a word
// to anyone.
func collectConntrack(h Config) collect.Collector {
	var all collect.Metrics
	entries := all.Gauge("node_nf_conntrack_entries", "Number of currently allocated flow entries for connection tracking.")
	limit := all.Gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.")
	of := func(name, what string) collect.Metric { return all.Gauge("node_nf_conntrack_stat_"+name, what) }
	type stat = procfs.ConntrackStatEntry
	stats := []struct {
		collect.Metric
		value func(e *stat) uint64
	}{
		{of("found", "Number of searched entries which were successful."), func(e *stat) uint64 { return e.Found }},
		{of("invalid", "Number of packets seen which can not be tracked."), func(e *stat) uint64 { return e.Invalid }},
		{of("ignore", "Number of packets seen which are already connected to a conntrack entry."), func(e *stat) uint64 { return e.Ignore }},
		{of("insert", "Number of entries inserted into the list."), func(e *stat) uint64 { return e.Insert }},
		{of("insert_failed", "Number of entries for which list insertion was attempted but failed."), func(e *stat) uint64 { return e.InsertFailed }},
		{of("drop", "Number of packets dropped due to conntrack failure."), func(e *stat) uint64 { return e.Drop }},
		{of("early_drop", "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached."), func(e *stat) uint64 { return e.EarlyDrop }},
		{of("search_restart", "Number of conntrack table lookups which had to be restarted due to hashtable resizes."), func(e *stat) uint64 { return e.SearchRestart }},
	}
	return fromProc(h, "conntrack", all, func(proc procfs.FS, out *collect.Samples) error {
		for _, f := range []struct {
			collect.Metric
			file string
		}{{entries, "nf_conntrack_count"}, {limit, "nf_conntrack_max"}} {
			value, err := collect.ReadNumber(filepath.Join(h.Proc, "sys/net/netfilter", f.file))
			if err != nil {
				return collect.UnlessMissing(err)
			}
			out.Add(f.Metric, value)
		}
		cpus, err := proc.ConntrackStat()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, s := range stats {
			var sum uint64
			for i := range cpus {
				sum += s.value(&cpus[i])
			}
			out.Add(s.Metric, float64(sum))
		}
		return nil
	})
}
