package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"gatewatch/internal/secret"
)

// mysqlSample has an example of the statement with its values, which MySQL keeps from 8.0 on. MariaDB keeps none.
const mysqlSample = `SELECT coalesce(SCHEMA_NAME, '') AS datname, QUERY_SAMPLE_TEXT AS query
	FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST = '%s' AND QUERY_SAMPLE_TEXT IS NOT NULL LIMIT 1`

// explained are the words that a statement begins with whose plan is shown. EXPLAIN before another word may mean
// something else, before ANALYZE to run it.
var explained = []string{"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "TABLE"}

// The numbers of MySQL's errors about rights and syntax.
const (
	mysqlNoDatabase   = 1044
	mysqlNoColumn     = 1054
	mysqlSyntax       = 1064
	mysqlNoTable      = 1142
	mysqlNoColumnRead = 1143
	mysqlNoView       = 1345
)

// MySQLPlan returns how the server at dsn would run the statement with that digest, by the example that the server keeps
// of it: the text without values, and a line for each row of EXPLAIN. The statement itself is not run. The user of dsn
// needs the rights that the statement needs.
func MySQLPlan(ctx context.Context, dsn secret.Secret, digest string) (text string, plan []string, err error) {
	if !IsDigest(digest) {
		return "", nil, fmt.Errorf("the id of a statement is its digest, as mysql.statement.query.id has it, not %q", digest)
	}
	cfg, err := mysqlConfig(dsn.Reveal())
	if err != nil {
		return "", nil, fmt.Errorf("dsn: %w", err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return "", nil, errors.New("dsn: cannot be used: check its parameters")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*planTimeout)
	defer cancel()
	link, err := openMySQL(ctx, connector)
	if err != nil {
		return "", nil, mysqlError(err, cfg)
	}
	defer link.close()
	database, text, err := link.sample(ctx, digest)
	if err != nil {
		return "", nil, mysqlError(err, cfg)
	}
	shape := shapeOf(text, true, maxStatementText)
	plan, err = link.explain(ctx, database, text)
	var refused *mysql.MySQLError
	switch {
	case err == nil:
		return shape, plan, nil
	case !errors.As(err, &refused):
		return "", nil, mysqlError(err, cfg)
	case slices.Contains([]uint16{mysqlNoDatabase, mysqlNoTable, mysqlNoColumnRead, mysqlNoView}, refused.Number):
		return "", nil, fmt.Errorf("user %q may not do what the statement does, and so may not see its plan", cfg.User)
	case refused.Number == mysqlSyntax && strings.HasSuffix(text, "..."):
		return "", nil, errors.New("the server keeps only the beginning of the statement: raise performance_schema_max_sql_text_length")
	}
	// What the server says may repeat values of the example.
	return "", nil, fmt.Errorf("the server refuses to explain it (error %d)", refused.Number)
}

// IsDigest tells the ids of MySQL's statements, which are hashes, from PostgreSQL's, which are numbers.
func IsDigest(id string) bool {
	return (len(id) == 32 || len(id) == 64) && strings.Trim(id, "0123456789abcdefABCDEF") == ""
}

// sample returns the example of a statement, and the database in which it ran.
func (l *mysqlLink) sample(ctx context.Context, digest string) (database, text string, err error) {
	found, err := l.ask(ctx, fmt.Sprintf(mysqlSample, digest))
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && refused.Number == mysqlNoColumn {
		return "", "", errors.New("this server keeps no examples of statements: MySQL does from 8.0 on, MariaDB does not; take one from the slow log")
	}
	if err != nil {
		return "", "", err
	}
	if len(found.rows) == 0 {
		return "", "", fmt.Errorf("performance_schema knows no statement %s, or not any more", digest)
	}
	row := found.rows[0]
	return found.cell(row, "datname"), found.cell(row, "query"), nil
}

// explain returns a line for each row of the plan, its columns with their names.
func (l *mysqlLink) explain(ctx context.Context, database, text string) ([]string, error) {
	first, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), " ")
	if !slices.Contains(explained, first) {
		return nil, fmt.Errorf("the plan of a statement is shown that begins with %s, without a comment before it", strings.Join(explained, ", "))
	}
	if database != "" {
		if _, err := l.conn.ExecContext(ctx, "USE `"+strings.ReplaceAll(database, "`", "``")+"`"); err != nil {
			return nil, err
		}
	}
	if first != "SELECT" && first != "TABLE" {
		// In a transaction that only reads the server refuses even to explain what would write.
		if _, err := l.conn.ExecContext(ctx, "SET SESSION TRANSACTION READ WRITE"); err != nil {
			return nil, err
		}
	}
	found, err := l.ask(ctx, "EXPLAIN "+text)
	if err != nil {
		return nil, err
	}
	var plan []string
	for _, row := range found.rows[:min(len(found.rows), maxPlanLines)] {
		var columns []string
		for i, name := range found.columns {
			if row[i] != nil {
				columns = append(columns, name+"="+string(row[i]))
			}
		}
		plan = append(plan, strings.Join(columns, "  "))
	}
	return plan, nil
}
