package sqldb

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

func admin(t *testing.T, s *servicetest.Server) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn.Close(ctx)
	})
	return conn
}

// do runs statements and returns the first cell of the last result that has one.
func do(t *testing.T, conn *pgconn.PgConn, text string) string {
	t.Helper()
	results, err := conn.Exec(t.Context(), text).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	cell := ""
	for _, r := range results {
		if len(r.Rows) > 0 {
			cell = string(r.Rows[0][0])
		}
	}
	return cell
}

// ours counts our sessions. One that we have left is there until the server has noticed.
const ours = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewatch'`

// postgresGrants are those of docs/collectors.md.
const postgresGrants = `CREATE ROLE gatewatch LOGIN PASSWORD 'p@ss word' CONNECTION LIMIT 5; GRANT pg_monitor TO gatewatch;`

func gatewatchDSN(s *servicetest.Server, password string) string {
	return "postgres://gatewatch:" + password + "@" + s.Addr + "/postgres?sslmode=disable"
}

func TestPostgres(t *testing.T) { onEachPostgres(t, testPostgres) }

func testPostgres(t *testing.T, start startPostgres) {
	s := start(t)
	root := admin(t, s)
	do(t, root, postgresGrants)
	do(t, root, `CREATE TABLE cards (id serial PRIMARY KEY, pan text); INSERT INTO cards (pan) SELECT 'x' FROM generate_series(1, 1000);
		CREATE INDEX cards_pan ON cards (pan);
		CREATE TABLE refunds (card int REFERENCES cards, id bigint); CREATE INDEX ON refunds (id, card);
		CREATE TABLE captures (id smallint GENERATED ALWAYS AS IDENTITY, card int REFERENCES cards); CREATE INDEX ON captures (card, id);
		CREATE SEQUENCE to_zero MINVALUE -10 MAXVALUE 0 START -10; SELECT nextval('to_zero'); SELECT setval('cards_id_seq', 1 << 30), setval('captures_id_seq', 1 << 14);
		UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'cards_pan'::regclass;
		GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO gatewatch`)
	do(t, root, `ANALYZE cards`)
	dsn := gatewatchDSN(s, "p%40ss%20word")
	checkpoints := "pg_stat_bgwriter_checkpoints_timed_total"
	if majorVersion(t, root) >= 17 {
		checkpoints = "pg_stat_checkpointer_num_timed_total"
	}

	t.Run("least privilege", func(t *testing.T) {
		w := watch(t, newPostgres, dsn, 0)
		text := w.Collect(t)
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
			t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
		}
		own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
		collecttest.Expect(t, text, "pg_up"+own+"1", "pg_replication_is_replica"+own+"0", "pg_settings_max_connections"+own+"30", "pg_connections_max"+own+"27",
			"pg_settings_shared_buffers_bytes"+own+"1.6777216e+07", "pg_settings_statement_timeout_seconds"+own+"0",
			checkpoints+own, "pg_stat_bgwriter_buffers_clean_total"+own, "pg_wal_segments"+own, "pg_blocked_sessions"+own+"0",
			`gatewatch_collector_success{collector="postgres_main"} 1`, `gatewatch_collector_resting{collector="postgres_main"} 0`,
			`pg_database_size_bytes{datname="postgres",`,
			fmt.Sprintf(`pg_stat_activity_count{application_name="gatewatch",backend_type="client backend",datname="postgres",instance=%q,name="main",`+
				`state="idle",usename="gatewatch",wait_event="",wait_event_type=""} 1`, s.Addr), `pg_stat_database_checksum_failures{`, "pg_unused_indexes{",
			fmt.Sprintf(`pg_foreign_keys_without_index{datname="postgres",instance=%q,name="main"} 1`, s.Addr),
			fmt.Sprintf(`pg_invalid_indexes{datname="postgres",instance=%q,name="main"} 1`, s.Addr), "pg_tables_scanned_in_full{",
			fmt.Sprintf(`pg_sequence_used_ratio{datname="postgres",instance=%q,name="main",schemaname="public",sequencename="cards_id_seq"} 0.5000000002`, s.Addr),
			fmt.Sprintf(`pg_sequence_used_ratio{datname="postgres",instance=%q,name="main",schemaname="public",sequencename="captures_id_seq"} 0.50001`, s.Addr),
			`pg_stat_user_tables_n_live_tup{datname="postgres",instance=`, `pg_stat_user_tables_table_size_bytes{`)
		until(t, root, ours, "1")
	})

	t.Run("wrong password", func(t *testing.T) {
		w := watch(t, newPostgres, gatewatchDSN(s, "tell-nobody"), 0)
		text := w.Collect(t)
		collecttest.Expect(t, text, "pg_up{", `gatewatch_collector_success{collector="postgres_main"} 0`)
		log := w.Log.String()
		if !strings.Contains(log, "check the password in dsn") || strings.Contains(log, "tell-nobody") {
			t.Errorf("the log says %s, want what to do, without the password", log)
		}
	})

	t.Run("without grants", func(t *testing.T) {
		do(t, root, `CREATE ROLE nobody_special LOGIN PASSWORD 'n'`)
		w := watch(t, newPostgres, strings.Replace(dsn, "gatewatch:p%40ss%20word", "nobody_special:n", 1), 0)
		text := w.Collect(t)
		collecttest.Expect(t, text, "pg_up{", `gatewatch_collector_part_success{collector="postgres_main",part="wal"} 0`,
			`gatewatch_collector_part_success{collector="postgres_main",part="databases"} 1`)
		if !strings.Contains(w.Log.String(), "GRANT pg_monitor") {
			t.Errorf("the log says %s, want the missing grant", w.Log)
		}
	})

	t.Run("locked", func(t *testing.T) { testPostgresLocked(t, s, root, dsn) })

	t.Run("killed and restarted", func(t *testing.T) {
		w := watch(t, newPostgres, dsn, 0)
		own := fmt.Sprintf(`pg_up{instance=%q,name="main"} `, s.Addr)
		collecttest.Expect(t, w.Collect(t), own+"1")
		most := "27"
		if majorVersion(t, root) >= 16 {
			do(t, root, `ALTER SYSTEM SET reserved_connections = 2`)
			most = "25"
		}
		s.Kill()
		collecttest.ExpectDown(t, w, own+"0", "pg_stat")
		s.Restart(t)
		collecttest.Expect(t, w.Collect(t), own+"1", fmt.Sprintf(`pg_connections_max{instance=%q,name="main"} %s`, s.Addr, most))
	})
}

// testPostgresLocked holds locks on a user's table and on a catalogue while we collect and others scrape.
func testPostgresLocked(t *testing.T, s *servicetest.Server, root *pgconn.PgConn, dsn string) {
	w := watch(t, newPostgres, dsn, 0)
	w.Collect(t)
	holder, waiter := admin(t, s), admin(t, s)
	do(t, holder, `SET application_name = 'migration'; BEGIN; LOCK TABLE cards IN ACCESS EXCLUSIVE MODE;
		LOCK TABLE pg_catalog.pg_sequence IN ACCESS EXCLUSIVE MODE`)
	waits := make(chan error, 1)
	go func() {
		_, err := waiter.Exec(context.WithoutCancel(t.Context()), `SET application_name = 'gateway'; SELECT 4111111111111111 FROM cards`).ReadAll()
		waits <- err
	}()
	until(t, root, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'gateway'`, "1")
	do(t, root, `SELECT pg_sleep(5.1)`) // the log tells of who waits for five seconds
	for i := range 10 {
		w.AllDue()
		text := w.Collect(t)
		collecttest.Expect(t, text, fmt.Sprintf(`pg_up{instance=%q,name="main"} 1`, s.Addr), `pg_blocked_sessions{`,
			fmt.Sprintf(`pg_blocked_session_seconds{application_name="gateway",blocking_application_name="migration",blocking_pid="%d",`, holder.PID()),
			`pg_stat_user_tables_n_live_tup{datname="postgres",instance=`)
		if waits := collecttest.SampleOf(t, text, "pg_blocked_sessions_max_wait_seconds{datname=\"postgres\""); waits < 5 {
			t.Errorf("collection %d: somebody has waited for %v s, want at least 5", i, waits)
		}
		for _, failed := range strings.Split(collecttest.SamplesOf(text, "gatewatch_collector_part_success"), "\n") {
			if strings.HasSuffix(failed, " 0") != strings.Contains(failed, `"sequences"`) {
				t.Errorf("collection %d: %s, want only the locked sequences to fail", i, failed)
			}
		}
		until(t, root, ours, "1")
	}
	log := w.Log.String()
	if n := strings.Count(log, "session is blocked"); n != 1 {
		t.Errorf("the log tells of a blocked session %d times, want once:\n%s", n, log)
	}
	if strings.Contains(log, "41111111") || !strings.Contains(log, "SELECT ? FROM cards") {
		t.Errorf("the log says %s, want the statement without its values", log)
	}
	if !strings.Contains(log, "somebody holds a lock") {
		t.Errorf("the log does not say why the sequences are left out: %s", log)
	}
	do(t, holder, "ROLLBACK")
	if err := <-waits; err != nil {
		t.Error(err)
	}
}

// TestPostgresSilent has a server that takes connections and never says a word.
func TestPostgresSilent(t *testing.T) {
	t.Parallel()
	addr, tried := collecttest.SilentServer(t)
	w := watch(t, newPostgres, "postgres://gatewatch:tell-nobody@"+addr+"/postgres?sslmode=disable", time.Second)
	collecttest.ExpectSilence(t, w, fmt.Sprintf(`pg_up{instance=%q,name="main"} 0`, addr), tried)
}
