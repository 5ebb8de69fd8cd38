package sqldb

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

const (
	bloatWhere = `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'pgstattuple'`
	bloatActive = `SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' AND usename <> current_user`
	// bloatLargest leaves out what is smaller than 1 MiB, and by its sizes it is what VACUUM or ANALYZE saw last.
	bloatLargest = `SELECT c.*, schema || '.' || relname AS name, pages * current_setting('block_size')::bigint AS bytes FROM (
		(SELECT c.oid AS position, c.reltoastrelid AS toast, n.nspname AS schema, c.relname, '' AS of, c.relpages::bigint + coalesce(t.relpages, 0) AS pages
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
			WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
			AND c.relpages::bigint + coalesce(t.relpages, 0) >= 128 ORDER BY pages DESC, c.oid LIMIT %[1]d)
		UNION ALL
		(SELECT c.oid, 0, n.nspname, c.relname, t.relname, c.relpages
			FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am a ON a.oid = c.relam
			JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid
			AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpages >= 128 ORDER BY c.relpages DESC, c.oid LIMIT %[1]d)) c
		ORDER BY pages DESC, position`
	bloatOfTable = `SELECT sum(s.table_len) AS size, sum(s.approx_free_space) AS free, sum(s.dead_tuple_len) AS dead
		FROM unnest('{%[2]s}'::oid[]) r CROSS JOIN LATERAL %[1]s.pgstattuple_approx(r::regclass) s`
	// bloatOfIndex counts what is free in leaf pages, and pages that hold nothing.
	bloatOfIndex = `SELECT s.index_size AS size, 0 AS dead, current_setting('block_size')::bigint * (s.empty_pages + s.deleted_pages
		+ CASE WHEN s.leaf_pages > 0 THEN s.leaf_pages * (1 - s.avg_leaf_density / 100) ELSE 0 END) AS free
		FROM %[1]s.pgstatindex(%[2]s::oid::regclass) s`
)

// bloatSpecs are the metrics of the measured tables and indexes, under the names that rules for postgres_exporter ask for.
func bloatSpecs() []collect.Spec {
	const table, index = "pg_bloat_table_", "pg_bloat_btree_"
	ofTable, ofIndex := []string{"schemaname", "relname"}, []string{"schemaname", "tblname", "idxname"}
	one := func(name, help string, labels []string) collect.Spec {
		return collect.Spec{Name: name, Kind: collect.GaugeKind, Help: help, Labels: labels}
	}
	return []collect.Spec{
		one(table+"bloat_pct", "Percent of the table and, from version 14 on, its TOAST table that is free or holds dead rows.", ofTable),
		one(table+"real_size", "Bytes of both on disk.", ofTable),
		one(table+"free_bytes", "Bytes of them that are free: rows to come use them, the file system does not get them back.", ofTable),
		one(table+"dead_bytes", "Bytes of them that hold dead rows, which VACUUM has not removed.", ofTable),
		one(table+"timestamp_seconds", "When they were measured, also before a restart of the agent.", ofTable),
		one(index+"bloat_pct", "Percent of the B-tree index that is free; a new one has 10.", ofIndex),
		one(index+"real_size", "Bytes of it on disk.", ofIndex),
		one(index+"free_bytes", "Bytes of it that are free, in leaf pages or as empty pages.", ofIndex),
		one(index+"timestamp_seconds", "When it was measured, also before a restart of the agent.", ofIndex),
		{Name: "pg_bloat_skipped_total", Kind: collect.CounterKind, Labels: []string{"reason"},
			Help: "Tables and indexes that were left out: locked or waited for, too large, not done in time, not to be measured; and how often the server was too busy."},
		one("pg_bloat_last_round_timestamp_seconds", "When all had been measured, or left out, last, also before a restart of the agent; 0: not known.", nil),
	}
}

// bloatMetrics are those of bloatSpecs, in their order.
type bloatMetrics []collect.Metric

func newBloatMetrics(fixed prometheus.Labels) (all bloatMetrics) {
	for _, s := range bloatSpecs() {
		all = append(all, s.Metric(fixed))
	}
	return all
}

// add notes what b found.
func (m bloatMetrics) add(out *collect.Samples, b *bloat) {
	for _, f := range b.found {
		if f.size <= 0 {
			continue
		}
		metrics, labels := m[:5], []string{f.schema, f.name}
		values := []float64{100 * (f.free + f.dead) / f.size, f.size, f.free, f.dead, collect.UnixSeconds(f.at)}
		if f.index {
			metrics, labels = m[5:9], []string{f.schema, f.of, f.name}
			values = []float64{100 * f.free / f.size, f.size, f.free, collect.UnixSeconds(f.at)}
		}
		for i, v := range values {
			out.Add(metrics[i], v, labels...)
		}
	}
	for _, reason := range bloatReasons {
		out.Add(m[9], b.rounds.skipped[reason], reason)
	}
	out.Add(m[10], collect.UnixSeconds(b.rounds.last))
}
