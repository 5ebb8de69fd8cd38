package processes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
	switch about["LoadState"] {
	case "loaded", "masked": // masking is how people say that it shall not run
	case "not-found":
		return false, fmt.Errorf("systemd has no unit %s", r.cfg.Unit)
	default:
		return false, fmt.Errorf("systemd cannot start %s: its file is not as it should be (%v), see systemctl status %[1]s", r.cfg.Unit, about["LoadState"])
	}
	if about["ActiveState"] != "failed" || about["LoadState"] == "masked" {
		r.exhausted = false
		return false, nil
	}
	now := time.Now()
	since := now
	if micros, ok := asFloat(about["StateChangeTimestamp"]); ok {
		since = time.UnixMicro(int64(micros))
	}
	// A time to come is one from before the clock was set: nobody knows how long ago that is, and the budget bounds what is done.
	if ago := now.Sub(since); ago.Abs() < time.Duration(r.cfg.FailedFor) {
		return true, nil
	}
	if r.budget.left(now) <= 0 {
		if !r.exhausted {
			r.exhausted = true
			r.log.Error("a failed unit is not started again: it was as often as is allowed within an hour", "unit", r.cfg.Unit, "at_most", r.cfg.AtMost)
		}
		return true, nil
	}
	return true, r.restart(ctx, conn, since, now)
}

// restart has the unit started again, and leaves a trace of it whatever comes of it.
func (r *restarter) restart(ctx context.Context, conn *dbus.Conn, since, now time.Time) error {
	r.budget.done = append(r.budget.done, now)
	result, err := r.order(ctx, conn)
	number := len(r.budget.done)
	outcome, level, message := "success", "warn", "had systemd start the failed unit "+r.cfg.Unit+" again"
	switch {
	case err != nil:
		r.refused++
		outcome, level, message = "failure", "error", fmt.Sprintf("systemd refused to start the failed unit %s again: %v", r.cfg.Unit, err)
	case result == jobRuns:
		outcome, message = "unknown", "had systemd start the failed unit "+r.cfg.Unit+" again: it takes its time"
	case result != jobDone:
		outcome, level, message = "failure", "error", fmt.Sprintf("had systemd start the failed unit %s again: it did not start (%s)", r.cfg.Unit, result)
	}
	r.notes.Add(event.Note{Dataset: restartNoteDataset, Time: now, Level: level, Message: message,
		Fields: []event.NoteField{
			event.NoteText("event.kind", "event"), event.NoteText("event.action", "unit-restart"), event.NoteText("event.outcome", outcome),
			event.NoteText("service.name", r.cfg.Unit), event.NoteText("event.start", since.UTC().Format(time.RFC3339)),
			event.NoteNumber("gatewatch.restart.number_within_hour", float64(number)),
		}})
	if err != nil {
		return fmt.Errorf("have systemd start %s again: %w", r.cfg.Unit, err)
	}
	r.restarts++
	r.log.Warn("had systemd start a failed unit again", "unit", r.cfg.Unit, "result", result, "failed_since", since.UTC(), "number_within_hour", number, "at_most", r.cfg.AtMost)
	return nil
}

// What became of a start, beside systemd's own words "failed", "timeout", "canceled" and "dependency".
const (
	jobDone = "done"
	jobRuns = "running"
)

// order has systemd start the unit again and returns what became of that, or jobRuns when it is not settled in time.
func (r *restarter) order(ctx context.Context, conn *dbus.Conn) (result string, err error) {
	removed := make(chan *dbus.Signal, maxJobSignals)
	conn.Signal(removed)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(systemdManager), dbus.WithMatchMember("JobRemoved")); err != nil {
		return "", err
	}
	manager := conn.Object(systemdName, systemdPath)
	// systemd tells of jobs only when somebody asked it to.
	if err := manager.CallWithContext(ctx, systemdManager+".Subscribe", 0).Err; err != nil {
		return "", err
	}
	// Without this systemd takes the order and then does nothing while the unit's own start limit holds. Where only that
	// is not allowed, the order still helps units whose limit is over.
	forgetting := manager.CallWithContext(ctx, systemdManager+".ResetFailedUnit", 0, r.cfg.Unit).Err
	var job dbus.ObjectPath
	if err := manager.CallWithContext(ctx, systemdManager+".RestartUnit", 0, r.cfg.Unit, "replace").Store(&job); err != nil {
		if lacksRight(err) {
			return "", fmt.Errorf("%s: the agent lacks the right, which a rule of polkit gives (docs/collectors.md, Restarts)", strings.TrimSuffix(err.Error(), "."))
		}
		return "", err
	}
	result = jobResult(ctx, removed, job)
	if forgetting != nil && result != jobDone {
		result += ", and its start limit still counts: " + forgetting.Error()
	}
	return result, nil
}

// jobResult waits until systemd says that it is through with the job, but not so long that ctx ends.
func jobResult(ctx context.Context, removed <-chan *dbus.Signal, job dbus.ObjectPath) string {
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(restartTimeout)
	}
	ctx, cancel := context.WithDeadline(ctx, end.Add(-restartReserved))
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return jobRuns
		case s := <-removed:
			if s == nil { // the connection ended
				return jobRuns
			}
			var number uint32
			var object dbus.ObjectPath
			var unit, result string
			if s.Name == systemdManager+".JobRemoved" && dbus.Store(s.Body, &number, &object, &unit, &result) == nil && object == job {
				return result
			}
		}
	}
}

// lacksRight tells whether somebody may not do what was asked: how systemd says it without polkit, and how with it.
func lacksRight(err error) bool {
	var answer dbus.Error
	return errors.As(err, &answer) && (answer.Name == "org.freedesktop.DBus.Error.AccessDenied" ||
		answer.Name == "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired")
}
