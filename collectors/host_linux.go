package collectors

import "golang.org/x/sys/unix"

// hostTable lists the collectors of the host. Names, labels and types are node_exporter's, so that the dashboards and
// alert rules people have work unchanged.
func hostTable(h HostConfig) []collector {
	return []collector{
		collectCPU(h),
		collectLoad(h),
		collectTime(),
		collectClock(),
		collectMemory(h),
		collectFileSystems(h, unix.Statfs),
		collectDisks(h),
		collectNetwork(h),
		collectNetworkDevices(h),
		collectNetstat(h),
		collectSockets(h),
		collectKernel(h),
		collectFileDescriptors(h),
		collectVMStat(h),
		collectPressure(h),
		collectUname(),
	}
}
