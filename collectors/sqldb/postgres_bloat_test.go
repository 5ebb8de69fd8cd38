package sqldb

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// measuring returns the collector of the bloat of a database, whose window is now.
func measuring(t *testing.T, dsn string, change func(*BloatConfig)) *collecttest.Watched {
	t.Helper()
	return measuringIn(t, dsn, "", change)
}

// measuringIn is measuring by an agent that keeps its data in a folder.
func measuringIn(t *testing.T, dsn, dataDir string, change func(*BloatConfig)) *collecttest.Watched {
	t.Helper()
	limits := BloatConfig{Window: allDay()}
	limits.SetDefaults()
	if change != nil {
		change(&limits)
	}
	w := collecttest.NewWatched()
	e := w.Env()
	e.DataDir = dataDir
	c, err := newBloat(DatabaseConfig{DSNConfig: collect.DSNConfig{ServerConfig: collect.ServerConfig{Name: "main"}, DSN: secret.Secret(dsn)}}, limits, e)
	if err != nil {
		t.Fatal(err)
	}
	w.Follow(t, c)
	return w
}

func TestPostgresBloat(t *testing.T) { onEachPostgres(t, testPostgresBloat) }

func testPostgresBloat(t *testing.T, start startPostgres) {
	s := start(t, "autovacuum=off")
	root := admin(t, s)
	do(t, root, postgresGrants)
	dsn := gatewatchDSN(s, "p%40ss%20word")
	w := measuring(t, dsn, nil)
	if w.Collect(t); !strings.Contains(w.Log.String(), "CREATE EXTENSION pgstattuple is missing") {
		t.Errorf("without the extension: %s", w.Log)
	}

	// Somebody else's table, of which four fifths are thrown away, and half of what is left is dead. Its texts are long
	// enough for a TOAST table.
	do(t, root, `CREATE SCHEMA tools; CREATE EXTENSION pgstattuple SCHEMA tools; GRANT USAGE ON SCHEMA tools TO gatewatch; CREATE ROLE shop;
		CREATE TABLE orders (id int PRIMARY KEY, card text, receipt text); ALTER TABLE orders ALTER receipt SET STORAGE EXTERNAL; ALTER TABLE orders OWNER TO shop;
		INSERT INTO orders SELECT g, repeat('x', 100), CASE WHEN g % 100 = 0 THEN repeat('y', 3000) END FROM generate_series(1, 50000) g;
		CREATE TABLE tiny (id int PRIMARY KEY); INSERT INTO tiny SELECT generate_series(1, 1000)`)
	do(t, root, `DELETE FROM orders WHERE id <= 40000`)
	do(t, root, `VACUUM (INDEX_CLEANUP on) orders`)
	do(t, root, `DELETE FROM orders WHERE id > 45000`)
	do(t, root, `ANALYZE orders, tiny`)
	const last = "pg_bloat_last_round_timestamp_seconds"
	w = measuring(t, dsn, nil)
	text := round(t, w, last)
	ofTable := fmt.Sprintf(`{datname="postgres",instance=%q,name="main",relname="orders",schemaname="public"}`, s.Addr)
	ofIndex := fmt.Sprintf(`{datname="postgres",idxname="orders_pkey",instance=%q,name="main",schemaname="public",tblname="orders"}`, s.Addr)
	table := func(name string) float64 { return collecttest.SampleOf(t, text, "pg_bloat_table_"+name+ofTable) }
	index := func(name string) float64 { return collecttest.SampleOf(t, text, "pg_bloat_btree_"+name+ofIndex) }
	f := func(what string, got float64, question string) {
		t.Helper()
		want, err := strconv.ParseFloat(do(t, root, question), 64)
		if err != nil || want == 0 || math.Abs(got-want) > want/1e6 {
			t.Errorf("%s is %v, the server says %v (%v)", what, got, want, err)
		}
	}
	both := ` FROM (SELECT * FROM tools.pgstattuple_approx('orders') UNION ALL
		SELECT * FROM tools.pgstattuple_approx((SELECT reltoastrelid FROM pg_class WHERE relname = 'orders')::regclass)) s`
	if majorVersion(t, root) < 14 { // which measures no TOAST tables
		both = ` FROM tools.pgstattuple_approx('orders')`
	}
	f("what is free", table("free_bytes"), `SELECT sum(approx_free_space)`+both)
	f("what is dead", table("dead_bytes"), `SELECT sum(dead_tuple_len)`+both)
	f("the size", table("real_size"), `SELECT sum(table_len)`+both)
	f("the part", table("bloat_pct"), `SELECT 100 * sum(approx_free_space + dead_tuple_len) / sum(table_len)`+both)
	f("the size of the index", index("real_size"), `SELECT pg_relation_size('orders_pkey')`)
	f("what is free in the index", index("free_bytes"), `SELECT 8192 * (empty_pages + deleted_pages + leaf_pages * (1 - avg_leaf_density / 100)) FROM tools.pgstatindex('orders_pkey')`)
	// The whole table says the same, but for what the map of free space rounds.
	exact, _ := strconv.ParseFloat(do(t, root, `SELECT 100 * (free_space + dead_tuple_len)::float8 / table_len FROM tools.pgstattuple('orders')`), 64)
	if got := table("bloat_pct"); math.Abs(got-exact) > 5 || exact < 50 {
		t.Errorf("%v %% are empty or dead, of the table as a whole %v %%", got, exact)
	}
	if got := index("bloat_pct"); got < 50 || got > 100 {
		t.Errorf("%v %% of an index are free of which four fifths were emptied", got)
	}
	collecttest.Expect(t, text, "pg_bloat_table_timestamp_seconds"+ofTable+" 1.", "pg_bloat_btree_timestamp_seconds"+ofIndex+" 1.",
		bloatSkipped(s, "load")+"0", bloatSkipped(s, "lock")+"0", `gatewatch_collector_success{collector="postgres_main_bloat"} 1`)
	if strings.Contains(text, `"tiny"`) || collecttest.SampleOf(t, text, last) == 0 {
		t.Errorf("want the end of the round, and nothing of a table of a few pages:\n%s", text)
	}

	w = measuring(t, dsn, func(c *BloatConfig) { c.MaxIndexSize = 1 << 19 })
	if text := round(t, w, last); strings.Contains(text, "pg_bloat_btree_bloat_pct") {
		t.Error("an index is measured that is larger than what may be")
	} else {
		collecttest.Expect(t, text, bloatSkipped(s, "size")+"1")
	}
	t.Run("restarted", func(t *testing.T) { testBloatKept(t, root, dsn) })
	t.Run("locked", func(t *testing.T) { testBloatLocked(t, s, root, dsn) })
	until(t, root, ours, "0") // no session stays
}

// testBloatKept restarts the agent outside of the window, within it, with another database, and with a file that is no such file.
func testBloatKept(t *testing.T, root *pgconn.PgConn, dsn string) {
	data := t.TempDir()
	const family = "pg_bloat_"
	measured := func(text string) string {
		var all []string
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, family) && !strings.HasPrefix(line, "pg_bloat_skipped") {
				all = append(all, line)
			}
		}
		return strings.Join(all, "")
	}
	never := func(c *BloatConfig) {
		now := time.Now()
		c.Window = now.Add(2*time.Hour).Format("15:04") + "-" + now.Add(3*time.Hour).Format("15:04")
	}
	const last = "pg_bloat_last_round_timestamp_seconds"
	before := measured(round(t, measuringIn(t, dsn, data, nil), last))
	if !strings.Contains(before, "pg_bloat_table_bloat_pct") || !strings.Contains(before, "pg_bloat_btree_bloat_pct") {
		t.Fatalf("nothing was measured:\n%s", before)
	}
	if after := measured(measuringIn(t, dsn, data, never).Collect(t)); after != before {
		t.Errorf("after a restart there is\n%s, want\n%s", after, before)
	}
	do(t, root, `CREATE TABLE late AS SELECT g AS id, repeat('x', 100) AS note FROM generate_series(1, 20000) g; ANALYZE late`)
	if after := measured(measuringIn(t, dsn, data, nil).Collect(t)); after != before {
		t.Errorf("after a restart in the window, whose round was complete, there is\n%s, want\n%s", after, before)
	}
	do(t, root, `DROP TABLE late`)
	if other := measured(measuringIn(t, strings.Replace(dsn, "/postgres", "/template1", 1), data, never).Collect(t)); strings.Contains(other, "_pct") {
		t.Errorf("of another database there is\n%s", other)
	}
	files, err := filepath.Glob(filepath.Join(data, "sqldb", "bloat-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files: %q, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := measuringIn(t, dsn, data, nil)
	if text := measured(round(t, w, last)); !strings.Contains(text, "pg_bloat_table_bloat_pct") || !strings.Contains(w.Log.String(), "what was measured before is not known") {
		t.Errorf("with a damaged file there is\n%s\n%s", text, w.Log)
	}
}

func bloatSkipped(s *servicetest.Server, reason string) string {
	return fmt.Sprintf(`pg_bloat_skipped_total{datname="postgres",instance=%q,name="main",reason=%q} `, s.Addr, reason)
}

// testBloatLocked has others hold the table, need it while it is measured, and keep the server busy.
func testBloatLocked(t *testing.T, s *servicetest.Server, root *pgconn.PgConn, dsn string) {
	holder := admin(t, s)
	do(t, holder, `BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE`)
	text := measuring(t, dsn, nil).Collect(t)
	collecttest.Expect(t, text, bloatSkipped(s, "lock")+"1", `gatewatch_collector_success{collector="postgres_main_bloat"} 1`)
	do(t, holder, `ROLLBACK`)

	// A table that takes minutes: who changes it does not wait for so long.
	do(t, root, `CREATE OR REPLACE FUNCTION tools.pgstattuple_approx(reloid regclass, OUT table_len bigint, OUT scanned_percent float8,
		OUT approx_tuple_count bigint, OUT approx_tuple_len bigint, OUT approx_tuple_percent float8, OUT dead_tuple_count bigint,
		OUT dead_tuple_len bigint, OUT dead_tuple_percent float8, OUT approx_free_space bigint, OUT approx_free_percent float8)
		LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE public.orders IN ACCESS SHARE MODE; PERFORM pg_sleep(600); END $$; GRANT SELECT ON orders TO gatewatch`)
	changed := make(chan error, 1)
	go func() {
		_, err := holder.Exec(context.WithoutCancel(t.Context()), `DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'orders'::regclass AND pid <> pg_backend_pid())
			LOOP PERFORM pg_sleep(0.05); END LOOP; END $$; ALTER TABLE orders ADD paid bool`).ReadAll()
		changed <- err
	}()
	text = measuring(t, dsn, func(c *BloatConfig) { c.Timeout *= 20 }).Collect(t)
	collecttest.Expect(t, text, bloatSkipped(s, "lock")+"1", bloatSkipped(s, "time")+"0")
	if err := <-changed; err != nil {
		t.Error(err)
	}
	// The index is left out: it would be measured in time, or not, as fast as the machine is.
	text = measuring(t, dsn, func(c *BloatConfig) { c.Timeout, c.MaxIndexSize = c.Timeout/30, 1 }).Collect(t)
	collecttest.Expect(t, text, bloatSkipped(s, "time")+"1", bloatSkipped(s, "lock")+"0")

	go func() {
		_, err := holder.Exec(context.WithoutCancel(t.Context()), `SELECT pg_sleep(60)`).ReadAll()
		changed <- err
	}()
	until(t, root, `SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'`, "1")
	text = measuring(t, dsn, func(c *BloatConfig) { c.MaxActive = 0 }).Collect(t)
	collecttest.Expect(t, text, bloatSkipped(s, "load")+"1", "pg_bloat_last_round_timestamp_seconds{", `gatewatch_collector_success{collector="postgres_main_bloat"} 1`)
	if strings.Contains(text, "pg_bloat_btree_bloat_pct") {
		t.Error("something is measured on a busy server")
	}
	do(t, root, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'`)
	if err := <-changed; err == nil {
		t.Error("nobody kept the server busy")
	}
}

func TestBloatConfig(t *testing.T) {
	t.Parallel()
	f := func(want string, change func(*BloatConfig)) {
		t.Helper()
		c := PostgresConfig{Bloat: &BloatConfig{Window: "01:00-05:00"}}
		c.DSN = "postgres://gatewatch:p@127.0.0.1/pay"
		c.SetDefaults()
		change(c.Bloat)
		err := c.Validate()
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("Validate() = %v, want %q", err, want)
		}
	}
	f("", func(*BloatConfig) {})
	f("bloat.window: must be two different times", func(c *BloatConfig) { c.Window = "night" })
	f("bloat.max_index_size: must not be negative", func(c *BloatConfig) { c.MaxIndexSize = -1 })
	f("bloat.timeout: must be from", func(c *BloatConfig) { c.Timeout = 1 })
	f("bloat.max_active: must not be negative", func(c *BloatConfig) { c.MaxActive = -1 })
}
