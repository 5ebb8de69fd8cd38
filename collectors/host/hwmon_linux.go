package host

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
)

// sensorFile is a file of a chip in /sys/class/hwmon: temp1_input is the property "input" of sensor temp1.
var sensorFile = regexp.MustCompile(`^(in|fan|temp|curr|power|energy|humidity)(\d+)_([a-z_]+)$`)

// sensorUnit says how the numbers of a kind of sensor are written in metrics.
type sensorUnit struct {
	suffix string
	scale  float64
}

// sensorUnits are those of the kernel's documentation of hwmon: thousandths and millionths of the unit in the metric.
var sensorUnits = map[string]sensorUnit{
	"in": {"_volts", 1e-3}, "temp": {"_celsius", 1e-3}, "curr": {"_amps", 1e-3}, "fan": {"_rpm", 1},
	"power": {"_watt", 1e-6}, "energy": {"_joule_total", 1e-6}, "humidity": {"", 1e-6},
}

// plainProperties are flags and kinds, which have no unit.
var plainProperties = []string{"fault", "alarm", "type", "beep", "enable"}

// collectSensors gives temperatures, fans and voltages of the chips that watch the hardware.
func collectSensors(h Config) collect.Collector {
	var all collect.Metrics
	names := all.Gauge("node_hwmon_chip_names", "Annotation metric for human-readable chip names", "chip", "chip_name")
	all.Untyped("node_hwmon_*", "Hardware monitors by kind and property, in volts, celsius, amps, rpm, watt; energy in joules counts.", "chip", "sensor")
	label := all.Gauge("node_hwmon_sensor_label", "Label for given chip and sensor", "chip", "sensor", "label")
	return collect.Collector{Name: "hwmon", Metrics: all, Collect: func(ctx context.Context, out *collect.Samples) error {
		dirs, err := filepath.Glob(filepath.Join(h.Sys, "class/hwmon/*"))
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, dir := range dirs {
			chip := chipName(dir)
			if seen[chip] {
				// Two monitors of one device: the number tells them apart.
				chip += "_" + filepath.Base(dir)
			}
			seen[chip] = true
			if name := cleanName(readText(filepath.Join(dir, "name"))); name != "" {
				out.Add(names, 1, chip, name)
			}
			sensors := readSensors(dir)
			for _, sensor := range slices.Sorted(maps.Keys(sensors)) {
				for _, property := range slices.Sorted(maps.Keys(sensors[sensor])) {
					value := sensors[sensor][property]
					if property == "label" {
						out.Add(label, 1, chip, sensor, value)
					} else if number, err := strconv.ParseFloat(value, 64); err == nil {
						m, scale := sensorMetric(strings.TrimRight(sensor, "0123456789"), property)
						out.Add(m, number*scale, chip, sensor)
					}
				}
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	}}
}

// sensorMetric returns the metric of a property and what its number is multiplied with.
func sensorMetric(kind, property string) (collect.Metric, float64) {
	name, unit := "node_hwmon_"+kind, sensorUnits[kind]
	if property != "input" {
		name += "_" + property
	}
	help := "Hardware monitor for " + kind + " (" + property + ")"
	switch {
	case slices.Contains(plainProperties, property):
		return collect.Gauge(name, help, "chip", "sensor"), 1
	case kind == "fan" && !slices.Contains([]string{"input", "min", "max", "target"}, property):
		return collect.Gauge(name, help, "chip", "sensor"), 1
	case kind == "energy":
		return collect.Counter(name+unit.suffix, help, "chip", "sensor"), unit.scale
	}
	return collect.Gauge(name+unit.suffix, help, "chip", "sensor"), unit.scale
}

// readSensors returns what the files of one chip say, by sensor and property. Old drivers keep them in the device.
func readSensors(dir string) map[string]map[string]string {
	sensors := map[string]map[string]string{}
	for _, from := range []string{dir, filepath.Join(dir, "device")} {
		files, err := os.ReadDir(from)
		if err != nil {
			continue
		}
		for _, f := range files {
			m := sensorFile.FindStringSubmatch(f.Name())
			if m == nil {
				continue
			}
			if value := readText(filepath.Join(from, f.Name())); value != "" {
				sensor := m[1] + m[2]
				if sensors[sensor] == nil {
					sensors[sensor] = map[string]string{}
				}
				sensors[sensor][m[3]] = value
			}
		}
	}
	return sensors
}

// readText returns a short file of the kernel; "" when it cannot be read. A broken driver answers EAGAIN, on which
// the ordinary ways of reading wait for ever.
func readText(path string) string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var buf [128]byte
	n, err := unix.Read(fd, buf[:])
	if err != nil || n <= 0 {
		return ""
	}
	return strings.TrimSpace(string(buf[:n]))
}

// chipName returns a name that survives a reboot, unlike the number of the monitor: bus and device, such as
// platform_coretemp_0, else what the chip calls itself.
func chipName(dir string) string {
	if device, err := filepath.EvalSymlinks(filepath.Join(dir, "device")); err == nil {
		bus, name := cleanName(filepath.Base(filepath.Dir(device))), cleanName(filepath.Base(device))
		if bus != "" && name != "" {
			return bus + "_" + name
		}
	}
	if name := cleanName(readText(filepath.Join(dir, "name"))); name != "" {
		return name
	}
	return filepath.Base(dir)
}

var notInNames = regexp.MustCompile(`[^a-z0-9:_]`)

func cleanName(s string) string {
	return strings.Trim(notInNames.ReplaceAllLiteralString(strings.ToLower(s), "_"), "_")
}
