//go:build !linux

package collectors

// hostTable lists the collectors of the host. Away from Linux it is what gopsutil knows everywhere, enough to
// develop on.
func hostTable(h HostConfig) []collector {
	return []collector{
		collectCPU(h),
		collectLoad(h),
		collectTime(),
	}
}

func pseudoFileSystems() []string { return nil }
