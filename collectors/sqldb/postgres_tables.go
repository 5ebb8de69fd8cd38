package sqldb

import (
	"time"

	"gatewatch/collectors/collect"
)

// postgresTables tells about the tables, indexes and sequences of the database that the DSN names, the largest or
// fullest of them. None of it opens a user's table or asks for its size in the file system, which would wait for a
// lock that somebody holds: the sizes are those that the last VACUUM or ANALYZE saw.
func postgresTables() []*query {
	const table = "pg_stat_user_tables_"
	of := func(column, help string) value { return value{column, table + column, collect.CounterKind, help} }
	gaugeOf := func(column, help string) value { return value{column, table + column, collect.GaugeKind, help} }
	labels := []string{"datname", "schemaname", "relname"}
	return []*query{
		{part: "tables", every: time.Minute, most: 100, labels: labels, text: `SELECT current_database() AS datname, schemaname, relname,
			seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd, n_live_tup,
			n_dead_tup, n_mod_since_analyze, coalesce(extract(epoch FROM last_vacuum), 0) AS last_vacuum,
			coalesce(extract(epoch FROM last_autovacuum), 0) AS last_autovacuum,
			coalesce(extract(epoch FROM last_analyze), 0) AS last_analyze,
			coalesce(extract(epoch FROM last_autoanalyze), 0) AS last_autoanalyze,
			vacuum_count, autovacuum_count, analyze_count, autoanalyze_count
			FROM pg_stat_user_tables ORDER BY n_live_tup + n_dead_tup DESC, relid LIMIT 101`,
			values: []value{
				of("seq_scan", "Scans of the whole table."),
				of("seq_tup_read", "Rows read by scans of the whole table."),
				of("idx_scan", "Index scans."),
				of("idx_tup_fetch", "Rows fetched by index scans."),
				of("n_tup_ins", "Rows inserted."),
				of("n_tup_upd", "Rows updated."),
				of("n_tup_del", "Rows deleted."),
				of("n_tup_hot_upd", "Rows updated without touching an index."),
				gaugeOf("n_live_tup", "Live rows, estimated."),
				gaugeOf("n_dead_tup", "Dead rows, estimated."),
				gaugeOf("n_mod_since_analyze", "Rows changed since the last ANALYZE, estimated."),
				gaugeOf("last_vacuum", "When it was last vacuumed by hand, as Unix time; 0: never."),
				gaugeOf("last_autovacuum", "When autovacuum last vacuumed it, as Unix time; 0: never."),
				gaugeOf("last_analyze", "When it was last analysed by hand, as Unix time; 0: never."),
				gaugeOf("last_autoanalyze", "When autovacuum last analysed it, as Unix time; 0: never."),
				of("vacuum_count", "Times it was vacuumed by hand."),
				of("autovacuum_count", "Times autovacuum vacuumed it."),
				of("analyze_count", "Times it was analysed by hand."),
				of("autoanalyze_count", "Times autovacuum analysed it."),
			}},
		{part: "table_sizes", every: 5 * time.Minute, most: 100, labels: labels, text: `SELECT current_database() AS datname,
			n.nspname AS schemaname, c.relname, b.size * (c.relpages::bigint + coalesce(t.relpages, 0)) AS bytes,
			b.size * coalesce((SELECT sum(i.relpages::bigint) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
				WHERE x.indrelid = c.oid), 0) AS indexes
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
			CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) b
			WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
			ORDER BY bytes DESC, c.oid LIMIT 101`,
			values: []value{
				{"bytes", table + "table_size_bytes", collect.GaugeKind, "Disk space of the table when it was last vacuumed or analysed."},
				{"indexes", table + "index_size_bytes", collect.GaugeKind, "Disk space of its indexes when it was last vacuumed or analysed."},
			}},
	}
}
