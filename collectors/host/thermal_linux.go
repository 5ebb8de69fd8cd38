package host

import (
	"strings"

	"github.com/prometheus/procfs/sysfs"

	"gatewatch/collectors/collect"
)

// collectThermal gives temperatures of zones and how hard the host cools.
func collectThermal(h Config) collect.Collector {
	var all collect.Metrics
	temp := all.Gauge("node_thermal_zone_temp", "Zone temperature in Celsius", "zone", "type")
	current := all.Gauge("node_cooling_device_cur_state", "Current throttle state of the cooling device", "name", "type")
	maximum := all.Gauge("node_cooling_device_max_state", "Maximum throttle state of the cooling device", "name", "type")
	return fromSys(h, "thermal_zone", all, func(sys sysfs.FS, out *collect.Samples) error {
		zones, err := sys.ClassThermalZoneStats()
		if collect.UnlessMissing(err) != nil {
			return err
		}
		for _, z := range zones {
			if z.ReadErrors == nil {
				out.Add(temp, float64(z.Temp)/1e3, z.Name, z.Type)
			}
		}
		devices, err := sys.ClassCoolingDeviceStats()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, d := range devices {
			out.Add(current, float64(d.CurState), d.Name, d.Type)
			out.Add(maximum, float64(d.MaxState), d.Name, d.Type)
		}
		return nil
	})
}

// collectFrequencies gives the clock of each CPU, where the host may change it.
func collectFrequencies(h Config) collect.Collector {
	var all collect.Metrics
	of := func(name, help string) collect.Metric {
		return all.Gauge("node_cpu_scaling_frequency_"+name, help, "cpu")
	}
	current := of("hertz", "Current scaled CPU thread frequency in hertz.")
	minimum := of("min_hertz", "Minimum scaled CPU thread frequency in hertz.")
	maximum := of("max_hertz", "Maximum scaled CPU thread frequency in hertz.")
	governor := all.Gauge("node_cpu_scaling_governor", "Current enabled CPU frequency governor.", "cpu", "governor")
	return fromSys(h, "cpufreq", all, func(sys sysfs.FS, out *collect.Samples) error {
		cpus, err := sys.SystemCpufreq()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, c := range cpus {
			// The kernel says kilohertz.
			for _, f := range []struct {
				collect.Metric
				kilohertz *uint64
			}{{current, c.ScalingCurrentFrequency}, {minimum, c.ScalingMinimumFrequency}, {maximum, c.ScalingMaximumFrequency}} {
				if f.kilohertz != nil {
					out.Add(f.Metric, float64(*f.kilohertz)*1e3, c.Name)
				}
			}
			if c.Governor == "" {
				continue
			}
			for _, g := range strings.Fields(c.AvailableGovernors) {
				out.Add(governor, collect.Bool(g == c.Governor), c.Name, g)
			}
		}
		return nil
	})
}

// collectPower says which power supplies are on.
func collectPower(h Config) collect.Collector {
	var all collect.Metrics
	online := all.Gauge("node_power_supply_online", "online value of /sys/class/power_supply/<power_supply>.", "power_supply")
	return fromSys(h, "powersupplyclass", all, func(sys sysfs.FS, out *collect.Samples) error {
		supplies, err := sys.PowerSupplyClass()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for name, s := range supplies {
			if s.Online != nil {
				out.Add(online, float64(*s.Online), name)
			}
		}
		return nil
	})
}
