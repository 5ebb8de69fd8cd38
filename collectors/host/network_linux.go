package host

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// collectNetwork gives the traffic and errors of each network device.
func collectNetwork(h Config) collect.Collector {
	var all collect.Metrics
	type line = procfs.NetDevLine
	type netMetric struct {
		collect.Metric
		value func(l *line) uint64
	}
	of := func(name string, value func(l *line) uint64) netMetric {
		return netMetric{all.Counter("node_network_"+name+"_total", "Network device statistic "+name+".", "device"), value}
	}
	metrics := []netMetric{
		of("receive_bytes", func(l *line) uint64 { return l.RxBytes }),
		of("receive_packets", func(l *line) uint64 { return l.RxPackets }),
		of("receive_errs", func(l *line) uint64 { return l.RxErrors }),
		of("receive_drop", func(l *line) uint64 { return l.RxDropped }),
		of("receive_fifo", func(l *line) uint64 { return l.RxFIFO }),
		of("receive_frame", func(l *line) uint64 { return l.RxFrame }),
		of("receive_compressed", func(l *line) uint64 { return l.RxCompressed }),
		of("receive_multicast", func(l *line) uint64 { return l.RxMulticast }),
		of("transmit_bytes", func(l *line) uint64 { return l.TxBytes }),
		of("transmit_packets", func(l *line) uint64 { return l.TxPackets }),
		of("transmit_errs", func(l *line) uint64 { return l.TxErrors }),
		of("transmit_drop", func(l *line) uint64 { return l.TxDropped }),
		of("transmit_fifo", func(l *line) uint64 { return l.TxFIFO }),
		of("transmit_colls", func(l *line) uint64 { return l.TxCollisions }),
		of("transmit_carrier", func(l *line) uint64 { return l.TxCarrier }),
		of("transmit_compressed", func(l *line) uint64 { return l.TxCompressed }),
	}
	order := deviceOrder{sys: h.Sys}
	return collect.Collector{Name: "network", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		devices, err := fs.NetDev()
		if err != nil {
			return err
		}
		names, left := order.first(slices.Collect(maps.Keys(devices)))
		out.Dropped += left
		for _, name := range names {
			l := devices[name]
			for _, m := range metrics {
				out.Add(m.Metric, float64(m.value(&l)), name)
			}
		}
		return nil
	}}
}
