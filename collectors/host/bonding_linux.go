package host

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/procfs/sysfs"

	"gatewatch/collectors/collect"
)

// collectBonding gives how many network devices each bond has, and how many of them work.
func collectBonding(h Config) collect.Collector {
	var all collect.Metrics
	slaves := all.Gauge("node_bonding_slaves", "Number of configured slaves per bonding interface.", "master")
	active := all.Gauge("node_bonding_active", "Number of active slaves per bonding interface.", "master")
	return fromSys(h, "bonding", all, func(_ sysfs.FS, out *collect.Samples) error {
		devices := filepath.Join(h.Sys, "class/net")
		masters, err := os.ReadFile(filepath.Join(devices, "bonding_masters"))
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, master := range strings.Fields(string(masters)) {
			names, err := os.ReadFile(filepath.Join(devices, master, "bonding/slaves"))
			if err != nil {
				return collect.UnlessMissing(err)
			}
			up := 0
			of := strings.Fields(string(names))
			for _, slave := range of {
				// A device that was just taken out has no state any more.
				state, err := os.ReadFile(filepath.Join(devices, slave, "bonding_slave/mii_status"))
				if err == nil && strings.TrimSpace(string(state)) == "up" {
					up++
				}
			}
			out.Add(slaves, float64(len(of)), master)
			out.Add(active, float64(up), master)
		}
		return nil
	})
}
