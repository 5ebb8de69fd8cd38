package host

import (
	"cmp"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatewatch/collectors/collect"
)

// maxDevices is how many network devices are told of: a host of containers has thousands.
const maxDevices = 300

// collectNetworkDevices gives the state of each network device. It reads the files that it needs one by one: on a host with
// thousands of devices most of what all files cost is in those that nobody asks for.
func collectNetworkDevices(h Config) collect.Collector {
	var all collect.Metrics
	up := all.Gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", "device")
	info := all.Gauge("node_network_info", "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
		"device", "address", "broadcast", "duplex", "operstate", "ifalias")
	numbers := []struct {
		collect.Metric
		file  string
		scale float64
	}{
		{all.Gauge("node_network_carrier", "Network device property: carrier", "device"), "carrier", 1},
		{all.Counter("node_network_carrier_changes_total", "Network device property: carrier_changes_total", "device"), "carrier_changes", 1},
		{all.Gauge("node_network_mtu_bytes", "Network device property: mtu_bytes", "device"), "mtu", 1},
		// The kernel says megabits a second.
		{all.Gauge("node_network_speed_bytes", "Network device property: speed_bytes", "device"), "speed", 1e6 / 8},
		// /proc/net/dev does not say it.
		{all.Counter("node_network_receive_nohandler_total", "Network device statistic receive_nohandler.", "device"), "statistics/rx_nohandler", 1},
	}
	order := deviceOrder{sys: h.Sys}
	return collect.Collector{Name: "network_devices", Metrics: all, Collect: func(ctx context.Context, out *collect.Samples) error {
		entries, err := os.ReadDir(filepath.Join(h.Sys, "class/net"))
		if err != nil {
			return err
		}
		var names []string
		for _, e := range entries {
			if !e.Type().IsRegular() { // bonding_masters is no device
				names = append(names, e.Name())
			}
		}
		names, left := order.first(names)
		out.Dropped += left
		for _, name := range names {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			at := filepath.Join(h.Sys, "class/net", name)
			state := readText(filepath.Join(at, "operstate"))
			if state == "" {
				continue // it has gone meanwhile
			}
			alias, _ := os.ReadFile(filepath.Join(at, "ifalias")) // most have none
			out.Add(up, collect.Bool(state == "up"), name)
			out.Add(info, 1, name, readText(filepath.Join(at, "address")), readText(filepath.Join(at, "broadcast")),
				readText(filepath.Join(at, "duplex")), state, strings.TrimSpace(string(alias)))
			for _, n := range numbers {
				// A device without a known speed says -1, and one that is down nothing.
				if v, err := collect.ReadNumber(filepath.Join(at, n.file)); err == nil && v >= 0 {
					out.Add(n.Metric, v*n.scale, name)
				}
			}
		}
		return nil
	}}
}

// deviceOrder chooses the network devices that are told of. It remembers where each stands, so that it asks for new ones only.
type deviceOrder struct {
	sys   string
	known map[string]float64
}

// first returns the names in order; of more than maxDevices the hardware's first, then those that are there longest, and how
// many are left out: what containers come and go with must not hide the devices of the host.
func (o *deviceOrder) first(names []string) (first []string, left int) {
	slices.Sort(names)
	before := o.known
	o.known = nil
	if len(names) <= maxDevices {
		return names, 0
	}
	o.known = make(map[string]float64, len(names))
	for _, name := range names {
		if number, ok := before[name]; ok {
			o.known[name] = number
		} else {
			o.known[name] = o.number(name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(o.known[a], o.known[b]) })
	left = len(names) - maxDevices
	names = names[:maxDevices]
	slices.Sort(names)
	return names, left
}

// number is the kernel's of the device, which grows; that of hardware is below all others.
func (o *deviceOrder) number(name string) float64 {
	at := filepath.Join(o.sys, "class/net", name)
	number, err := collect.ReadNumber(filepath.Join(at, "ifindex"))
	if err != nil {
		number = math.MaxInt32
	}
	if _, err := os.Lstat(filepath.Join(at, "device")); err == nil {
		number -= math.MaxInt32
	}
	return number
}
