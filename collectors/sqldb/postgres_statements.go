package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collect"
)

// postgresStatements asks pg_stat_statements, where it is installed in the database that the DSN names. It tells the
// statements of all databases.
type postgresStatements struct{ *statements }

const (
	// statementsWhere asks where the extension is and which columns it has: those of its own version, which may be
	// older than the server's.
	statementsWhere = `SELECT quote_ident(n.nspname) AS schema, e.extversion AS version FROM pg_extension e
		JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`
	// statementsSums leaves the texts out, which are in a file of many megabytes, and our own statements.
	statementsSums = `SELECT d.datname, s.queryid, sum(s.calls) AS calls, sum(s.rows) AS rows, sum(s.%[2]s) AS millis, max(s.%[3]s) AS longest,
		sum(s.shared_blks_hit) AS more0, sum(s.shared_blks_read) AS more1 FROM %[1]s.pg_stat_statements(false) s
		JOIN pg_database d ON d.oid = s.dbid WHERE s.queryid IS NOT NULL
		AND s.userid <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
		GROUP BY 1, 2 ORDER BY millis DESC LIMIT %[4]d`
	statementsTexts = `SELECT d.datname, s.queryid, left(min(s.query), %[3]d) AS query FROM %[1]s.pg_stat_statements(true) s
		JOIN pg_database d ON d.oid = s.dbid WHERE s.queryid IN (%[2]s) GROUP BY 1, 2 LIMIT 1000`
)

// ask reads the sums and tells what they grew by. Without the extension there is nothing, and that is no failure.
func (p postgresStatements) ask(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
	where, err := askPostgres(ctx, conn, statementsWhere)
	if err != nil || len(where.rows) == 0 {
		return err
	}
	schema := where.cell(where.rows[0], "schema")
	total, longest := "total_exec_time", "max_exec_time"
	if extensionBefore(where.cell(where.rows[0], "version"), 1, 8) {
		total, longest = "total_time", "max_time"
	}
	found, err := askPostgres(ctx, conn, fmt.Sprintf(statementsSums, schema, total, longest, maxStatementSums))
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "55000" {
		return nil // created, but not in shared_preload_libraries
	}
	if err != nil {
		return err
	}
	now := time.Now()
	top := p.take(statementSums(found), len(found.rows) < maxStatementSums, now)
	texts := map[statementKey]string{}
	if len(top) > 0 {
		var ids []string
		for _, d := range top {
			if _, err := strconv.ParseInt(d.key.id, 10, 64); err == nil {
				ids = append(ids, d.key.id)
			}
		}
		read, err := askPostgres(ctx, conn, fmt.Sprintf(statementsTexts, schema, strings.Join(ids, ", "), maxStatementText))
		if err != nil {
			return err
		}
		texts = statementTexts(read)
	}
	p.tell(top, texts, now)
	p.add(out)
	return nil
}

// extensionBefore tells whether an extension's version, as 1.10, is before major.minor.
func extensionBefore(version string, major, minor int) bool {
	first, second, _ := strings.Cut(version, ".")
	a, _ := strconv.Atoi(first)
	b, _ := strconv.Atoi(second)
	return a < major || a == major && b < minor
}

// statementSums reads the rows of sums that servers give under the same names.
func statementSums(a rowset) []statementSum {
	all := make([]statementSum, 0, len(a.rows))
	number := func(row [][]byte, column string) float64 {
		n, _ := collect.ParseNumber(a.cell(row, column))
		return n
	}
	for _, row := range a.rows {
		all = append(all, statementSum{
			key:   statementKey{a.cell(row, "datname"), a.cell(row, "queryid")},
			calls: number(row, "calls"), rows: number(row, "rows"), millis: number(row, "millis"), longest: number(row, "longest"),
			more: [2]float64{number(row, "more0"), number(row, "more1")},
		})
	}
	return all
}

func statementTexts(a rowset) map[statementKey]string {
	texts := make(map[statementKey]string, len(a.rows))
	for _, row := range a.rows {
		texts[statementKey{a.cell(row, "datname"), a.cell(row, "queryid")}] = a.cell(row, "query")
	}
	return texts
}
