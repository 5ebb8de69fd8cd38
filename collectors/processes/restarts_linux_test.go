package processes

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/event"
)

// ailing answers on a real D-Bus in the place of systemd, with one unit.
type ailing struct {
	mu       sync.Mutex
	state    map[string]dbus.Variant
	refuse   bool
	restarts int
}

const ailingPath = dbus.ObjectPath(systemdPath + "/unit/pay_2eservice")

// LoadUnit is the manager's method.
func (a *ailing) LoadUnit(string) (dbus.ObjectPath, *dbus.Error) { return ailingPath, nil }

// RestartUnit is the manager's method.
func (a *ailing) RestartUnit(name, mode string) (dbus.ObjectPath, *dbus.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refuse {
		return "", dbus.NewError("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", []any{"Interactive authentication required."})
	}
	if name == "pay.service" && mode == "replace" {
		a.restarts++
	}
	return systemdPath + "/job/1", nil
}

// GetAll is the method of D-Bus' properties.
func (a *ailing) GetAll(string) (map[string]dbus.Variant, *dbus.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state, nil
}

// is sets the unit's state, and since when it has it.
func (a *ailing) is(state, load string, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = map[string]dbus.Variant{"ActiveState": dbus.MakeVariant(state), "LoadState": dbus.MakeVariant(load),
		"StateChangeTimestamp": dbus.MakeVariant(uint64(since.UnixMicro()))}
}

func (a *ailing) done() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.restarts
}

type keptNotes []event.Note

func (k *keptNotes) Add(n event.Note) { *k = append(*k, n) }

func TestRestarts(t *testing.T) {
	t.Parallel()
	address := bus(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	systemd := &ailing{}
	for path, iface := range map[dbus.ObjectPath]string{systemdPath: systemdManager, ailingPath: "org.freedesktop.DBus.Properties"} {
		if err := conn.Export(systemd, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.RequestName(systemdName, 0); err != nil {
		t.Fatal(err)
	}
	cfg := RestartConfig{Unit: "pay.service", FailedFor: defaultFailedFor, AtMost: 2, DBus: address}
	var notes keptNotes
	all, err := cfg.Collectors(collect.Env{Log: collecttest.Quiet(), Notes: &notes})
	if err != nil {
		t.Fatal(err)
	}
	c := all[0]
	c.Timeout = time.Minute
	f := func(about string, restarts int, want ...string) {
		t.Helper()
		text := collecttest.Collect(t, c)
		if got := systemd.done(); got != restarts {
			t.Errorf("%s: systemd was asked for %d restarts, want %d", about, got, restarts)
		}
		for _, w := range want {
			if !strings.Contains(text, w+"\n") {
				t.Errorf("%s: no %q in\n%s", about, w, text)
			}
		}
	}
	long := time.Now().Add(-time.Minute)
	systemd.is("active", "loaded", long)
	f("a unit that works", 0, `gatewatch_unit_restarts_total{name="pay.service"} 0`, `gatewatch_unit_restarts_exhausted{name="pay.service"} 0`)
	systemd.is("inactive", "loaded", long)
	f("a unit that somebody stopped", 0)
	systemd.is("failed", "loaded", time.Now())
	f("a unit that failed just now", 0)
	systemd.is("failed", "loaded", long)
	f("a failed unit", 1, `gatewatch_collector_success{collector="restart_pay.service"} 1`)
	f("a unit that failed again", 2, `gatewatch_unit_restarts_total{name="pay.service"} 2`)
	f("a unit that fails too often", 2, `gatewatch_unit_restarts_exhausted{name="pay.service"} 1`)
	systemd.is("active", "loaded", long)
	f("a unit that people mended", 2, `gatewatch_unit_restarts_exhausted{name="pay.service"} 0`)
	if len(notes) != 2 || notes[1].Dataset != "gatewatch.restart" || !strings.Contains(notes[1].Message, "pay.service") {
		t.Errorf("%d documents: %+v, want one for each restart", len(notes), notes)
	}
	systemd.is("inactive", "not-found", long)
	f("a unit that there is not", 2, `gatewatch_collector_success{collector="restart_pay.service"} 0`)
}

func TestRestartRefused(t *testing.T) {
	t.Parallel()
	address := bus(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	systemd := &ailing{refuse: true}
	systemd.is("failed", "loaded", time.Now().Add(-time.Hour))
	for path, iface := range map[dbus.ObjectPath]string{systemdPath: systemdManager, ailingPath: "org.freedesktop.DBus.Properties"} {
		if err := conn.Export(systemd, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.RequestName(systemdName, 0); err != nil {
		t.Fatal(err)
	}
	cfg := RestartConfig{Unit: "pay.service", FailedFor: defaultFailedFor, AtMost: 1, DBus: address}
	var notes keptNotes
	all, err := cfg.Collectors(collect.Env{Log: collecttest.Quiet(), Notes: &notes})
	if err != nil {
		t.Fatal(err)
	}
	all[0].Timeout = time.Minute
	text := collecttest.Collect(t, all[0])
	if !strings.Contains(text, `gatewatch_unit_restarts_refused_total{name="pay.service"} 1`) || !strings.Contains(text, `restarts_exhausted{name="pay.service"} 1`) {
		t.Errorf("a refused restart:\n%s", text)
	}
	if len(notes) != 1 || !strings.Contains(notes[0].Message, "Interactive authentication required") {
		t.Errorf("documents %+v, want one that says what systemd says", notes)
	}
}

func TestRestartBudget(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	b := restartBudget{most: 2, done: []time.Time{at, at.Add(30 * time.Minute)}}
	f := func(after time.Duration, want int) {
		t.Helper()
		if got := b.left(at.Add(after)); got != want {
			t.Errorf("left(%v) = %d, want %d", after, got, want)
		}
	}
	f(59*time.Minute, 0)
	f(time.Hour, 1)
	f(89*time.Minute, 1)
	f(90*time.Minute, 2)
}

func TestRestartConfig(t *testing.T) {
	t.Parallel()
	f := func(c RestartConfig, want string) {
		t.Helper()
		c.SetDefaults()
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("Validate(%+v) = %q, want %q", c, got, want)
		}
	}
	f(RestartConfig{Unit: "pay.service"}, "")
	f(RestartConfig{Unit: "pay@1.service"}, "")
	f(RestartConfig{Unit: "pay*.service"}, "unit: must be the whole name")
	f(RestartConfig{Unit: "pay"}, "unit: must be the whole name")
	f(RestartConfig{Unit: "pay.service", AtMost: 21}, "at_most: must be between 1 and 20, is 21")
	f(RestartConfig{Unit: "pay.service", FailedFor: -1}, "failed_for: must not be negative")
}
