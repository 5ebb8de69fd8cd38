package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/kept"
)

const (
	// bloatMost is how many tables, and how many indexes, are measured: the largest.
	bloatMost = 30
	// bloatPause is the longest rest after a measurement; a shorter one is followed by as much rest as it took.
	bloatPause = 5 * time.Second
)

// bloatReasons are told with 0 from the beginning.
var bloatReasons = []string{"error", "load", "lock", "size", "time"}

// errLoaded says that the server has to do other things now.
var errLoaded = errors.New("the server is busy")

// bloatTarget is a table or an index that can be measured.
type bloatTarget struct {
	index        bool
	toast        string // oid of the table's TOAST table; "0": none
	schema, name string
	of           string // the table of an index
}

// bloatMeasure is what was measured, in bytes.
type bloatMeasure struct {
	bloatTarget
	size, free, dead float64
	at               time.Time
}

// bloat measures how much of the largest tables and B-tree indexes of a database is empty or dead, one after the other
// in a window of the day.
type bloat struct {
	yielding
	limits BloatConfig
	log    *slog.Logger
	rounds *integrity
	schema string

	targets map[string]bloatTarget // of this round, by oid
	found   map[string]bloatMeasure
	dropped int // that were more than bloatMost, not told of yet

	of                     string // the server and the database
	file                   kept.File[bloatState]
	recalled               bool
	keptRound, keptMeasure time.Time // the newest in file

	metrics bloatMetrics
}

// newBloat returns the collector that measures the tables and indexes of a database.
func newBloat(d DatabaseConfig, limits BloatConfig, e collect.Env) (collect.Collector, error) {
	cfg, err := postgresConfig(d.DSN.Reveal())
	if err != nil {
		return collect.Collector{}, fmt.Errorf("dsn: %w", err)
	}
	w, _ := parseWindow(limits.Window) // Validate has parsed it
	labels := postgresLabels(d.Name, cfg)
	labels["datname"] = cmp.Or(cfg.Database, cfg.User)
	name := "postgres_" + d.Name + "_bloat"
	b := &bloat{yielding: yielding{cfg: cfg}, limits: limits, log: e.Log.With("collector", name), found: map[string]bloatMeasure{}, metrics: newBloatMetrics(labels),
		of: labels["instance"] + "/" + labels["datname"], file: bloatFile(d.Name, e)}
	b.rounds = &integrity{checker: b, window: w, maxSize: math.Inf(1), log: b.log, now: time.Now, skipped: map[string]float64{}}
	return collect.Collector{Name: name, Interval: integrityEvery, Collect: b.collect,
		Timeout: integritySlice + time.Duration(limits.Timeout) + bloatPause + 3*collect.PartTimeout}, nil
}

func (b *bloat) collect(ctx context.Context, out *collect.Samples) error {
	b.recall(b.rounds.now())
	err := b.rounds.slice(ctx)
	if errors.Is(err, errLoaded) {
		b.rounds.skipped["load"]++
		err = nil
	}
	err = errors.Join(err, b.keep())
	out.Dropped += b.dropped
	b.dropped = 0
	b.metrics.add(out, b)
	return err
}

// open connects, unless the server is busy.
func (b *bloat) open(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, collect.PartTimeout)
	defer cancel()
	if err := b.yielding.open(limited); err != nil {
		return err
	}
	err := b.ready(limited)
	if err != nil {
		b.close()
	}
	return err
}

// ready finds the extension and asks whether the server is busy.
func (b *bloat) ready(ctx context.Context) error {
	where, err := askPostgres(ctx, b.conn, bloatWhere)
	if err != nil {
		return postgresError(err, b.cfg)
	}
	if len(where.rows) == 0 {
		return errors.New("CREATE EXTENSION pgstattuple is missing in this database, as docs/collectors.md says")
	}
	b.schema = where.cell(where.rows[0], "schema")
	return b.loaded(ctx)
}

// loaded returns errLoaded while the server executes many statements of others.
func (b *bloat) loaded(ctx context.Context) error {
	active, err := askPostgres(ctx, b.conn, bloatActive)
	if err != nil || len(active.rows) == 0 {
		return postgresError(err, b.cfg)
	}
	if n, _ := collect.ParseNumber(active.cell(active.rows[0], "n")); n > float64(b.limits.MaxActive) {
		return errLoaded
	}
	return nil
}

// after lists all that a round measures at once: the largest tables and indexes.
func (b *bloat) after(ctx context.Context, position string) ([]candidate, error) {
	if position != "" {
		return nil, nil
	}
	listed, err := askPostgresFor(ctx, b.conn, integrityListTimeout, fmt.Sprintf(bloatLargest, bloatMost+1))
	if err != nil {
		return nil, postgresError(err, b.cfg)
	}
	b.targets = map[string]bloatTarget{}
	var all []candidate
	count := map[bool]int{}
	for i, one := range candidates(listed) {
		row := listed.rows[i]
		target := bloatTarget{index: listed.cell(row, "of") != "", toast: listed.cell(row, "toast"),
			schema: listed.cell(row, "schema"), name: listed.cell(row, "relname"), of: listed.cell(row, "of")}
		if count[target.index]++; count[target.index] > bloatMost {
			b.dropped++
			continue
		}
		b.targets[one.position] = target
		all = append(all, one)
	}
	for oid := range b.found {
		if _, ok := b.targets[oid]; !ok {
			delete(b.found, oid)
		}
	}
	return all, nil
}

// check measures one, and rests as long as that took.
func (b *bloat) check(ctx context.Context, one candidate) error {
	target := b.targets[one.position]
	if err := b.loaded(ctx); err != nil {
		return err
	}
	if target.index && one.bytes > float64(b.limits.MaxIndexSize) {
		return skippedError{"size"}
	}
	question, err := b.question(one.position, target)
	if err != nil {
		return err
	}
	began := time.Now()
	measured, err := b.ask(ctx, time.Duration(b.limits.Timeout), question)
	if err != nil {
		return b.failed(one, err)
	}
	if len(measured.rows) > 0 {
		number := func(column string) float64 {
			n, _ := collect.ParseNumber(measured.cell(measured.rows[0], column))
			return n
		}
		b.found[one.position] = bloatMeasure{target, number("size"), number("free"), number("dead"), time.Now()}
	}
	pause(ctx, min(time.Since(began), bloatPause))
	return nil
}

// question returns what measures a target.
func (b *bloat) question(oid string, target bloatTarget) (string, error) {
	list := []string{oid}
	// Before version 14 pgstattuple_approx refuses TOAST tables.
	if target.toast != "0" && target.toast != "" && postgresVersion(b.conn) >= 14 {
		list = append(list, target.toast)
	}
	for _, one := range list {
		if _, err := strconv.ParseUint(one, 10, 32); err != nil {
			return "", err
		}
	}
	if target.index {
		return fmt.Sprintf(bloatOfIndex, b.schema, oid), nil
	}
	return fmt.Sprintf(bloatOfTable, b.schema, strings.Join(list, ",")), nil
}

// failed tells what ends the measuring from what concerns one table alone.
func (b *bloat) failed(one candidate, err error) error {
	var refused *pgconn.PgError
	var skipped skippedError
	switch {
	case errors.As(err, &skipped):
		return err
	case !errors.As(err, &refused):
		return postgresError(err, b.cfg)
	case refused.Code == "42501":
		return fmt.Errorf("user %q may not measure: GRANT pg_monitor TO %q, and USAGE on the schema of pgstattuple, as docs/collectors.md says", b.cfg.User, b.cfg.User)
	case strings.HasPrefix(refused.Message, "could not open relation with OID"):
		delete(b.found, one.position) // dropped since it was listed
		return nil
	}
	b.log.Warn("cannot be measured", "in", one.name, "why", refused.Message)
	return skippedError{"error"}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
