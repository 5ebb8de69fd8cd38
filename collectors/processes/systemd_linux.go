package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"gatewatch/collectors/collect"
)

// The bounds of systemd: units whose every state is told, and failed ones beside them.
const (
	maxWatchedUnits = 100
	maxFailedUnits  = 100
)

// Names of systemd's D-Bus interface.
const (
	systemdName    = "org.freedesktop.systemd1"
	systemdPath    = "/org/freedesktop/systemd1"
	systemdManager = systemdName + ".Manager"
)

// unitStates are the active states of a unit, of which one is 1.
var unitStates = []string{"active", "activating", "deactivating", "failed", "inactive"}

// unit is an answer of ListUnits; the order of the fields is the interface's.
type unit struct {
	Name, Description, LoadState, ActiveState, SubState, Followed string
	Path                                                          dbus.ObjectPath
	JobID                                                         uint32
	JobType                                                       string
	JobPath                                                       dbus.ObjectPath
}

// systemdMetrics have node_exporter's names; those it has not begin with gatewatch_systemd_. What a rule would ask of a unit
// has the names of systemd_exporter, too.
type systemdMetrics struct {
	state, units, running, version  collect.Metric
	watchdog, watchdogSeen, result  collect.Metric
	restarts, triggered, tasks      names
	accepted, current, refused      names
	tasksMax, stateToo, tasksMaxToo collect.Metric
}

// names are one thing under the names of node_exporter and of systemd_exporter.
type names [2]collect.Metric

func twice(add func(name, help string, labels ...string) collect.Metric, name, help string) names {
	return names{add("node_systemd_"+name, help, "name"), add("systemd_"+name, help, "name")}
}

func newSystemdMetrics(all *collect.Metrics) systemdMetrics {
	return systemdMetrics{
		state:        all.Gauge("node_systemd_unit_state", "Systemd unit", "name", "state", "type"),
		stateToo:     all.Gauge("systemd_unit_state", "Systemd unit; type is that of the unit.", "name", "state", "type"),
		units:        all.Gauge("node_systemd_units", "Summary of systemd unit states", "state"),
		running:      all.Gauge("node_systemd_system_running", "Whether the system is operational (see 'systemctl is-system-running')"),
		version:      all.Gauge("node_systemd_version", "Detected systemd version", "version"),
		restarts:     twice(all.Counter, "service_restart_total", "Service unit count of Restart triggers"),
		tasks:        twice(all.Gauge, "unit_tasks_current", "Current number of tasks per Systemd unit"),
		tasksMax:     all.Gauge("node_systemd_unit_tasks_max", "Maximum number of tasks per Systemd unit", "name"),
		tasksMaxToo:  all.Gauge("systemd_unit_tasks_max", "Maximum number of tasks per Systemd unit", "name", "type"),
		triggered:    twice(all.Gauge, "timer_last_trigger_seconds", "Seconds since epoch of last trigger; 0: never."),
		accepted:     twice(all.Counter, "socket_accepted_connections_total", "Total number of accepted socket connections"),
		current:      twice(all.Gauge, "socket_current_connections", "Current number of socket connections"),
		refused:      twice(all.Gauge, "socket_refused_connections_total", "Total number of refused socket connections"),
		watchdog:     all.Gauge("gatewatch_systemd_watchdog_seconds", "In which time the service must report to systemd's watchdog.", "name"),
		watchdogSeen: all.Gauge("gatewatch_systemd_watchdog_timestamp_seconds", "When the service last reported to systemd's watchdog.", "name"),
		result:       all.Gauge("gatewatch_systemd_service_result", "How the service last ended: success, exit-code, signal, watchdog, oom-kill …", "name", "result"),
	}
}

// collectSystemd gives the states of units. A host without systemd gives nothing, and that is no failure.
func collectSystemd(cfg Config) collect.Collector {
	var all collect.Metrics
	m := newSystemdMetrics(&all)
	return collect.Collector{Name: "systemd", Metrics: all, MadeOf: []any{cfg.Units, cfg.DBus}, Collect: func(ctx context.Context, out *collect.Samples) error {
		if socket, ok := strings.CutPrefix(cfg.DBus, "unix:path="); ok {
			if _, err := os.Stat(socket); os.IsNotExist(err) {
				return nil
			}
		}
		if cfg.DBus == "" {
			return nil
		}
		conn, err := dbus.Connect(cfg.DBus, dbus.WithContext(ctx))
		if err != nil {
			return fmt.Errorf("connect to D-Bus: %w", err)
		}
		defer conn.Close()
		return m.collect(ctx, conn, cfg.Units, out)
	}}
}

func (m *systemdMetrics) collect(ctx context.Context, conn *dbus.Conn, watched []string, out *collect.Samples) error {
	manager := conn.Object(systemdName, systemdPath)
	var units []unit
	if err := manager.CallWithContext(ctx, systemdManager+".ListUnits", 0).Store(&units); err != nil {
		return fmt.Errorf("ask systemd for its units: %w", err)
	}
	about, err := properties(ctx, conn, systemdPath, systemdManager)
	if err != nil {
		return fmt.Errorf("ask systemd for its state: %w", err)
	}
	out.Add(m.running, collect.Bool(about["SystemState"] == "running"))
	out.Add(m.version, 1, fmt.Sprint(about["Version"]))

	number, watchedN, failedN := map[string]int{}, 0, 0
	var failed error
	// Of too many always the same ones are told.
	slices.SortFunc(units, func(a, b unit) int { return strings.Compare(a.Name, b.Name) })
	for _, u := range units {
		// Masked units, and those that others only speak of. One that has failed, or runs although its file is gone, matters.
		if u.LoadState != "loaded" && u.ActiveState == "inactive" {
			continue
		}
		number[u.ActiveState]++
		switch {
		case fitsAny(watched, u.Name) && watchedN < maxWatchedUnits:
			watchedN++
			if err := m.unit(ctx, conn, u, out); err != nil && !vanished(err) {
				failed = errors.Join(failed, fmt.Errorf("ask systemd for %s: %w", u.Name, err))
			}
		case u.ActiveState == "failed" && failedN < maxFailedUnits:
			failedN++
			out.Add(m.state, 1, u.Name, "failed", "")
			out.Add(m.stateToo, 1, u.Name, "failed", kindOf(u))
		case fitsAny(watched, u.Name) || u.ActiveState == "failed":
			out.Dropped++
		}
		if ctx.Err() != nil {
			return errors.Join(failed, ctx.Err())
		}
	}
	for _, s := range unitStates {
		out.Add(m.units, float64(number[s]), s)
	}
	return failed
}

// vanished tells whether a unit is not there any more: systemd forgets one that nobody needs.
func vanished(err error) bool {
	var answer dbus.Error
	return errors.As(err, &answer) && slices.Contains([]string{"org.freedesktop.DBus.Error.UnknownObject", systemdName + ".NoSuchUnit"}, answer.Name)
}

// kindOf returns what kind of unit u is: service, socket, timer …
func kindOf(u unit) string { return strings.TrimPrefix(path.Ext(u.Name), ".") }

// unit gives everything about a unit that the configuration names.
func (m *systemdMetrics) unit(ctx context.Context, conn *dbus.Conn, u unit, out *collect.Samples) error {
	kind := kindOf(u)
	var about map[string]any
	if kind == "service" || kind == "socket" || kind == "timer" {
		var err error
		if about, err = properties(ctx, conn, u.Path, systemdName+"."+strings.ToUpper(kind[:1])+kind[1:]); err != nil {
			return err
		}
	}
	serviceType, _ := about["Type"].(string)
	for _, s := range unitStates {
		out.Add(m.state, collect.Bool(s == u.ActiveState), u.Name, s, serviceType)
		out.Add(m.stateToo, collect.Bool(s == u.ActiveState), u.Name, s, kind)
	}
	number := func(to names, name string, scale float64) {
		if v, ok := asFloat(about[name]); ok && v < unset {
			out.Add(to[0], v*scale, u.Name)
			out.Add(to[1], v*scale, u.Name)
		}
	}
	switch kind {
	case "service":
		number(m.restarts, "NRestarts", 1)
		number(m.tasks, "TasksCurrent", 1)
		m.service(u.Name, about, out)
	case "socket":
		number(m.accepted, "NAccepted", 1)
		number(m.current, "NConnections", 1)
		number(m.refused, "NRefused", 1)
	case "timer":
		number(m.triggered, "LastTriggerUSec", 1e-6)
	}
	return nil
}

// unset is less than the largest number there is, which stands for none.
const unset = 1e18

// service gives what only services have.
func (m *systemdMetrics) service(name string, about map[string]any, out *collect.Samples) {
	if v, ok := asFloat(about["TasksMax"]); ok && v < unset {
		out.Add(m.tasksMax, v, name)
		out.Add(m.tasksMaxToo, v, name, "service")
	}
	// 0, or the largest number there is, for a service without a watchdog.
	if v, ok := asFloat(about["WatchdogUSec"]); ok && v > 0 && v < unset {
		out.Add(m.watchdog, v/1e6, name)
		// 0 while it does not run.
		if seen, ok := asFloat(about["WatchdogTimestamp"]); ok && seen > 0 {
			out.Add(m.watchdogSeen, seen/1e6, name)
		}
	}
	if result, ok := about["Result"].(string); ok {
		out.Add(m.result, 1, name, result)
	}
}

// properties returns everything that an object says about itself under the interface.
func properties(ctx context.Context, conn *dbus.Conn, object dbus.ObjectPath, iface string) (map[string]any, error) {
	var answer map[string]dbus.Variant
	err := conn.Object(systemdName, object).CallWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", 0, iface).Store(&answer)
	if err != nil {
		return nil, err
	}
	values := make(map[string]any, len(answer))
	for name, v := range answer {
		values[name] = v.Value()
	}
	return values, nil
}

func fitsAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if fits(p, name) {
			return true
		}
	}
	return false
}

func asFloat(v any) (float64, bool) {
	switch n := v.(type) {
	case uint32:
		return float64(n), true
	case uint64:
		return float64(n), true
	case int32:
		return float64(n), true
	}
	return 0, false
}
