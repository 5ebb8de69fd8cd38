package host

import (
	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
)

// hostTable lists the collectors of the host. Names, labels and types are node_exporter's, so that the dashboards and
// alert rules people have work unchanged.
func hostTable(h Config) []collect.Collector {
	all := []collect.Collector{
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
		collectOS(h),
		collectSoftnet(h),
		collectUDPQueues(h),
		collectARP(h),
		collectConntrack(h),
		collectScheduler(h),
		collectEntropy(h),
		collectThermal(h),
		collectFrequencies(h),
		collectPower(h),
		collectSensors(h),
		collectRAID(h),
		collectNVMe(h),
		collectMemoryErrors(h),
		collectExt4(h),
		collectSELinux(h),
		collectBonding(h),
		collectZFS(h),
	}
	for _, name := range h.Also {
		all = append(all, optionalCollectors[name](h))
	}
	// Last: what a file says about a name of a collector loses against the collector.
	return append(all, collectTextfiles(h))
}
