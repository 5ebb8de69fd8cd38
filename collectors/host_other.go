//go:build !linux

package collectors

// hostTable lists the collectors of the host. Away from Linux it is what gopsutil knows everywhere, enough to
// develop on.
func hostTable(h HostConfig) []collector {
	return []collector{
		collectCPU(h),
		collectLoad(h),
		collectTime(),
		collectTextfiles(h),
	}
}

// optionalCollectors is empty away from Linux: collectors.host.also has no effect there.
var optionalCollectors map[string]func(HostConfig) collector

func pseudoFileSystems() []string { return nil }
