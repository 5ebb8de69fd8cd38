package sqldb

import "gatewatch/collectors/collect"

// postgresSessions tells what sessions do, for how long, and which locks there are.
func postgresSessions() []*query {
	activity := []string{"datname", "state", "usename", "application_name", "backend_type", "wait_event_type", "wait_event"}
	return []*query{
		longestWait("longest_wait", "l.waitstart", 14, 0),
		longestWait("longest_wait_13", "a.query_start", 0, 14),
		// States that nobody is in are told with 0, so that alert rules see them. Our own session takes one of those that the
		// server has, and is idle but for this question.
		{part: "activity", most: 500, labels: activity, text: `SELECT d.datname, s.state, a.usename, a.application_name, a.backend_type,
			a.wait_event_type, a.wait_event, coalesce(a.sessions, 0) AS sessions, coalesce(a.longest, 0) AS longest
			FROM (VALUES ('active'), ('idle'), ('idle in transaction'), ('idle in transaction (aborted)'),
				('fastpath function call'), ('disabled')) AS s(state) CROSS JOIN pg_database d
			LEFT JOIN (SELECT datname, CASE pid WHEN pg_backend_pid() THEN 'idle' ELSE state END AS state, usename, application_name,
				backend_type, wait_event_type, wait_event, count(*) AS sessions,
				max(extract(epoch FROM now() - xact_start)) FILTER (WHERE pid <> pg_backend_pid()) AS longest
				FROM pg_stat_activity GROUP BY 1, 2, 3, 4, 5, 6, 7) a
			ON a.state = s.state AND a.datname = d.datname ORDER BY sessions DESC LIMIT 501`,
			values: []value{
				{"sessions", "pg_stat_activity_count", collect.GaugeKind, "Sessions in this state, the agent's own included."},
				{"longest", "pg_stat_activity_max_tx_duration", collect.GaugeKind, "Seconds that the longest transaction of them has lasted."},
			}},
		{part: "long_transactions", text: `SELECT count(*) AS n,
			coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) AS oldest FROM pg_stat_activity
			WHERE state IS DISTINCT FROM 'idle' AND query NOT LIKE 'autovacuum:%' AND xact_start IS NOT NULL
			AND pid <> pg_backend_pid()`,
			values: []value{
				{"n", "pg_long_running_transactions", collect.GaugeKind, "Transactions that are open."},
				{"oldest", "pg_long_running_transactions_oldest_timestamp_seconds", collect.GaugeKind, "Seconds that the longest of them has lasted."},
			}},
		{part: "idle_in_transaction", most: 100, labels: []string{"datname"}, text: `SELECT datname, count(*) AS n,
			max(extract(epoch FROM clock_timestamp() - state_change)) AS oldest FROM pg_stat_activity
			WHERE state LIKE 'idle in transaction%' GROUP BY datname ORDER BY oldest DESC LIMIT 101`,
			values: []value{
				{"n", "pg_idle_in_transaction_sessions", collect.GaugeKind, "Sessions that hold a transaction open and do nothing."},
				{"oldest", "pg_idle_in_transaction_oldest_seconds", collect.GaugeKind, "Seconds that one of them has done nothing."},
			}},
		{part: "connections", text: `SELECT count(*) AS used,
			current_setting('max_connections')::float8 - current_setting('superuser_reserved_connections')::float8
				- coalesce(current_setting('reserved_connections', true)::float8, 0) AS most
			FROM pg_stat_activity WHERE backend_type = 'client backend'`,
			values: []value{
				{"used", "pg_connections_used", collect.GaugeKind, "Sessions of clients, the agent's own included."},
				{"most", "pg_connections_max", collect.GaugeKind, "Most sessions that clients can have for whom none is reserved, as for superusers and, from 16 on, by reserved_connections."},
			}},
		{part: "locks", most: 900, labels: []string{"datname", "mode"}, text: `SELECT d.datname, m.mode, coalesce(l.n, 0) AS n
			FROM (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'), ('shareupdateexclusivelock'), ('sharelock'),
				('sharerowexclusivelock'), ('exclusivelock'), ('accessexclusivelock'), ('sireadlock')) AS m(mode)
			CROSS JOIN pg_database d LEFT JOIN (SELECT database, lower(mode) AS mode, count(*) AS n FROM pg_locks
				WHERE database IS NOT NULL GROUP BY 1, 2) l ON l.database = d.oid AND l.mode = m.mode ORDER BY n DESC LIMIT 901`,
			values: []value{{"n", "pg_locks_count", collect.GaugeKind, "Locks held or waited for."}}},
	}
}
