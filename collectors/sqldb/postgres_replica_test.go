package sqldb

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestPostgresReplica follows a primary and its standby through what happens to them.
func TestPostgresReplica(t *testing.T) { onEachPostgres(t, testPostgresReplica) }

func testPostgresReplica(t *testing.T, start startPostgres) {
	primary := start(t, "wal_level=logical", "wal_retrieve_retry_interval=100ms")
	do(t, admin(t, primary), postgresGrants+`CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)`)
	replica := servicetest.PostgreSQLReplica(t, primary, "standby_a", "wal_level=logical", "wal_retrieve_retry_interval=100ms",
		"hot_standby_feedback=on")
	root, copied := admin(t, primary), admin(t, replica)
	p := watch(t, newPostgres, gatewatchDSN(primary, "p%40ss%20word"), 0)
	r := watch(t, newPostgres, gatewatchDSN(replica, "p%40ss%20word"), 0)
	onPrimary, onReplica := fmt.Sprintf(`{instance=%q,name="main"} `, primary.Addr), fmt.Sprintf(`{instance=%q,name="main"} `, replica.Addr)
	slot := fmt.Sprintf(`{database="",instance=%q,name="main",slot_name="standby_a"} `, primary.Addr)
	const streams = `SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn = pg_current_wal_lsn()`
	const received = `SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()`
	collect := func() (atPrimary, atReplica string) {
		p.AllDue()
		r.AllDue()
		return p.Collect(t), r.Collect(t)
	}

	until(t, root, streams, "1")
	// The primary writes a little by itself, which the standby has received before it has replayed it.
	r.Await(t, "pg_replication_lag_seconds"+onReplica+"0\n")
	here, there := collect()
	collecttest.Expect(t, here, "pg_replication_is_replica"+onPrimary+"0", "pg_replication_slots_active"+slot+"1", "pg_replication_lag_seconds"+onPrimary+"0",
		`pg_stat_replication_pg_wal_lsn_diff{application_name="walreceiver",client_addr="127.0.0.1",`,
		fmt.Sprintf(`pg_replication_slot_wal_status{instance=%q,name="main",slot_name="standby_a",slot_type="physical",wal_status="reserved"} 1`, primary.Addr))
	collecttest.Expect(t, there, "pg_replication_is_replica"+onReplica+"1", "pg_replication_lag_seconds"+onReplica,
		fmt.Sprintf(`pg_stat_wal_receiver_flushed_lsn{instance=%q,name="main",slot_name="standby_a",status="streaming",upstream_host="127.0.0.1"} `, replica.Addr))
	if behind := collecttest.SampleOf(t, here, "pg_stat_replication_pg_wal_lsn_diff"); behind > 10e3 {
		t.Errorf("the standby that has replayed everything is %v bytes behind", behind)
	}

	if majorVersion(t, root) >= 17 {
		// The standby has a copy of a slot, which nobody can read there.
		do(t, root, `SELECT pg_create_logical_replication_slot('exports', 'pgoutput', failover => true)`)
		until(t, root, streams, "1")
		// It is one for good once the slot is not behind what the standby has, which goes on meanwhile.
		for end := time.Now().Add(time.Minute); ; {
			do(t, copied, `SELECT pg_sync_replication_slots()`)
			if do(t, copied, `SELECT count(*) FROM pg_replication_slots WHERE synced AND NOT active`) == "1" {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the standby has no copy of the slot")
			}
			do(t, root, `SELECT pg_log_standby_snapshot()`)
			do(t, root, `SELECT pg_replication_slot_advance('exports', pg_current_wal_lsn())`)
			until(t, root, streams, "1")
		}
		here, there = collect()
		collecttest.Expect(t, here, fmt.Sprintf(`pg_replication_slots_active{database="postgres",instance=%q,name="main",slot_name="exports"} 0`, primary.Addr))
		collecttest.Expect(t, there, fmt.Sprintf(`pg_replication_slots_pg_wal_lsn_diff{database="postgres",instance=%q,name="main",slot_name="exports"} `, replica.Addr))
		if told := collecttest.SamplesOf(there, "pg_replication_slots_active") + collecttest.SamplesOf(there, "pg_replication_slot_slot_is_active"); told != "" {
			t.Errorf("a slot that nobody can read is told as if somebody should: %s", told)
		}
		do(t, root, `SELECT pg_drop_replication_slot('exports')`)
	}

	// The standby receives and does not replay.
	do(t, copied, `SELECT pg_wal_replay_pause()`)
	if majorVersion(t, copied) >= 14 {
		until(t, copied, `SELECT pg_get_wal_replay_pause_state()`, "paused")
	}
	do(t, root, `INSERT INTO orders SELECT g FROM generate_series(1, 10000) g`)
	until(t, copied, received, "t")
	do(t, root, `SELECT pg_sleep(1.1)`)
	here, there = collect()
	if lag := collecttest.SampleOf(t, there, "pg_replication_lag_seconds"); lag < 1 {
		t.Errorf("a standby that is paused for a second is %v s behind", lag)
	}
	if behind := collecttest.SampleOf(t, here, "pg_stat_replication_pg_wal_lsn_diff"); behind < 100e3 {
		t.Errorf("the primary says that the paused standby is %v bytes behind, want what 10000 rows are", behind)
	}
	do(t, copied, `SELECT pg_wal_replay_resume()`)
	until(t, root, streams, "1")
	r.Await(t, "pg_replication_lag_seconds"+onReplica+"0\n")

	// The standby is gone, and the primary keeps its WAL for it.
	replica.Kill()
	until(t, root, `SELECT count(*) FROM pg_stat_replication`, "0")
	do(t, root, `INSERT INTO orders SELECT g FROM generate_series(1, 10000) g`)
	p.Await(t, "pg_replication_slots_active"+slot+"0")
	here, there = collect()
	collecttest.Expect(t, there, "pg_up"+onReplica+"0")
	if kept := collecttest.SampleOf(t, here, "pg_replication_slots_pg_wal_lsn_diff"); kept < 100e3 {
		t.Errorf("%v bytes are kept for the slot that nobody reads, want what 10000 rows are", kept)
	}
	if left := collecttest.SamplesOf(here, "pg_stat_replication_pg_wal_lsn_diff"); left != "" {
		t.Errorf("a standby that is gone is told: %s", left)
	}
	replica.Restart(t)
	until(t, root, streams, "1")
	p.Await(t, "pg_replication_slots_active"+slot+"1")
	r.Await(t, "pg_up"+onReplica+"1")

	// The primary is gone, and the standby receives nothing.
	primary.Kill()
	until(t, admin(t, replica), `SELECT count(*) FROM pg_stat_wal_receiver`, "0")
	here, there = collect()
	collecttest.Expect(t, here, "pg_up"+onPrimary+"0")
	collecttest.Expect(t, there, "pg_up"+onReplica+"1", "pg_replication_is_replica"+onReplica+"1")
	if left := collecttest.SamplesOf(there, "pg_stat_wal_receiver_flushed_lsn"); left != "" {
		t.Errorf("a standby without a primary receives something: %s", left)
	}
}

// until asks again and again, for a minute, until the answer is want.
func until(t *testing.T, conn *pgconn.PgConn, text, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = do(t, conn, text); got == want {
			return
		}
	}
	t.Fatalf("%s = %q, want %q", text, got, want)
}
