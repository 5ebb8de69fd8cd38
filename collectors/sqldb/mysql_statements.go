package sqldb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatewatch/collectors/collect"
)

// mysqlStatements asks performance_schema for the sums of statements. Without performance_schema, which MariaDB has off,
// there is nothing, and that is no failure: the slow log tells single statements then.
type mysqlStatements struct{ *statements }

const (
	// mysqlSums turns picoseconds into milliseconds. What asks about the server itself, as we do, is left out.
	mysqlSums = `SELECT coalesce(SCHEMA_NAME, '') AS datname, DIGEST AS queryid, COUNT_STAR AS calls,
		SUM_ROWS_SENT + SUM_ROWS_AFFECTED AS ` + "`rows`" + `, SUM_TIMER_WAIT / 1e9 AS millis, MAX_TIMER_WAIT / 1e9 AS longest,
		SUM_ROWS_EXAMINED AS more0 FROM performance_schema.events_statements_summary_by_digest
		WHERE DIGEST IS NOT NULL AND DIGEST_TEXT NOT LIKE '%%performance_schema%%' AND DIGEST_TEXT NOT LIKE '%%information_schema%%'
		AND DIGEST_TEXT NOT LIKE 'SHOW %%' ORDER BY SUM_TIMER_WAIT DESC LIMIT %d`
	mysqlTexts = `SELECT coalesce(SCHEMA_NAME, '') AS datname, DIGEST AS queryid, left(DIGEST_TEXT, %d) AS query
		FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST IN (%s) LIMIT 1000`
)

func (m mysqlStatements) ask(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
	found, err := link.ask(ctx, fmt.Sprintf(mysqlSums, maxStatementSums))
	if err != nil || len(found.rows) == 0 {
		return err
	}
	now := time.Now()
	top := m.take(statementSums(found), len(found.rows) < maxStatementSums, now)
	texts := map[statementKey]string{}
	if len(top) > 0 {
		var ids []string
		for _, d := range top {
			if strings.Trim(d.key.id, "0123456789abcdefABCDEF") == "" {
				ids = append(ids, "'"+d.key.id+"'")
			}
		}
		read, err := link.ask(ctx, fmt.Sprintf(mysqlTexts, maxStatementText, strings.Join(ids, ", ")))
		if err != nil {
			return err
		}
		texts = statementTexts(read)
	}
	m.tell(top, texts, now)
	m.add(out)
	return nil
}
