package sqldb

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collect"
)

// postgresUncovered finds foreign keys whose columns no index begins with, but for those that a partition has from its
// table, and those that the server does not enforce, which it can be told from 18 on.
const postgresUncovered = `f.contype = 'f' AND f.conparentid = 0 AND coalesce((to_jsonb(f) ->> 'conenforced')::bool, true)
	AND NOT EXISTS (SELECT FROM pg_index i
	WHERE i.indrelid = f.conrelid AND i.indisvalid AND i.indpred IS NULL
	AND (i.indkey::int2[])[0:array_length(f.conkey, 1) - 1] @> f.conkey)`

// postgresInvalid finds indexes that are invalid and not being made.
const postgresInvalid = `NOT i.indisvalid AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)`

// postgresTwins finds indexes beside which there is one that is the same: i is the one that can go, j the one that
// stays. Expressions are compared as they are kept, because printing one opens its table. One that allows NULL only once,
// as it can from 15 on, does not go for one that allows it again and again.
const postgresTwins = `pg_index i JOIN pg_index j ON j.indrelid = i.indrelid AND j.indexrelid <> i.indexrelid
	JOIN pg_class ci ON ci.oid = i.indexrelid JOIN pg_class cj ON cj.oid = j.indexrelid
	WHERE i.indrelid >= 16384 AND i.indisvalid AND j.indisvalid AND i.indkey::text = j.indkey::text AND i.indnkeyatts = j.indnkeyatts
	AND i.indclass::text = j.indclass::text AND i.indcollation::text = j.indcollation::text AND i.indoption::text = j.indoption::text
	AND ci.relam = cj.relam AND ci.relkind = 'i' AND NOT i.indisexclusion AND NOT j.indisexclusion
	AND regexp_replace(coalesce(i.indexprs::text, ''), ':location -?\d+', '', 'g') = regexp_replace(coalesce(j.indexprs::text, ''), ':location -?\d+', '', 'g')
	AND regexp_replace(coalesce(i.indpred::text, ''), ':location -?\d+', '', 'g') = regexp_replace(coalesce(j.indpred::text, ''), ':location -?\d+', '', 'g')
	AND (j.indisprimary, j.indisunique, i.indexrelid) > (i.indisprimary, i.indisunique, j.indexrelid)
	AND (NOT i.indisunique OR coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false)
		<= coalesce((to_jsonb(j) ->> 'indnullsnotdistinct')::bool, false))`

// postgresDesign tells how many indexes are there twice, and of which tables foreign keys have no index.
func postgresDesign() []*query {
	return []*query{
		{part: "duplicate_indexes", every: findingsEvery, labels: []string{"datname"}, text: `SELECT current_database() AS datname, count(*) AS n,
			coalesce(sum(pages), 0) * current_setting('block_size')::bigint AS bytes
			FROM (SELECT DISTINCT i.indexrelid, ci.relpages::bigint AS pages FROM ` + postgresTwins + `) t`,
			values: []value{
				{"n", "pg_duplicate_indexes", collect.GaugeKind, "Indexes beside which there is one with the same columns, that can go."},
				{"bytes", "pg_duplicate_indexes_bytes", collect.GaugeKind, "Their disk space."},
			}},
		{part: "foreign_keys", every: findingsEvery, most: 50, labels: []string{"datname", "schemaname", "relname"}, text: `SELECT
			current_database() AS datname, n.nspname AS schemaname, c.relname, count(*) AS n FROM pg_constraint f
			JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + postgresUncovered + `
			GROUP BY n.nspname, c.relname ORDER BY n DESC, n.nspname, c.relname LIMIT 51`,
			values: []value{{"n", "pg_table_foreign_keys_without_index", collect.GaugeKind,
				"Foreign keys of the table without an index; the documents postgresql.finding name them."}}},
	}
}

// postgresFound asks for what is wrong, by name. Unused indexes are told when the counters are a week old and the index
// has 10 MiB.
const postgresFound = `SELECT * FROM (
	(SELECT 'foreign_key_without_index' AS kind, current_database() AS database, n.nspname || '.' || c.relname AS table, f.conname AS index,
		(SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(f.conkey) WITH ORDINALITY k(attnum, n)
			JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns, tn.nspname || '.' || t.relname AS of, 0::numeric AS bytes
		FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_class t ON t.oid = f.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE ` + postgresUncovered + `
		ORDER BY c.relpages DESC, f.oid LIMIT 101)
	UNION ALL (SELECT 'duplicate_index', current_database(), n.nspname || '.' || t.relname, ci.relname,
		(SELECT string_agg(coalesce(a.attname, '…'), ', ' ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
			LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum), min(cj.relname),
		max(ci.relpages::bigint) * current_setting('block_size')::bigint
		FROM pg_class t, pg_namespace n, ` + postgresTwins + ` AND t.oid = i.indrelid AND n.oid = t.relnamespace
		GROUP BY n.nspname, t.relname, t.oid, ci.relname, i.indkey ORDER BY 7 DESC, 4 LIMIT 101)
	UNION ALL (SELECT 'invalid_index', current_database(), n.nspname || '.' || t.relname, c.relname, NULL, NULL,
		c.relpages::bigint * current_setting('block_size')::bigint
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE ` + postgresInvalid + ` ORDER BY c.relpages DESC, c.oid LIMIT 101)
	UNION ALL (SELECT 'unused_index', current_database(), s.schemaname || '.' || s.relname, s.indexrelname, NULL, NULL,
		c.relpages::bigint * current_setting('block_size')::bigint
		FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid JOIN pg_class c ON c.oid = s.indexrelid
		WHERE s.idx_scan = 0 AND NOT i.indisunique AND c.relpages >= 1280
		AND (SELECT coalesce(stats_reset, '-infinity') < now() - interval '7 days' FROM pg_stat_database WHERE datname = current_database())
		ORDER BY c.relpages DESC, c.oid LIMIT 101)) f`

// findingsPart tells what is wrong with the schemas of the database by name.
func (s *findings) postgresPart() *postgresPart {
	return &postgresPart{Name: "findings", Every: findingsEvery, Ask: func(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
		found, err := askPostgres(ctx, conn, postgresFound)
		if err != nil {
			return err
		}
		s.tell(readFindings(found, "", out), time.Now(), "foreign_key_without_index", "duplicate_index", "invalid_index", "unused_index")
		return nil
	}}
}
