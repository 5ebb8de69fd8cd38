package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collect"
)

// amcheck checks B-tree indexes of the database that the DSN names with bt_index_check, which reads an index and takes
// no lock that a statement of a gateway waits for.
type amcheck struct {
	yielding
	timeout time.Duration
	schema  string
}

const (
	amcheckWhere = `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'amcheck'`
	amcheckIndexes = `SELECT c.oid AS position, n.nspname || '.' || c.relname AS name,
		c.relpages::bigint * current_setting('block_size')::bigint AS bytes
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready AND c.oid > %s
		ORDER BY c.oid LIMIT %d`
)

func amcheckSpecs() []collect.Spec { return integritySpecs("pg_amcheck_", "B-tree indexes") }

// newAmcheck returns the collector that checks the indexes of a database.
func newAmcheck(d DatabaseConfig, e collect.Env) (collect.Collector, error) {
	cfg, err := postgresConfig(cmp.Or(d.Integrity.DSN, d.DSN).Reveal())
	if err != nil {
		return collect.Collector{}, fmt.Errorf("dsn: %w", err)
	}
	labels := postgresLabels(d.Name, cfg)
	labels["datname"] = cmp.Or(cfg.Database, cfg.User)
	c := &amcheck{yielding: yielding{cfg: cfg}, timeout: time.Duration(d.Integrity.Timeout)}
	return newIntegrity("postgres_"+d.Name+"_integrity", *d.Integrity, c, amcheckSpecs(), labels, e), nil
}

func (a *amcheck) open(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, collect.PartTimeout)
	defer cancel()
	if err := a.yielding.open(limited); err != nil {
		return err
	}
	where, err := askPostgres(limited, a.conn, amcheckWhere)
	if err == nil && len(where.rows) == 0 {
		err = errors.New("CREATE EXTENSION amcheck is missing in this database, as docs/collectors.md says")
	}
	if err != nil {
		a.close()
		return err
	}
	a.schema = where.cell(where.rows[0], "schema")
	return nil
}

func (a *amcheck) after(ctx context.Context, position string) ([]candidate, error) {
	found, err := askPostgresFor(ctx, a.conn, integrityListTimeout, fmt.Sprintf(amcheckIndexes, cmp.Or(position, "0"), integrityBatch))
	return candidates(found), postgresError(err, a.cfg)
}

// check tells apart what is broken, what is locked or too slow, and what was dropped since it was listed.
func (a *amcheck) check(ctx context.Context, one candidate) error {
	if _, err := strconv.ParseUint(one.position, 10, 32); err != nil {
		return err
	}
	_, err := a.ask(ctx, a.timeout, "SELECT "+a.schema+".bt_index_check("+one.position+"::oid::regclass)")
	var refused *pgconn.PgError
	var skipped skippedError
	if errors.As(err, &skipped) {
		return err
	}
	if !errors.As(err, &refused) {
		return postgresError(err, a.cfg)
	}
	switch refused.Code {
	case "XX001", "XX002":
		return brokenError{refused.Message}
	case "42P01", "42704", "42809":
		return nil
	case "42501":
		return fmt.Errorf("user %q may not check: GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO %q, as docs/collectors.md says", a.cfg.User, a.cfg.User)
	}
	return postgresError(err, a.cfg)
}

// candidates reads what servers list under the same names.
func candidates(a rowset) []candidate {
	var all []candidate
	for _, row := range a.rows {
		bytes, _ := collect.ParseNumber(a.cell(row, "bytes"))
		all = append(all, candidate{a.cell(row, "position"), a.cell(row, "name"), bytes})
	}
	return all
}
