package smart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

const (
	nvmeAnswer = `{"smartctl":{"version":[7,3],"exit_status":8},"device":{"name":"/dev/nvme0","type":"nvme","protocol":"NVMe"},
"model_name":"TESTDISK 960","serial_number":" S1 ","firmware_version":"F2","user_capacity":{"blocks":1875385008,"bytes":960197124096},
"smart_status":{"passed":false,"nvme":{"value":4}},"power_on_time":{"hours":10},"power_cycle_count":6,"temperature":{"current":71,"drive_trip":70},
"nvme_smart_health_information_log":{"critical_warning":4,"available_spare":3,"available_spare_threshold":10,"percentage_used":101,
"media_errors":7,"num_err_log_entries":9,"data_units_read":2,"data_units_written":3}}`
	sataAnswer = `{"smartctl":{"version":[7,3],"exit_status":0},"device":{"name":"/dev/sda","type":"sat","protocol":"ATA"},
"model_family":"Test Spinners","model_name":"TESTDISK 500","smart_status":{"passed":true},"rotation_rate":7200,
"interface_speed":{"max":{"units_per_second":60,"bits_per_unit":100000000},"current":{"units_per_second":30,"bits_per_unit":100000000}},
"ata_smart_attributes":{"table":[{"id":5,"name":"Reallocated_Sector_Ct","value":98,"worst":97,"thresh":36,"raw":{"value":12,"string":"12"}}]},
"ata_smart_error_log":{"summary":{"count":2}}}`
	asleep = `{"smartctl":{"exit_status":2,"messages":[{"string":"Device is in STANDBY mode, exit(2)","severity":"information"}]}}`
	denied = `{"smartctl":{"exit_status":2,"messages":[{"string":"Smartctl open device: /dev/sda failed: Permission denied","severity":"error"}]}}`
)

// smartctl returns a command that prints what lies in the file it returns, as smartctl does, and ends with its status.
func smartctl(t *testing.T) (command []string, answer func(text string)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "answer")
	answer = func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The disk is the last argument; what is wrong with it is in the exit status.
	return []string{"sh", "-c", `cat "$0"; grep -q '"exit_status":0' "$0"`, file}, answer
}

func disk(t *testing.T, cfg Config) func() string {
	t.Helper()
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	c := newSMART(cfg)
	return func() string { return collecttest.Collect(t, c) }
}

func TestSMART(t *testing.T) {
	t.Parallel()
	command, answer := smartctl(t)
	nvme := disk(t, Config{Device: "/dev/nvme0", Command: command})
	answer(nvmeAnswer)
	text := nvme()
	for _, want := range []string{
		`smartctl_device{device="nvme0",firmware_version="F2",interface="nvme",model_family="",model_name="TESTDISK 960",protocol="NVMe",serial_number="S1"} 1`,
		`smartctl_device_smart_status{device="nvme0"} 0`,
		`smartctl_device_smartctl_exit_status{device="nvme0"} 8`,
		`smartctl_device_critical_warning{device="nvme0"} 4`,
		`smartctl_device_available_spare{device="nvme0"} 3`,
		`smartctl_device_media_errors{device="nvme0"} 7`,
		`smartctl_device_power_on_seconds{device="nvme0"} 36000`,
		`smartctl_device_bytes_written{device="nvme0"} 1.536e+06`,
		`smartctl_device_temperature{device="nvme0",temperature_type="drive_trip"} 70`,
		`gatewatch_collector_success{collector="smart_nvme0"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "rotation_rate") {
		t.Errorf("a disk that does not turn has a rotation rate:\n%s", text)
	}

	sata := disk(t, Config{Device: "/dev/disk/by-id/ata-T1", Type: "megaraid,3", Command: command})
	answer(sataAnswer)
	text = sata()
	for _, want := range []string{
		`smartctl_device_attribute{attribute_id="5",attribute_name="Reallocated_Sector_Ct",attribute_value_type="raw",device="ata-T1_megaraid_3"} 12`,
		`smartctl_device_interface_speed{device="ata-T1_megaraid_3",speed_type="current"} 3e+09`,
		`smartctl_device_error_log_count{device="ata-T1_megaraid_3"} 2`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	answer(asleep)
	if text = sata(); !strings.Contains(text, `smartctl_device_smart_status{device="ata-T1_megaraid_3"} 1`) {
		t.Errorf("a disk that sleeps has lost what it said:\n%s", text)
	}
	answer(denied)
	if text = sata(); strings.Contains(text, "smart_status") || !strings.Contains(text, `gatewatch_collector_success{collector="smart_ata-T1_megaraid_3"} 0`) {
		t.Errorf("a disk that may not be read:\n%s", text)
	}
}

// TestSMARTAttributeTwice: a disk that lists an attribute twice is told of with the first, and loses nothing else.
func TestSMARTAttributeTwice(t *testing.T) {
	t.Parallel()
	command, answer := smartctl(t)
	sda := disk(t, Config{Device: "/dev/sda", Command: command})
	answer(`{"smartctl":{"exit_status":0},"smart_status":{"passed":true},"ata_smart_attributes":{"table":[
{"id":194,"name":"Temperature_Celsius","value":64,"worst":45,"thresh":0,"raw":{"value":36}},
{"id":194,"name":"Temperature_Celsius","value":36,"worst":55,"thresh":0,"raw":{"value":37}},
{"id":194,"name":"Unknown_Attribute","value":100,"worst":100,"thresh":0,"raw":{"value":1}}]}}`)
	collecttest.WantLines(t, sda(),
		`smartctl_device_attribute{attribute_id="194",attribute_name="Temperature_Celsius",attribute_value_type="raw",device="sda"} 36`,
		`smartctl_device_attribute{attribute_id="194",attribute_name="Unknown_Attribute",attribute_value_type="raw",device="sda"} 1`,
		`smartctl_device_smart_status{device="sda"} 1`, `gatewatch_collector_success{collector="smart_sda"} 1`,
		`gatewatch_collector_dropped_samples_total{collector="smart_sda"} 4`)
}

func TestSMARTFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sda.json")
	sda := disk(t, Config{Device: "/dev/sda", OutputFile: file})
	f := func(text string, age time.Duration, want string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		if got := collecttest.SamplesOf(sda(), "gatewatch_collector_success"); !strings.HasSuffix(got, want) {
			t.Errorf("a file of %v with %q: success %q, want %s", age, text, got, want)
		}
	}
	f(sataAnswer, 0, " 1")
	f(sataAnswer, time.Hour, " 0")
	f("smartctl 6.6 2017", 0, " 0")
	f("{}", 0, " 0")
}

// TestSMARTReal asks the real smartctl of a disk that there is not.
func TestSMARTReal(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	program := servicetest.Program(t, "apt-get install smartmontools", "smartctl", "/usr/sbin/smartctl")
	c := newSMART(Config{Device: "/dev/gatewatch-none", Command: []string{program}, Interval: defaultSMARTInterval, Timeout: defaultSMARTTimeout})
	var out collect.Samples
	err := c.Collect(t.Context(), &out)
	if err == nil || !strings.Contains(err.Error(), "smartctl cannot read /dev/gatewatch-none: ") {
		t.Errorf("collect() = %v, want why the disk cannot be read", err)
	}
}

// TestSMARTDevices takes several disks behind one controller, and refuses what would have one label.
func TestSMARTDevices(t *testing.T) {
	t.Parallel()
	f := func(want string, all ...Config) {
		t.Helper()
		disks := collect.Entries[Config, *Config](all)
		disks.SetDefaults()
		got := ""
		if err := disks.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate() = %q, want %q", got, want)
		}
	}
	f("", Config{Device: "/dev/bus/0", Type: "megaraid,0"}, Config{Device: "/dev/bus/0", Type: "megaraid,1"})
	f(`[1].device: "sda" is used by another entry`, Config{Device: "/dev/sda"}, Config{Device: "/dev/sda", Type: "sat"})
	f("[0].device: is missing", Config{Type: "megaraid,0"})
}
