package sqldb

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// blockedText asks who waits for whom. Finding the blockers of one session holds up the lock manager for a moment, so
// it is done for the 50 that waited longest.
const blockedText = `SELECT w.pid, x.pid AS blocking_pid, w.datname, w.usename, w.application_name,
	coalesce(b.usename, '') AS blocking_usename, coalesce(b.application_name, '') AS blocking_application_name,
	extract(epoch FROM clock_timestamp() - w.query_start) AS seconds, left(w.query, 1000) AS query, left(b.query, 1000) AS blocking_query
	FROM (SELECT * FROM pg_stat_activity WHERE wait_event_type = 'Lock' ORDER BY query_start LIMIT 50) w
	CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS x(pid) LEFT JOIN pg_stat_activity b ON b.pid = x.pid
	ORDER BY seconds DESC LIMIT 101`

var blockedPairs = query{part: "blocked_pairs", most: 100, text: blockedText,
	labels: []string{"pid", "blocking_pid", "datname", "usename", "application_name", "blocking_usename", "blocking_application_name"},
	values: []value{{"seconds", "pg_blocked_session_seconds", collect.GaugeKind,
		"Seconds since a statement began that waits for a lock which another session holds, or waits for first."}}}

var blockedCount = query{part: "blocked", text: `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
	values: []value{{"n", "pg_blocked_sessions", collect.GaugeKind, "Sessions that wait for locks."}}}

// longestWait asks how long the session of each database has waited that waits longest for a lock. What autovacuum waits
// for holds up nobody.
func longestWait(part, since string, from, before int) *query {
	return &query{part: part, since: from, before: before, most: 100, labels: []string{"datname"},
		text: `SELECT d.datname, coalesce(max(extract(epoch FROM clock_timestamp() - ` + since + `)), 0) AS longest
			FROM pg_database d LEFT JOIN (pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted
				AND a.backend_type <> 'autovacuum worker') ON a.datid = d.oid
			WHERE d.datallowconn GROUP BY d.datname ORDER BY longest DESC LIMIT 101`,
		values: []value{{"longest", "pg_blocked_sessions_max_wait_seconds", collect.GaugeKind,
			"Seconds that the session has waited for a lock which waits longest; before 14 since its statement began. 0: none waits."}}}
}

// blockedSessions tells who blocks whom, and notes in the log what the two are doing.
type blockedSessions struct {
	blockedNotes
	pairs, count []collect.Metric
	// waiting is how many waited when they were counted last.
	waiting float64
}

func newBlockedSessions(fixed prometheus.Labels, log *slog.Logger) *blockedSessions {
	return &blockedSessions{blockedNotes: blockedNotes{log: log},
		pairs: blockedPairs.metrics(fixed), count: blockedCount.metrics(fixed)}
}

// parts returns two questions: how many wait is known also when it takes too long to find out for whom.
func (b *blockedSessions) parts() []*postgresPart {
	return []*postgresPart{{Name: blockedCount.part, Ask: b.askCount}, {Name: blockedPairs.part, Ask: b.askPairs}}
}

func (b *blockedSessions) askCount(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
	count, err := askPostgres(ctx, conn, blockedCount.text)
	if err != nil {
		return err
	}
	blockedCount.add(out, count, b.count)
	b.waiting = 0
	for _, row := range count.rows {
		b.waiting, _ = collect.ParseNumber(count.cell(row, "n"))
	}
	return nil
}

// askPairs asks only when somebody waits.
func (b *blockedSessions) askPairs(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
	if b.waiting == 0 {
		b.note(rowset{})
		return nil
	}
	pairs, err := askPostgres(ctx, conn, blockedPairs.text)
	if err != nil {
		return err
	}
	blockedPairs.add(out, pairs, b.pairs)
	b.note(pairs)
	return nil
}
