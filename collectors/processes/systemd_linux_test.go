package processes

import (
	"bufio"
	"math"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// fakeSystemd answers on a real D-Bus in the place of systemd, where none can be started: it knows only what the collector
// asks, and holds what its names and types are taken to be.
type fakeSystemd struct{ units []unit }

// ListUnits is the manager's method.
func (f *fakeSystemd) ListUnits() ([]unit, *dbus.Error) { return f.units, nil }

// fakeProperties answers GetAll of one object.
type fakeProperties map[string]dbus.Variant

// GetAll is the method of D-Bus' properties.
func (f fakeProperties) GetAll(string) (map[string]dbus.Variant, *dbus.Error) { return f, nil }

// goneProperties answers as systemd does for a unit that it does not know any more.
type goneProperties struct{}

// GetAll is the method of D-Bus' properties.
func (goneProperties) GetAll(string) (map[string]dbus.Variant, *dbus.Error) {
	return nil, dbus.NewError("org.freedesktop.DBus.Error.UnknownObject", []any{"Unknown object"})
}

// bus returns the address of a D-Bus started for the test.
func bus(t *testing.T) string {
	t.Helper()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install dbus-daemon", "dbus-daemon")
	address := "unix:path=" + filepath.Join(t.TempDir(), "bus")
	cmd := exec.Command(path, "--session", "--nofork", "--nopidfile", "--address="+address, "--print-address=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("dbus-daemon does not start: %v", err)
	}
	return address
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	address := bus(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	of := func(name, state string) unit {
		object := dbus.ObjectPath(systemdPath + "/unit/" + strings.NewReplacer("-", "_2d", ".", "_2e").Replace(name))
		return unit{Name: name, LoadState: "loaded", ActiveState: state, SubState: "x", Path: object, JobPath: "/"}
	}
	units := []unit{of("gateway-api.service", "active"), of("gateway.socket", "active"), of("gateway.timer", "active"), of("cron.service", "inactive"), of("backup.service", "failed")}
	masked := of("gateway-old.service", "inactive")
	masked.LoadState = "masked"
	export := func(what any, path dbus.ObjectPath, iface string) {
		t.Helper()
		if err := conn.Export(what, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	const props = "org.freedesktop.DBus.Properties"
	gone := of("gateway-gone.service", "active") // forgotten between the list and the question
	export(&fakeSystemd{append(units, masked, gone)}, systemdPath, systemdManager)
	export(fakeProperties{"SystemState": dbus.MakeVariant("degraded"), "Version": dbus.MakeVariant("252.39")}, systemdPath, props)
	export(fakeProperties{"Type": dbus.MakeVariant("notify"), "NRestarts": dbus.MakeVariant(uint32(3)), "Result": dbus.MakeVariant("watchdog"),
		"TasksCurrent": dbus.MakeVariant(uint64(12)), "TasksMax": dbus.MakeVariant(uint64(math.MaxUint64)),
		"WatchdogUSec": dbus.MakeVariant(uint64(30e6)), "WatchdogTimestamp": dbus.MakeVariant(uint64(1700000000e6))}, units[0].Path, props)
	export(fakeProperties{"NAccepted": dbus.MakeVariant(uint32(7)), "NConnections": dbus.MakeVariant(uint32(2)), "NRefused": dbus.MakeVariant(uint32(1))}, units[1].Path, props)
	export(fakeProperties{"LastTriggerUSec": dbus.MakeVariant(uint64(1700000000e6))}, units[2].Path, props)
	export(goneProperties{}, gone.Path, props)
	if _, err := conn.RequestName(systemdName, 0); err != nil {
		t.Fatal(err)
	}
	c := collectSystemd(Config{Units: []string{"gateway*"}, DBus: address})
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	for _, want := range []string{
		`node_systemd_unit_state{name="gateway-api.service",state="active",type="notify"} 1`,
		`node_systemd_unit_state{name="gateway-api.service",state="failed",type="notify"} 0`,
		`node_systemd_unit_state{name="backup.service",state="failed",type=""} 1`,
		`node_systemd_units{state="active"} 4`, `node_systemd_units{state="failed"} 1`, `node_systemd_units{state="inactive"} 1`,
		`node_systemd_service_restart_total{name="gateway-api.service"} 3`, `node_systemd_system_running 0`,
		`gatewatch_systemd_watchdog_seconds{name="gateway-api.service"} 30`,
		`gatewatch_systemd_watchdog_timestamp_seconds{name="gateway-api.service"} 1.7e+09`,
		`gatewatch_systemd_service_result{name="gateway-api.service",result="watchdog"} 1`,
		`node_systemd_socket_accepted_connections_total{name="gateway.socket"} 7`,
		`systemd_unit_state{name="gateway-api.service",state="active",type="service"} 1`,
		`systemd_unit_state{name="backup.service",state="failed",type="service"} 1`, `systemd_service_restart_total{name="gateway-api.service"} 3`,
		`node_systemd_unit_tasks_current{name="gateway-api.service"} 12`, `systemd_unit_tasks_current{name="gateway-api.service"} 12`,
		`node_systemd_timer_last_trigger_seconds{name="gateway.timer"} 1.7e+09`, `systemd_timer_last_trigger_seconds{name="gateway.timer"} 1.7e+09`,
		`systemd_socket_current_connections{name="gateway.socket"} 2`, `systemd_socket_refused_connections_total{name="gateway.socket"} 1`,
		`node_systemd_version{version="252.39"} 1`, `gatewatch_collector_success{collector="systemd"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"cron.service", "gateway-old.service", "tasks_max{"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%s is in\n%s", unwanted, text)
		}
	}
}

func TestNoSystemd(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, address, want string) {
		t.Helper()
		c := collectSystemd(Config{DBus: address})
		c.Timeout = time.Minute
		text := collecttest.Collect(t, c)
		if got := collecttest.SamplesOf(text, "gatewatch_collector_success"); !strings.HasSuffix(got, want) || strings.Contains(text, "node_systemd") {
			t.Errorf("with D-Bus at %q:\n%s\nwant success %s and nothing else", address, text, want)
		}
	}
	f(t, "", "1")
	f(t, "unix:path=/does/not/exist", "1")
	f(t, "unix:path=/dev/null", "0")
	f(t, "nonsense", "0")
}

// TestSilentBus: what accepts and never answers does not hold the collector.
func TestSilentBus(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := collectSystemd(Config{DBus: "unix:path=" + path})
	c.Timeout = 100 * time.Millisecond
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
		t.Errorf("with a silent D-Bus: %q, want success 0", got)
	}
}
