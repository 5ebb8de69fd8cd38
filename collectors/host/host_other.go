//go:build !linux

package host

import "gatewatch/collectors/collect"

// hostTable lists the collectors of the host. Away from Linux it is what gopsutil knows everywhere, enough to
// develop on.
func hostTable(h Config) []collect.Collector {
	return []collect.Collector{
		collectCPU(h),
		collectLoad(h),
		collectTime(),
		collectTextfiles(h),
	}
}

// optionalCollectors is empty away from Linux: collectors.host.also has no effect there.
var optionalCollectors map[string]func(Config) collect.Collector

func pseudoFileSystems() []string { return nil }
