package sqldb

import (
	"context"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// The questions that find who blocks whom. Each gives id, blocking_id, kind, seconds; who these are is asked in
// mysqlPairs.
const (
	// mariadbRowWaits is also for MySQL before version 8.
	mariadbRowWaits = `SELECT 'row' AS kind, r.trx_mysql_thread_id AS id, b.trx_mysql_thread_id AS blocking_id,
		timestampdiff(SECOND, r.trx_wait_started, now()) AS seconds
		FROM information_schema.INNODB_LOCK_WAITS w JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
		JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id`
	mysqlRowWaits = `SELECT 'row' AS kind, r.trx_mysql_thread_id AS id, b.trx_mysql_thread_id AS blocking_id,
		timestampdiff(SECOND, r.trx_wait_started, now()) AS seconds
		FROM performance_schema.data_lock_waits w JOIN information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID
		JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID`
	// metadataWaits needs the instrument wait/lock/metadata/sql/mdl, which MariaDB has off; it finds nothing then.
	metadataWaits = `SELECT 'metadata' AS kind, pt.PROCESSLIST_ID AS id, gt.PROCESSLIST_ID AS blocking_id, pt.PROCESSLIST_TIME AS seconds
		FROM performance_schema.metadata_locks p JOIN performance_schema.metadata_locks g ON g.OBJECT_TYPE = p.OBJECT_TYPE
		AND g.OBJECT_SCHEMA = p.OBJECT_SCHEMA AND g.OBJECT_NAME = p.OBJECT_NAME AND g.LOCK_STATUS = 'GRANTED'
		AND g.OWNER_THREAD_ID <> p.OWNER_THREAD_ID JOIN performance_schema.threads pt ON pt.THREAD_ID = p.OWNER_THREAD_ID
		JOIN performance_schema.threads gt ON gt.THREAD_ID = g.OWNER_THREAD_ID
		WHERE p.LOCK_STATUS = 'PENDING' AND p.OBJECT_TYPE = 'TABLE'`
	mysqlPairs = `SELECT x.kind, x.id AS pid, x.blocking_id AS blocking_pid, max(x.seconds) AS seconds, max(a.USER) AS usename,
		max(b.USER) AS blocking_usename, left(max(a.INFO), 1000) AS query, left(max(b.INFO), 1000) AS blocking_query
		FROM ({waits}) AS x LEFT JOIN {sessions} a ON a.ID = x.id LEFT JOIN {sessions} b ON b.ID = x.blocking_id
		GROUP BY x.kind, x.id, x.blocking_id ORDER BY seconds DESC LIMIT 101`
)

var mysqlBlockedPairs = query{part: "blocked", most: 100,
	labels: []string{"pid", "blocking_pid", "kind", "usename", "blocking_usename"},
	values: []value{{"seconds", "mysql_blocked_session_seconds", collect.GaugeKind,
		"Seconds that a session has waited for a lock (kind: row or metadata) which another holds, or waits for first."}}}

var mysqlBlockedCount = query{part: "blocked", text: `SELECT coalesce(sum(STATE LIKE 'Waiting for %metadata lock'), 0) AS metadata,
	(SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT') AS row_locks,
	coalesce(sum(STATE LIKE 'Waiting for %metadata lock'), 0)
		+ (SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT') AS n
	FROM {sessions} WHERE ID <> connection_id()`,
	values: []value{
		{"n", "mysql_blocked_sessions", collect.GaugeKind, "Sessions that wait for row or metadata locks."},
		{"metadata", "mysql_metadata_lock_waits", collect.GaugeKind, "Sessions that wait for a metadata lock, as behind an ALTER TABLE."},
		{"row_locks", "mysql_row_lock_waits", collect.GaugeKind, "Transactions that wait for a row lock."},
	}}

// mysqlBlocked tells who blocks whom, and notes in the log what the two are doing.
type mysqlBlocked struct {
	blockedNotes
	pairs, count []collect.Metric
}

func newMySQLBlocked(fixed prometheus.Labels, log *slog.Logger) *mysqlBlocked {
	return &mysqlBlocked{blockedNotes: blockedNotes{log: log, quoted: true},
		pairs: mysqlBlockedPairs.metrics(fixed), count: mysqlBlockedCount.metrics(fixed)}
}

func (b *mysqlBlocked) ask(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
	count, err := link.askQuery(ctx, mysqlBlockedCount.text)
	if err != nil {
		return err
	}
	mysqlBlockedCount.add(out, count, b.count)
	var all rowset
	rows := mariadbRowWaits
	if !link.mariadb && link.version >= 800 {
		rows = mysqlRowWaits
	}
	for _, waits := range []string{rows, metadataWaits} {
		found, err := link.askQuery(ctx, strings.ReplaceAll(mysqlPairs, "{waits}", waits))
		if err != nil {
			return err
		}
		all.columns = found.columns
		all.rows = append(all.rows, found.rows...)
	}
	mysqlBlockedPairs.add(out, all, b.pairs)
	b.note(all)
	return nil
}
