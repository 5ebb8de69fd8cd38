package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/internal/secret"
)

// The bounds of asking for a plan.
const (
	planTimeout   = 5 * time.Second
	maxPlanLines  = 500
	maxPlanValues = 1000 // parameters of a statement
)

// PostgresPlan returns how the server at dsn would run the statement that pg_stat_statements calls id, whatever its values
// are: the text without values, and the lines of EXPLAIN. The statement itself is not run, and nothing is changed. The
// user of dsn needs the rights that the statement needs.
func PostgresPlan(ctx context.Context, dsn secret.Secret, id string) (text string, plan []string, err error) {
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return "", nil, fmt.Errorf("the id of a statement is a number, as postgresql.statement.query.id has it, not %q", id)
	}
	cfg, err := postgresConfig(dsn.Reveal())
	if err != nil {
		return "", nil, fmt.Errorf("dsn: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*planTimeout)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return "", nil, postgresError(err, cfg)
	}
	defer closePostgres(conn)
	if text, err = statementText(ctx, conn, id); err != nil {
		return "", nil, postgresError(err, cfg)
	}
	plan, err = genericPlan(ctx, conn, text)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42501" {
		return "", nil, fmt.Errorf("user %q may not do what the statement does, and so may not see its plan (%s)", cfg.User, refused.Message)
	}
	if err != nil {
		return "", nil, postgresError(err, cfg)
	}
	return shapeOf(text, false, maxStatementText), plan, nil
}

// statementText returns the whole text of a statement of the database.
func statementText(ctx context.Context, conn *pgconn.PgConn, id string) (string, error) {
	where, err := askPostgres(ctx, conn, statementsWhere)
	if err != nil {
		return "", err
	}
	if len(where.rows) == 0 {
		return "", errors.New("pg_stat_statements is not installed in this database: docs/collectors.md says how")
	}
	found, err := askPostgres(ctx, conn, fmt.Sprintf(`SELECT s.query FROM %s.pg_stat_statements(true) s JOIN pg_database d ON d.oid = s.dbid
		WHERE s.queryid = %s AND d.datname = current_database() LIMIT 1`, where.cell(where.rows[0], "schema"), id))
	if err != nil {
		return "", err
	}
	if len(found.rows) == 0 {
		return "", fmt.Errorf("pg_stat_statements knows no statement %s in this database, or not any more", id)
	}
	return found.cell(found.rows[0], "query"), nil
}

// genericPlan has the server prepare text, by itself and so as one statement whatever stands in it, and explain how it
// would be executed with values that it does not know.
func genericPlan(ctx context.Context, conn *pgconn.PgConn, text string) ([]string, error) {
	// The search path stays the user's: the names in text are found by it.
	begin := fmt.Sprintf("BEGIN READ ONLY; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = 100; "+
		"SET LOCAL plan_cache_mode = force_generic_plan", planTimeout.Milliseconds())
	if _, err := conn.Exec(ctx, begin).ReadAll(); err != nil {
		return nil, err
	}
	const name = "gatewatch_plan"
	prepared, err := conn.Prepare(ctx, name, text, nil)
	if err != nil {
		return nil, err
	}
	if n := len(prepared.ParamOIDs); n > maxPlanValues {
		return nil, fmt.Errorf("the statement has %d values, at most %d are possible", n, maxPlanValues)
	}
	execute := "EXPLAIN EXECUTE " + name
	if n := len(prepared.ParamOIDs); n > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", n), ", ") + ")"
	}
	results, err := conn.Exec(ctx, execute+"; DEALLOCATE "+name+"; ROLLBACK").ReadAll()
	if err != nil {
		return nil, err
	}
	var plan []string
	for _, row := range results[0].Rows {
		if len(plan) < maxPlanLines {
			plan = append(plan, string(row[0]))
		}
	}
	return plan, nil
}
