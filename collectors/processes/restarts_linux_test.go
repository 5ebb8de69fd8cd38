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

// ailing answers on a real D-Bus in the place of systemd, with one unit. It does what a real one was seen to do.
type ailing struct {
	conn *dbus.Conn

	mu        sync.Mutex
	state     map[string]dbus.Variant
	refused   *dbus.Error // the restart
	forbidden *dbus.Error // to forget the failure
	limited   bool        // its own start limit is reached
	hangs     bool        // a start takes long
	restarts  int
}

const ailingPath = dbus.ObjectPath(systemdPath + "/unit/pay_2eservice")

// serve exports a in systemd's place on a D-Bus, and returns its address.
func (a *ailing) serve(t *testing.T) string {
	t.Helper()
	address := bus(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a.conn = conn
	for path, iface := range map[dbus.ObjectPath]string{systemdPath: systemdManager, ailingPath: "org.freedesktop.DBus.Properties"} {
		if err := conn.Export(a, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.RequestName(systemdName, 0); err != nil {
		t.Fatal(err)
	}
	return address
}

// LoadUnit is the manager's method.
func (a *ailing) LoadUnit(string) (dbus.ObjectPath, *dbus.Error) { return ailingPath, nil }

// Subscribe is the manager's method.
func (a *ailing) Subscribe() *dbus.Error { return nil }

// ResetFailedUnit is the manager's method.
func (a *ailing) ResetFailedUnit(string) *dbus.Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.forbidden == nil {
		a.limited = false
	}
	return a.forbidden
}

// RestartUnit is the manager's method. Within the start limit it takes the order and does nothing.
func (a *ailing) RestartUnit(name, mode string) (dbus.ObjectPath, *dbus.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused != nil {
		return "", a.refused
	}
	const job = dbus.ObjectPath(systemdPath + "/job/1")
	result := "failed"
	if name == "pay.service" && mode == "replace" && !a.limited {
		a.restarts++
		result = "done"
	}
	if !a.hangs {
		if err := a.conn.Emit(systemdPath, systemdManager+".JobRemoved", uint32(1), job, name, result); err != nil {
			return "", dbus.MakeFailedError(err)
		}
	}
	return job, nil
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

// restarter returns what has a start its unit again at most so many times, and its documents.
func (a *ailing) restarter(t *testing.T, atMost int) (collect.Collector, *keptNotes) {
	t.Helper()
	cfg := RestartConfig{Unit: "pay.service", FailedFor: defaultFailedFor, AtMost: atMost, DBus: a.serve(t)}
	var notes keptNotes
	all, err := cfg.Collectors(collect.Env{Log: collecttest.Quiet(), Notes: &notes})
	if err != nil {
		t.Fatal(err)
	}
	c := all[0]
	c.Timeout = time.Minute
	return c, &notes
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	systemd := &ailing{limited: true}
	c, kept := systemd.restarter(t, 2)
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
	f("a failed unit at its start limit", 1, `gatewatch_collector_success{collector="restart_pay.service"} 1`)
	f("a unit that failed again", 2, `gatewatch_unit_restarts_total{name="pay.service"} 2`)
	f("a unit that fails too often", 2, `gatewatch_unit_restarts_exhausted{name="pay.service"} 1`)
	systemd.is("failed", "masked", long)
	f("a failed unit that people masked", 2, `gatewatch_unit_restarts_exhausted{name="pay.service"} 0`)
	systemd.is("active", "loaded", long)
	f("a unit that people mended", 2, `gatewatch_unit_restarts_exhausted{name="pay.service"} 0`)
	if notes := *kept; len(notes) != 2 || notes[1].Dataset != "gatewatch.restart" || !strings.Contains(notes[1].Message, "pay.service") {
		t.Errorf("%d documents: %+v, want one for each restart", len(notes), notes)
	}
	systemd.is("inactive", "not-found", long)
	f("a unit that there is not", 2, `gatewatch_collector_success{collector="restart_pay.service"} 0`)
	systemd.is("inactive", "bad-setting", long)
	f("a unit whose file is wrong", 2, `gatewatch_collector_success{collector="restart_pay.service"} 0`)
}

// TestRestartClock has a unit fail while the clock was hours ahead.
func TestRestartClock(t *testing.T) {
	t.Parallel()
	systemd := &ailing{}
	c, _ := systemd.restarter(t, 2)
	systemd.is("failed", "loaded", time.Now().Add(5*time.Hour))
	collecttest.WantLines(t, collecttest.Collect(t, c), `gatewatch_unit_restarts_total{name="pay.service"} 1`)
}

// TestRestartOutcome: what became of a restart is in the document, and in how it is counted.
func TestRestartOutcome(t *testing.T) {
	t.Parallel()
	f := func(about string, systemd *ailing, refused, outcome, message string) {
		t.Helper()
		systemd.is("failed", "loaded", time.Now().Add(-time.Hour))
		c, kept := systemd.restarter(t, 1)
		if systemd.hangs {
			c.Timeout = 5 * time.Second
		}
		text := collecttest.Collect(t, c)
		collecttest.WantLines(t, text, `gatewatch_unit_restarts_refused_total{name="pay.service"} `+refused, `gatewatch_unit_restarts_exhausted{name="pay.service"} 1`)
		if notes := *kept; len(notes) != 1 || !strings.Contains(notes[0].Message, message) || notes[0].Fields[2] != event.NoteText("event.outcome", outcome) {
			t.Errorf("%s: documents %+v, want one of outcome %q with %q", about, notes, outcome, message)
		}
	}
	// What a real one answers to a user without rights, without polkit and with it.
	accessDenied := dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"Permission denied"})
	authRequired := dbus.NewError("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", []any{"Interactive authentication required."})
	f("without polkit", &ailing{forbidden: accessDenied, refused: accessDenied}, "1", "failure", "Permission denied: the agent lacks the right, which a rule of polkit gives")
	f("with polkit", &ailing{forbidden: authRequired, refused: authRequired}, "1", "failure", "Interactive authentication required: the agent lacks the right")
	f("with the right to restart alone", &ailing{limited: true, forbidden: accessDenied}, "0", "failure",
		"it did not start (failed, and its start limit still counts: Permission denied)")
	f("a unit that takes long to start", &ailing{hangs: true}, "0", "unknown", "again: it takes its time")
	f("a unit that starts", &ailing{}, "0", "success", "had systemd start the failed unit pay.service again")
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
