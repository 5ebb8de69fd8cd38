package sqldb

import (
	"time"

	"gatewatch/collectors/collect"
)

// postgresIndexes tells of indexes that nobody needs, that are missing or broken, and of sequences that come to their
// end, in the database that the DSN names. All of it is from catalogues and counters.
func postgresIndexes() []*query {
	labels := []string{"datname"}
	return []*query{
		{part: "unused_indexes", every: 5 * time.Minute, labels: labels, text: `SELECT current_database() AS datname,
			count(*) AS n, coalesce(sum(c.relpages::bigint), 0) * current_setting('block_size')::bigint AS bytes
			FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid JOIN pg_class c ON c.oid = s.indexrelid
			WHERE s.idx_scan = 0 AND NOT i.indisunique`,
			values: []value{
				{"n", "pg_unused_indexes", collect.GaugeKind, "Indexes that no query used since the counters were reset, unique ones left out."},
				{"bytes", "pg_unused_indexes_bytes", collect.GaugeKind, "Their disk space."},
			}},
		{part: "missing_indexes", every: 5 * time.Minute, labels: labels, text: `SELECT current_database() AS datname,
			(SELECT count(*) FROM pg_stat_user_tables WHERE n_live_tup > 10000 AND seq_scan > 100 AND seq_scan > coalesce(idx_scan, 0)) AS scanned,
			(SELECT count(*) FROM pg_constraint f WHERE ` + postgresUncovered + `) AS foreign_keys,
			(SELECT count(*) FROM pg_index i WHERE ` + postgresInvalid + `) AS invalid`,
			values: []value{
				{"scanned", "pg_tables_scanned_in_full", collect.GaugeKind, "Tables of more than 10,000 rows that were more often read as a whole than by an index: an index may be missing."},
				{"foreign_keys", "pg_foreign_keys_without_index", collect.GaugeKind, "Foreign keys without an index: what is deleted in the other table waits for a scan of this one."},
				{"invalid", "pg_invalid_indexes", collect.GaugeKind, "Indexes that a failed CREATE INDEX CONCURRENTLY left behind: they cost, and serve no query."},
			}},
		{part: "sequences", every: 5 * time.Minute, most: 50, labels: []string{"datname", "schemaname", "sequencename"},
			text: `SELECT current_database() AS datname, s.schemaname, s.sequencename, s.last_value::float8 / least(s.max_value,
				min(CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END)) AS used
			FROM pg_sequences s JOIN pg_namespace n ON n.nspname = s.schemaname
			JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename
			LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
				AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
			LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
			WHERE s.last_value IS NOT NULL AND s.increment_by > 0 AND s.max_value > 0
			GROUP BY s.schemaname, s.sequencename, s.last_value, s.max_value ORDER BY used DESC LIMIT 51`,
			values: []value{{"used", "pg_sequence_used_ratio", collect.GaugeKind,
				"Part of its numbers, or of those of the column it belongs to, that a sequence has used; at 1 inserts fail."}}},
	}
}
