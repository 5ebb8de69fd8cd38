package sqldb

import (
	"database/sql"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestMySQL8 is TestMySQL with a MySQL, as far as it differs from MariaDB.
func TestMySQL8(t *testing.T) {
	t.Parallel()
	s := servicetest.MySQL(t, "--server-id=1")
	root := session(t, s.URL)
	for _, grant := range mysqlGrants {
		if !strings.Contains(grant, "SLAVE MONITOR") { // MariaDB's
			run(t, root, grant)
		}
	}
	run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.cards (id int PRIMARY KEY, pan text)", "INSERT INTO pay.cards VALUES (1, 'x')",
		"CREATE TABLE pay.refunds (id int PRIMARY KEY AUTO_INCREMENT, card int, KEY (card)) AUTO_INCREMENT = 1073741824",
		"INSERT INTO pay.refunds (card) VALUES (1)", "GRANT REFERENCES ON pay.refunds TO gatewatch@'%'",
		"CREATE TABLE pay.orders (id int PRIMARY KEY, note text)", "INSERT INTO pay.orders VALUES (1, 'x')")
	w := watch(t, newMySQL, "gatewatch:p@ss:word@tcp("+s.Addr+")/", 0)
	text := swept(t, w)
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
	}
	collecttest.Expect(t, text, "mysql_up"+own+"1", "mysql_global_status_threads_connected"+own, "mysql_metadata_lock_waits"+own+"0",
		"mysql_blocked_sessions"+own+"0", "mysql_innodb_transactions"+own, `mysql_info_schema_processlist_threads{command="`,
		`mysql_version_info{innodb_version="8.0.15",`, "mysql_unused_indexes"+own+"1", "mysql_binlog_files"+own+"1",
		"mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total"+own,
		fmt.Sprintf(`mysql_info_schema_auto_increment_column{column="id",instance=%q,name="main",schema="pay",table="refunds"} 1.073741825e+09`, s.Addr))

	for i := range 7 {
		run(t, root, fmt.Sprintf("UPDATE pay.cards SET pan = \"411111111111111%d\" WHERE id = 1", i))
	}
	testMySQL8Locked(t, s, w)
	if found := w.Documents("UPDATE `pay`"); len(found) == 0 || !strings.Contains(found[0], `.query.calls":7,`) {
		t.Errorf("documents of the statement: %s, want one with 7 calls", found)
	}
	if told := w.Documents("41111111"); told != nil {
		t.Errorf("documents hold values: %s", told)
	}
}

// testMySQL8Locked has an ALTER TABLE wait behind a transaction, and a row locked, while w collects.
func testMySQL8Locked(t *testing.T, s *servicetest.Server, w *collecttest.Watched) {
	holder, migration, gateway, root := session(t, s.URL), session(t, s.URL), session(t, s.URL), session(t, s.URL)
	run(t, holder, "BEGIN", "SELECT * FROM pay.cards", "UPDATE pay.orders SET note = 'y' WHERE id = 1")
	waits := make(chan error, 2)
	wait := func(conn *sql.Conn, text string) {
		go func() {
			_, err := conn.ExecContext(t.Context(), text)
			waits <- err
		}()
	}
	id := askNumber(t, holder, "SELECT connection_id()")
	wait(migration, "ALTER TABLE pay.cards ADD expiry text")
	wait(gateway, "UPDATE pay.orders SET note = \"4111111111111111\" WHERE id = 1")
	untilNumber(t, root, `SELECT (SELECT count(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock')
		+ (SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT')`, 2)
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	for range 3 {
		w.AllDue()
		began := time.Now()
		text := w.Collect(t)
		collecttest.Expect(t, text, "mysql_up"+own+"1", "mysql_metadata_lock_waits"+own+"1", "mysql_row_lock_waits"+own+"1", "mysql_blocked_sessions"+own+"2",
			fmt.Sprintf(`mysql_blocked_session_seconds{blocking_pid="%d",blocking_usename="root",instance=%q,kind="metadata",`, id, s.Addr),
			fmt.Sprintf(`mysql_blocked_session_seconds{blocking_pid="%d",blocking_usename="root",instance=%q,kind="row",`, id, s.Addr))
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
			t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
		}
		t.Logf("collected in %v", time.Since(began))
	}
	run(t, holder, "ROLLBACK")
	for range 2 {
		if err := <-waits; err != nil {
			t.Error(err)
		}
	}
}

// TestMySQL8Replica has a replica of a MySQL that stops, and checks its tables.
func TestMySQL8Replica(t *testing.T) {
	t.Parallel()
	gtid := []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
	primary := servicetest.MySQL(t, append(gtid, "--server-id=1")...)
	replica := servicetest.MySQL(t, append(gtid, "--server-id=2", "--read-only=1")...)
	root, copied := session(t, primary.URL), session(t, replica.URL)
	host, port, _ := net.SplitHostPort(primary.Addr)
	run(t, root, "CREATE USER copies@'%' IDENTIFIED WITH mysql_native_password BY 'c'", "GRANT REPLICATION SLAVE ON *.* TO copies@'%'",
		"CREATE USER gatewatch@'%' IDENTIFIED BY 'word'", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO gatewatch@'%'",
		"GRANT SELECT ON performance_schema.* TO gatewatch@'%'", "CREATE DATABASE pay", "CREATE TABLE pay.orders (id int PRIMARY KEY)",
		"GRANT SELECT ON pay.* TO gatewatch@'%'")
	run(t, copied, "RESET MASTER", fmt.Sprintf(`CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %s, MASTER_USER = 'copies', MASTER_PASSWORD = 'c',
		MASTER_CONNECT_RETRY = 1, MASTER_AUTO_POSITION = 1`, host, port), "START SLAVE")
	untilNumber(t, copied, "SELECT count(*) FROM mysql.user WHERE user = 'gatewatch' AND EXISTS (SELECT * FROM mysql.db WHERE user = 'gatewatch' AND db = 'pay')", 1)
	dsn := "gatewatch:word@tcp(" + replica.Addr + ")/"
	w := watch(t, newMySQL, dsn, 0)
	text := w.Collect(t)
	if io, sql := collecttest.SampleOf(t, text, "mysql_slave_status_slave_io_running"), collecttest.SampleOf(t, text, "mysql_slave_status_slave_sql_running"); io != 1 || sql != 1 {
		t.Errorf("threads of replication: %v, %v", io, sql)
	}
	if !strings.Contains(collecttest.SamplesOf(text, "mysql_slave_status_seconds_behind_master"), `master_uuid="`) {
		t.Errorf("replication: %s", collecttest.SamplesOf(text, "mysql_slave_status_seconds_behind_master"))
	}
	collecttest.Expect(t, checking(t, newTableCheck, dsn, nil).Collect(t),
		fmt.Sprintf(`mysql_table_check_checks_total{instance=%q,name="main"} 1`, replica.Addr),
		fmt.Sprintf(`mysql_table_check_failures{instance=%q,name="main"} 0`, replica.Addr))

	run(t, copied, "SET sql_log_bin = 0", "INSERT INTO pay.orders VALUES (2)")
	run(t, root, "INSERT INTO pay.orders VALUES (2)")
	untilReplica(t, copied, "Slave_SQL_Running", "No")
	w.AllDue()
	text = w.Collect(t)
	if sql, errno := collecttest.SampleOf(t, text, "mysql_slave_status_slave_sql_running"), collecttest.SampleOf(t, text, "mysql_slave_status_last_sql_errno"); sql != 0 || errno != 1062 {
		t.Errorf("a replica that a duplicate key stopped: running %v, error %v", sql, errno)
	}
	primary.Kill()
	untilReplica(t, copied, "Slave_IO_Running", "Connecting")
	w.AllDue()
	if io := collecttest.SampleOf(t, w.Collect(t), "mysql_slave_status_slave_io_running"); io != 0 {
		t.Errorf("a replica without its primary receives: %v", io)
	}
}
