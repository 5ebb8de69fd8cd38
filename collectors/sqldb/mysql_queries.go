package sqldb

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// mysqlQueries lists what servers are asked in SQL. {sessions} stands for the list of sessions. None of it opens a table
// of a user, which would wait for a metadata lock, but for those of which a grant says that the user may know of them.
func mysqlQueries() []*query {
	return append([]*query{
		{part: "processlist", most: 100, labels: []string{"command", "state"}, text: `SELECT lower(COMMAND) AS command,
			lower(coalesce(STATE, '')) AS state, count(*) AS n, sum(greatest(TIME, 0)) AS seconds
			FROM {sessions} WHERE ID <> connection_id() GROUP BY 1, 2 ORDER BY n DESC LIMIT 101`,
			values: []value{
				{"n", "mysql_info_schema_processlist_threads", collect.GaugeKind, "Sessions by what they do."},
				{"seconds", "mysql_info_schema_processlist_seconds", collect.GaugeKind, "Seconds that they have done it, added up."},
			}},
		{part: "transactions", text: `SELECT count(*) AS n, coalesce(max(timestampdiff(SECOND, t.trx_started, now())), 0) AS oldest,
			coalesce(sum(s.COMMAND = 'Sleep'), 0) AS idle,
			coalesce(max(CASE WHEN s.COMMAND = 'Sleep' THEN s.TIME END), 0) AS idle_seconds
			FROM information_schema.INNODB_TRX t LEFT JOIN {sessions} s ON s.ID = t.trx_mysql_thread_id`,
			values: []value{
				{"n", "mysql_innodb_transactions", collect.GaugeKind, "Transactions that are open."},
				{"oldest", "mysql_innodb_longest_transaction_seconds", collect.GaugeKind, "Seconds that the longest of them has lasted."},
				{"idle", "mysql_idle_in_transaction_sessions", collect.GaugeKind, "Sessions that hold a transaction open and do nothing."},
				{"idle_seconds", "mysql_idle_in_transaction_oldest_seconds", collect.GaugeKind, "Seconds that one of them has done nothing."},
			}},
		{part: "innodb", text: `SELECT max(CASE WHEN NAME = 'lock_deadlocks' THEN COUNT END) AS deadlocks,
			max(CASE WHEN NAME = 'lock_timeouts' THEN COUNT END) AS timeouts,
			max(CASE WHEN NAME = 'trx_rseg_history_len' THEN COUNT END) AS history
			FROM information_schema.INNODB_METRICS WHERE NAME IN ('lock_deadlocks', 'lock_timeouts', 'trx_rseg_history_len')`,
			values: []value{
				{"deadlocks", "mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total", collect.CounterKind, "Deadlocks."},
				{"timeouts", "mysql_info_schema_innodb_metrics_lock_lock_timeouts_total", collect.CounterKind, "Waits for row locks that ended without one."},
				{"history", "mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len", collect.GaugeKind, "Changes not purged yet; it grows while an old transaction is open."},
			}},
	}, mysqlScans())
}

const (
	mariadbSessions = `information_schema.PROCESSLIST`
	// MySQL's own list of processes holds up everybody who connects while it is read; this one holds up nobody.
	mysqlSessions = `(SELECT PROCESSLIST_ID AS ID, PROCESSLIST_USER AS USER, PROCESSLIST_COMMAND AS COMMAND,
		PROCESSLIST_STATE AS STATE, PROCESSLIST_TIME AS TIME, PROCESSLIST_INFO AS INFO
		FROM performance_schema.threads WHERE PROCESSLIST_ID IS NOT NULL)`
)

// askQuery asks what stands in text, with the list of sessions of this server.
func (l *mysqlLink) askQuery(ctx context.Context, text string) (rowset, error) {
	sessions := mysqlSessions
	if l.mariadb {
		sessions = mariadbSessions
	}
	// A subquery needs a name, which it has already where it is joined.
	if strings.Contains(text, "{sessions} WHERE") && !l.mariadb {
		sessions += " AS s"
	}
	return l.ask(ctx, strings.ReplaceAll(text, "{sessions}", sessions))
}

// tellsInnoDB says whether the server tells InnoDB's dictionary without locks; MySQL from 8.0 on waits for those of tables.
func (l *mysqlLink) tellsInnoDB() bool { return l.mariadb || l.version < 800 }

type mysqlPart = collect.Part[*mysqlLink]

// mysqlParts lists what one server is asked.
func mysqlParts(fixed prometheus.Labels, log *slog.Logger) []*mysqlPart {
	all := []*mysqlPart{
		{Name: "status", Ask: statusPart(fixed)},
		{Name: "variables", Every: time.Minute, Ask: variablesPart(fixed)},
		{Name: "replication", Ask: replicaPart(fixed)},
		{Name: "binlogs", Every: time.Minute, Ask: binlogPart(fixed)},
	}
	all = append(all, newMySQLBlocked(fixed, log).parts()...)
	for _, q := range mysqlQueries() {
		metrics := q.metrics(fixed)
		all = append(all, &mysqlPart{Name: q.part, Every: q.every, Ask: func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
			a, err := link.askQuery(ctx, q.text)
			if err != nil {
				return err
			}
			q.add(out, a, metrics)
			return nil
		}})
	}
	return all
}
