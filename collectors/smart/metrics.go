package smart

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/tool"
)

// smartAnswer is the JSON of smartctl.
type smartAnswer map[string]any

// find returns what is at path; nil when there is nothing.
func (a smartAnswer) find(path ...string) any {
	var at any = map[string]any(a)
	for _, key := range path {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[key]
	}
	return at
}

func (a smartAnswer) number(path ...string) float64 {
	n, _ := a.find(path...).(float64)
	return n
}

func (a smartAnswer) text(path ...string) string {
	s, _ := a.find(path...).(string)
	return strings.TrimSpace(s)
}

// objects returns the objects of the list at path.
func (a smartAnswer) objects(path ...string) []smartAnswer {
	list, _ := a.find(path...).([]any)
	var all []smartAnswer
	for _, one := range list {
		if object, ok := one.(map[string]any); ok {
			all = append(all, object)
		}
	}
	return all
}

// complaint returns what smartctl says against itself.
func (a smartAnswer) complaint() string {
	var all []string
	for _, m := range a.objects("smartctl", "messages") {
		all = append(all, m.text("string"))
	}
	if len(all) == 0 {
		return "it does not say why; it needs the rights of root"
	}
	return tool.Complaint(strings.Join(all, "; "), nil)
}

// smartNumber is a number of the answer with its metric. Units are put right by scale.
type smartNumber struct {
	path []string
	collect.Metric
	scale float64
}

// smartMetrics have the names and labels of smartctl_exporter.
type smartMetrics struct {
	exitStatus, device, status, temperature, speed, attribute collect.Metric
	numbers                                                   []smartNumber
}

func newSMARTMetrics(all *collect.Metrics) smartMetrics {
	number := func(scale float64, name, help string, path ...string) smartNumber {
		make := all.Gauge
		if strings.HasSuffix(name, "_seconds") || strings.HasSuffix(name, "_count") || strings.Contains(name, "bytes_") || strings.Contains(name, "err") {
			make = all.Counter
		}
		return smartNumber{path, make("smartctl_device_"+name, help, "device"), scale}
	}
	nvme := func(scale float64, name, key, help string) smartNumber {
		return number(scale, name, help, "nvme_smart_health_information_log", key)
	}
	// NVMe counts in thousands of 512 bytes, whatever its blocks are (NVM Express Base Specification, log page 02h).
	const dataUnit = 512_000
	return smartMetrics{
		exitStatus:  all.Gauge("smartctl_device_smartctl_exit_status", "Exit status of smartctl on device", "device"),
		device:      all.Gauge("smartctl_device", "Device info", "device", "interface", "protocol", "model_family", "model_name", "serial_number", "firmware_version"),
		status:      all.Gauge("smartctl_device_smart_status", "General smart status", "device"),
		temperature: all.Gauge("smartctl_device_temperature", "Device temperature celsius", "device", "temperature_type"),
		speed:       all.Gauge("smartctl_device_interface_speed", "Device interface speed, bits per second", "device", "speed_type"),
		attribute:   all.Gauge("smartctl_device_attribute", "Device attributes", "device", "attribute_name", "attribute_value_type", "attribute_id"),
		numbers: []smartNumber{
			number(1, "capacity_bytes", "Device capacity in bytes", "user_capacity", "bytes"),
			number(3600, "power_on_seconds", "Device power on seconds", "power_on_time", "hours"),
			number(1, "power_cycle_count", "Device power cycle count", "power_cycle_count"),
			number(1, "rotation_rate", "Device rotation rate", "rotation_rate"),
			number(1, "error_log_count", "Device SMART error log count", "ata_smart_error_log", "summary", "count"),
			nvme(1, "percentage_used", "percentage_used", "Device write percentage used"),
			nvme(1, "available_spare", "available_spare", "Normalized percentage (0 to 100%) of the remaining spare capacity available"),
			nvme(1, "available_spare_threshold", "available_spare_threshold", "Percentage of spare capacity below which the controller warns"),
			nvme(1, "critical_warning", "critical_warning", "Bits of what the controller warns of"),
			nvme(1, "media_errors", "media_errors", "Unrecovered data integrity errors"),
			nvme(1, "num_err_log_entries", "num_err_log_entries", "Entries of the error log over the life of the controller"),
			nvme(dataUnit, "bytes_read", "data_units_read", "Bytes read by the host"),
			nvme(dataUnit, "bytes_written", "data_units_written", "Bytes written by the host"),
		},
	}
}

// read adds what a says of one disk. What the disk does not tell is left out.
func (m *smartMetrics) read(a smartAnswer, label string, out *collect.Samples) {
	out.Add(m.device, 1, label, a.text("device", "type"), a.text("device", "protocol"), a.text("model_family"), a.text("model_name"),
		a.text("serial_number"), a.text("firmware_version"))
	if passed, ok := a.find("smart_status", "passed").(bool); ok {
		out.Add(m.status, collect.Bool(passed), label)
	}
	for _, n := range m.numbers {
		if value, ok := a.find(n.path...).(float64); ok {
			out.Add(n.Metric, value*n.scale, label)
		}
	}
	temperatures, _ := a.find("temperature").(map[string]any)
	for _, kind := range slices.Sorted(maps.Keys(temperatures)) {
		if value, ok := temperatures[kind].(float64); ok {
			out.Add(m.temperature, value, label, kind)
		}
	}
	for _, kind := range []string{"current", "max"} {
		if speed, ok := a.find("interface_speed", kind).(map[string]any); ok {
			of := smartAnswer(speed)
			out.Add(m.speed, of.number("units_per_second")*of.number("bits_per_unit"), label, kind)
		}
	}
	// Some disks list an attribute twice.
	attributes := collect.NewDistinct(out)
	for _, one := range a.objects("ata_smart_attributes", "table") {
		id := strconv.Itoa(int(one.number("id")))
		for _, kind := range []string{"value", "worst", "thresh"} {
			attributes.Add(m.attribute, one.number(kind), label, one.text("name"), kind, id)
		}
		attributes.Add(m.attribute, one.number("raw", "value"), label, one.text("name"), "raw", id)
	}
}
