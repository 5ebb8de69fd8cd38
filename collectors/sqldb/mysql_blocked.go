package sqldb

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// The questions that find who blocks whom. Each gives id, blocking_id, kind, seconds; who these are is asked in
// mysqlPairs. They are about the {longest} that waited longest: where hundreds queue for one row, each waits for all before
// it, and a question about all of them would hold up InnoDB for seconds.
const (
	rowWaiters = `SELECT trx_id, trx_mysql_thread_id AS id, timestampdiff(SECOND, trx_wait_started, now()) AS seconds
		FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' ORDER BY trx_wait_started LIMIT {longest}`
	// mariadbRowWaits is also for MySQL before version 8.
	mariadbRowWaits = `SELECT 'row' AS kind, r.id, b.trx_mysql_thread_id AS blocking_id, r.seconds FROM (` + rowWaiters + `) r
		JOIN information_schema.INNODB_LOCK_WAITS w ON w.requesting_trx_id = r.trx_id
		JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id`
	mysqlRowWaits = `SELECT 'row' AS kind, r.id, b.trx_mysql_thread_id AS blocking_id, r.seconds FROM (` + rowWaiters + `) r
		JOIN performance_schema.data_lock_waits w ON w.REQUESTING_ENGINE_TRANSACTION_ID = r.trx_id
		JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID`
	// metadataWaits needs the instrument wait/lock/metadata/sql/mdl, which MariaDB has off; it finds nothing then.
	metadataWaits = `SELECT 'metadata' AS kind, p.id, gt.PROCESSLIST_ID AS blocking_id, p.seconds
		FROM (SELECT m.OBJECT_SCHEMA, m.OBJECT_NAME, m.OWNER_THREAD_ID, pt.PROCESSLIST_ID AS id, pt.PROCESSLIST_TIME AS seconds
			FROM performance_schema.metadata_locks m JOIN performance_schema.threads pt ON pt.THREAD_ID = m.OWNER_THREAD_ID
			WHERE m.LOCK_STATUS = 'PENDING' AND m.OBJECT_TYPE = 'TABLE' ORDER BY pt.PROCESSLIST_TIME DESC LIMIT {longest}) p
		JOIN performance_schema.metadata_locks g ON g.OBJECT_TYPE = 'TABLE' AND g.OBJECT_SCHEMA = p.OBJECT_SCHEMA
		AND g.OBJECT_NAME = p.OBJECT_NAME AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> p.OWNER_THREAD_ID
		JOIN performance_schema.threads gt ON gt.THREAD_ID = g.OWNER_THREAD_ID`
	mysqlPairs = `SELECT x.kind, x.id AS pid, x.blocking_id AS blocking_pid, max(x.seconds) AS seconds, max(a.USER) AS usename,
		max(b.USER) AS blocking_usename, left(max(a.INFO), 1000) AS query, left(max(b.INFO), 1000) AS blocking_query
		FROM ({waits}) AS x LEFT JOIN {sessions} a ON a.ID = x.id LEFT JOIN {sessions} b ON b.ID = x.blocking_id
		GROUP BY x.kind, x.id, x.blocking_id ORDER BY seconds DESC LIMIT 101`
)

var mysqlBlockedPairs = query{part: "blocked_pairs", most: 100,
	labels: []string{"pid", "blocking_pid", "kind", "usename", "blocking_usename"},
	values: []value{{"seconds", "mysql_blocked_session_seconds", collect.GaugeKind,
		"Seconds that a session has waited for a lock (kind: row or metadata) which another holds, or waits for first."}}}

var mysqlBlockedCount = query{part: "blocked", text: `SELECT coalesce(sum(STATE LIKE 'Waiting for %metadata lock'), 0) AS metadata,
	(SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT') AS row_locks,
	coalesce(sum(STATE LIKE 'Waiting for % lock' OR STATE = 'Waiting for table flush'), 0)
		+ (SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT') AS n
	FROM {sessions} WHERE ID <> connection_id()`,
	values: []value{
		{"n", "mysql_blocked_sessions", collect.GaugeKind, "Sessions that wait for locks of rows, metadata, tables, or the whole server, as FLUSH TABLES WITH READ LOCK takes it."},
		{"metadata", "mysql_metadata_lock_waits", collect.GaugeKind, "Sessions that wait for a metadata lock, as behind an ALTER TABLE."},
		{"row_locks", "mysql_row_lock_waits", collect.GaugeKind, "Transactions that wait for a row lock."},
	}}

// maxRowWaiters is how many sessions may wait for rows for all of them to be told; of more, one that waited longest is, with
// those that it waits for and that wait for nobody.
const (
	maxRowWaiters  = 30
	blockersOfMany = " WHERE b.trx_state <> 'LOCK WAIT'"
)

// maxMetadataWaiters is how many that wait for metadata locks are told.
const maxMetadataWaiters = 50

// mysqlBlocked tells who blocks whom, and notes in the log what the two are doing.
type mysqlBlocked struct {
	blockedNotes
	pairs, count []collect.Metric
	// rows and metadata are how many waited when they were counted last.
	rows, metadata float64
}

func newMySQLBlocked(fixed prometheus.Labels, log *slog.Logger) *mysqlBlocked {
	return &mysqlBlocked{blockedNotes: blockedNotes{log: log, quoted: true},
		pairs: mysqlBlockedPairs.metrics(fixed), count: mysqlBlockedCount.metrics(fixed)}
}

// parts returns two questions: how many wait is known also when it takes too long to find out for whom.
func (b *mysqlBlocked) parts() []*mysqlPart {
	return []*mysqlPart{{Name: mysqlBlockedCount.part, Ask: b.askCount}, {Name: mysqlBlockedPairs.part, Ask: b.askPairs}}
}

func (b *mysqlBlocked) askCount(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
	count, err := link.askQuery(ctx, mysqlBlockedCount.text)
	if err != nil {
		return err
	}
	mysqlBlockedCount.add(out, count, b.count)
	for _, row := range count.rows {
		b.rows, _ = collect.ParseNumber(count.cell(row, "row_locks"))
		b.metadata, _ = collect.ParseNumber(count.cell(row, "metadata"))
	}
	return nil
}

// askPairs asks only about locks for which somebody waits.
func (b *mysqlBlocked) askPairs(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
	var all rowset
	ask := func(waits string, longest int) error {
		text := strings.ReplaceAll(waits, "{longest}", strconv.Itoa(longest))
		found, err := link.askQuery(ctx, strings.ReplaceAll(mysqlPairs, "{waits}", text))
		all.columns, all.rows = found.columns, append(all.rows, found.rows...)
		return err
	}
	if b.rows > 0 {
		rows, longest := mariadbRowWaits, maxRowWaiters
		if !link.mariadb && link.version >= 800 {
			rows = mysqlRowWaits
		}
		if b.rows > maxRowWaiters {
			rows, longest = rows+blockersOfMany, 1
		}
		if err := ask(rows, longest); err != nil {
			return err
		}
	}
	if b.metadata > 0 {
		if err := ask(metadataWaits, maxMetadataWaiters); err != nil {
			return err
		}
	}
	mysqlBlockedPairs.add(out, all, b.pairs)
	b.note(all)
	return nil
}
