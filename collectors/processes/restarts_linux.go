package processes

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"

	"gatewatch/collectors/collect"
	"gatewatch/event"
)

// systemdUnit is the interface of D-Bus that all kinds of units have.
const systemdUnit = systemdName + ".Unit"

// restarter starts one failed unit again.
type restarter struct {
	cfg     RestartConfig
	log     *slog.Logger
	notes   collect.Notes
	metrics restartMetrics

	budget            restartBudget
	restarts, refused float64
	exhausted         bool // was told of
}

// Collectors returns what is switched on.
func (c *RestartConfig) Collectors(e collect.Env) ([]collect.Collector, error) {
	var all collect.Metrics
	r := &restarter{cfg: *c, log: e.Log, notes: e.Notes, metrics: newRestartMetrics(&all), budget: restartBudget{most: c.AtMost}}
	return []collect.Collector{{Name: "restart_" + c.Unit, Metrics: all, Interval: restartInterval, Timeout: restartTimeout, Collect: r.collect}}, nil
}

func (r *restarter) collect(ctx context.Context, out *collect.Samples) error {
	failed, err := r.look(ctx)
	out.Add(r.metrics.restarts, r.restarts, r.cfg.Unit)
	out.Add(r.metrics.refused, r.refused, r.cfg.Unit)
	out.Add(r.metrics.exhausted, collect.Bool(failed && r.budget.left(time.Now()) <= 0), r.cfg.Unit)
	return err
}

// look asks how the unit is, and has it started again when it failed long enough ago.
func (r *restarter) look(ctx context.Context) (failed bool, err error) {
	conn, err := dbus.Connect(r.cfg.DBus, dbus.WithContext(ctx))
	if err != nil {
		return false, fmt.Errorf("connect to D-Bus: %w", err)
	}
	defer conn.Close()
	manager := conn.Object(systemdName, systemdPath)
	var object dbus.ObjectPath
	if err := manager.CallWithContext(ctx, systemdManager+".LoadUnit", 0, r.cfg.Unit).Store(&object); err != nil {
		return false, fmt.Errorf("ask systemd for %s: %w", r.cfg.Unit, err)
	}
	about, err := properties(ctx, conn, object, systemdUnit)
	if err != nil {
		return false, fmt.Errorf("ask systemd for %s: %w", r.cfg.Unit, err)
	}
	if about["LoadState"] == "not-found" {
		return false, fmt.Errorf("systemd has no unit %s", r.cfg.Unit)
	}
	if about["ActiveState"] != "failed" {
		r.exhausted = false
		return false, nil
	}
	now := time.Now()
	since := now
	if micros, ok := asFloat(about["StateChangeTimestamp"]); ok {
		since = time.UnixMicro(int64(micros))
	}
	if now.Sub(since) < time.Duration(r.cfg.FailedFor) {
		return true, nil
	}
	if r.budget.left(now) <= 0 {
		if !r.exhausted {
			r.exhausted = true
			r.log.Error("a failed unit is not started again: it was as often as is allowed within an hour", "unit", r.cfg.Unit, "at_most", r.cfg.AtMost)
		}
		return true, nil
	}
	return true, r.restart(ctx, manager, since, now)
}

// restart has the unit started again, and leaves a trace of it whatever comes of it.
func (r *restarter) restart(ctx context.Context, manager dbus.BusObject, since, now time.Time) error {
	r.budget.done = append(r.budget.done, now)
	var job dbus.ObjectPath
	err := manager.CallWithContext(ctx, systemdManager+".RestartUnit", 0, r.cfg.Unit, "replace").Store(&job)
	number := len(r.budget.done)
	note := event.Note{Dataset: restartNoteDataset, Time: now, Level: "warn", Message: "had systemd start the failed unit " + r.cfg.Unit + " again",
		Fields: []event.NoteField{
			event.NoteText("event.kind", "event"), event.NoteText("event.action", "unit-restart"), event.NoteText("event.outcome", "success"),
			event.NoteText("service.name", r.cfg.Unit), event.NoteText("event.start", since.UTC().Format(time.RFC3339)),
			event.NoteNumber("gatewatch.restart.number_within_hour", float64(number)),
		}}
	if err != nil {
		r.refused++
		note.Level, note.Message = "error", fmt.Sprintf("systemd refused to start the failed unit %s again: %v", r.cfg.Unit, err)
		note.Fields[2] = event.NoteText("event.outcome", "failure")
		r.notes.Add(note)
		return fmt.Errorf("have systemd start %s again: %w", r.cfg.Unit, err)
	}
	r.restarts++
	r.notes.Add(note)
	r.log.Warn("had systemd start a failed unit again", "unit", r.cfg.Unit, "failed_since", since.UTC(), "number_within_hour", number, "at_most", r.cfg.AtMost)
	return nil
}
