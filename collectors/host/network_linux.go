package host

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/sysfs"

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
	return collect.Collector{Name: "network", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		fs, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		devices, err := fs.NetDev()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(devices)) {
			l := devices[name]
			for _, m := range metrics {
				out.Add(m.Metric, float64(m.value(&l)), name)
			}
		}
		return nil
	}}
}

// collectNetworkDevices gives the state of each network device.
func collectNetworkDevices(h Config) collect.Collector {
	var all collect.Metrics
	type iface = sysfs.NetClassIface
	type ifaceMetric struct {
		collect.Metric
		value func(i *iface) *int64
		scale float64
	}
	up := all.Gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", "device")
	info := all.Gauge("node_network_info", "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
		"device", "address", "broadcast", "duplex", "operstate", "ifalias")
	metrics := []ifaceMetric{
		{all.Gauge("node_network_carrier", "Network device property: carrier", "device"), func(i *iface) *int64 { return i.Carrier }, 1},
		{all.Counter("node_network_carrier_changes_total", "Network device property: carrier_changes_total", "device"), func(i *iface) *int64 { return i.CarrierChanges }, 1},
		{all.Gauge("node_network_mtu_bytes", "Network device property: mtu_bytes", "device"), func(i *iface) *int64 { return i.MTU }, 1},
		// The kernel says megabits a second.
		{all.Gauge("node_network_speed_bytes", "Network device property: speed_bytes", "device"), func(i *iface) *int64 { return i.Speed }, 1e6 / 8},
	}
	nohandler := all.Counter("node_network_receive_nohandler_total", "Network device statistic receive_nohandler.", "device")
	return collect.Collector{Name: "network_devices", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		fs, err := sysfs.NewFS(h.Sys)
		if err != nil {
			return err
		}
		devices, err := fs.NetClass()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(devices)) {
			i := devices[name]
			out.Add(up, collect.Bool(i.OperState == "up"), name)
			out.Add(info, 1, name, i.Address, i.Broadcast, i.Duplex, i.OperState, i.IfAlias)
			// /proc/net/dev does not say it.
			if v, err := collect.ReadNumber(filepath.Join(h.Sys, "class/net", name, "statistics/rx_nohandler")); err == nil {
				out.Add(nohandler, v, name)
			}
			for _, m := range metrics {
				// A device without a known speed says -1.
				if v := m.value(&i); v != nil && *v >= 0 {
					out.Add(m.Metric, float64(*v)*m.scale, name)
				}
			}
		}
		return nil
	}}
}
