package host

import (
	"context"
	"os"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// collectSockets gives the sockets in use by protocol; time-wait sockets tell of a gateway that opens a connection
// for each payment.
func collectSockets(h Config) collect.Collector {
	var all collect.Metrics
	used := all.Gauge("node_sockstat_sockets_used", "Number of IPv4 sockets in use.")
	all.Gauge("node_sockstat_*", "Sockets by protocol and state.")
	pageSize := float64(os.Getpagesize())
	add := func(out *collect.Samples, protocol, field string, value *int, scale float64) {
		if value != nil {
			out.Add(collect.Gauge("node_sockstat_"+protocol+"_"+field, "Number of "+protocol+" sockets in state "+field+"."), float64(*value)*scale)
		}
	}
	return collect.Collector{Name: "sockets", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		v4, err := fs.NetSockstat()
		if err != nil {
			return err
		}
		if v4.Used != nil {
			out.Add(used, float64(*v4.Used))
		}
		protocols := v4.Protocols
		// A host without IPv6 has no such file.
		if v6, err := fs.NetSockstat6(); err == nil {
			protocols = append(protocols, v6.Protocols...)
		}
		for _, p := range protocols {
			add(out, p.Protocol, "inuse", &p.InUse, 1)
			add(out, p.Protocol, "orphan", p.Orphan, 1)
			add(out, p.Protocol, "tw", p.TW, 1)
			add(out, p.Protocol, "alloc", p.Alloc, 1)
			add(out, p.Protocol, "mem", p.Mem, 1)
			add(out, p.Protocol, "mem_bytes", p.Mem, pageSize)
			add(out, p.Protocol, "memory", p.Memory, 1)
		}
		return nil
	}}
}
