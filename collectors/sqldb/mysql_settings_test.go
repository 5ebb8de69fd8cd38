package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestMySQLSettings asks servers whose sessions begin with other settings than usual, and where many wait for one row.
func TestMySQLSettings(t *testing.T) {
	t.Parallel()
	options := []string{"--server-id=1", "--default-time-zone=+08:00", "--autocommit=0", "--max-connections=250", "--innodb-lock-wait-timeout=600"}
	for kind, start := range map[string]func(testing.TB, ...string) *servicetest.Server{"MariaDB": servicetest.MariaDB, "MySQL": servicetest.MySQL} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, options...)
			root := session(t, s.URL)
			run(t, root, "SET autocommit = 1")
			for _, grant := range mysqlGrants {
				if kind == "MariaDB" || !strings.Contains(grant, "SLAVE MONITOR") {
					run(t, root, grant)
				}
			}
			run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.orders (id int PRIMARY KEY, note text)", "INSERT INTO pay.orders VALUES (1, 'x')")
			w := watch(t, newMySQL, "gatewatch:p@ss:word@tcp("+s.Addr+")/", 0)
			testMySQLClock(t, s, root, w)
			untilNumber(t, root, `SELECT count(*) FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p
				ON p.ID = t.trx_mysql_thread_id WHERE p.USER = 'gatewatch'`, 0)
			testMySQLNames(t, s, root, w)
			testMySQLUserLimit(t, s, root)
			testMySQLFlush(t, s, root, w)
			testMySQLQueue(t, s, root, "gatewatch:p@ss:word@tcp("+s.Addr+")/")
		})
	}
}

// testMySQLClock has a transaction begin: what InnoDB says of its age is in the server's time zone, not in the session's.
func testMySQLClock(t *testing.T, s *servicetest.Server, root *sql.Conn, w *collecttest.Watched) {
	t.Helper()
	holder := session(t, s.URL)
	run(t, holder, "BEGIN", "UPDATE pay.orders SET note = 'y' WHERE id = 1")
	untilNumber(t, root, fmt.Sprintf("SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = %d", askNumber(t, holder, "SELECT connection_id()")), 1)
	w.AllDue()
	text := w.Collect(t)
	if n := collecttest.SampleOf(t, text, "mysql_innodb_transactions"); n < 1 {
		t.Errorf("%v transactions are open, want 1", n)
	}
	if age := collecttest.SampleOf(t, text, "mysql_innodb_longest_transaction_seconds"); age < 0 || age > 600 {
		t.Errorf("a transaction that has just begun has lasted %v s", age)
	}
	run(t, holder, "ROLLBACK")
}

// testMySQLNames has tables whose names differ in upper and lower case only.
func testMySQLNames(t *testing.T, s *servicetest.Server, root *sql.Conn, w *collecttest.Watched) {
	t.Helper()
	run(t, root, "CREATE TABLE pay.Refunds (id int PRIMARY KEY AUTO_INCREMENT) AUTO_INCREMENT = 100",
		"CREATE TABLE pay.refunds (id int PRIMARY KEY AUTO_INCREMENT) AUTO_INCREMENT = 200", "GRANT REFERENCES ON pay.* TO gatewatch@'%'")
	w.AllDue()
	text := w.Collect(t)
	for table, next := range map[string]int{"Refunds": 100, "refunds": 200} {
		collecttest.Expect(t, text, fmt.Sprintf(`mysql_info_schema_auto_increment_column{column="id",instance=%q,name="main",schema="pay",table=%q} %d`, s.Addr, table, next))
	}
	collecttest.Expect(t, text, `gatewatch_collector_dropped_samples_total{collector="mysql_main"} 0`)
}

// testMySQLUserLimit has all connections of our user taken, and not those of the server.
func testMySQLUserLimit(t *testing.T, s *servicetest.Server, root *sql.Conn) {
	t.Helper()
	run(t, root, "CREATE USER few@'%' IDENTIFIED BY 'word' WITH MAX_USER_CONNECTIONS 1")
	dsn := "few:word@tcp(" + s.Addr + ")/"
	session(t, dsn)
	w := watch(t, newMySQL, dsn, 0)
	w.Collect(t)
	if log := w.Log.String(); !strings.Contains(log, "MAX_USER_CONNECTIONS") {
		t.Errorf("the log says %s", log)
	}
}

// testMySQLFlush has a backup stop all that write.
func testMySQLFlush(t *testing.T, s *servicetest.Server, root *sql.Conn, w *collecttest.Watched) {
	t.Helper()
	backup, gateway := session(t, s.URL), session(t, s.URL)
	run(t, backup, "FLUSH TABLES WITH READ LOCK")
	done := make(chan error, 1)
	go func() {
		_, err := gateway.ExecContext(t.Context(), "UPDATE pay.orders SET note = 'y' WHERE id = 1")
		done <- err
	}()
	untilNumber(t, root, "SELECT count(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for % lock'", 1)
	w.AllDue()
	collecttest.Expect(t, w.Collect(t), fmt.Sprintf(`mysql_blocked_sessions{instance=%q,name="main"} 1`, s.Addr),
		fmt.Sprintf(`mysql_metadata_lock_waits{instance=%q,name="main"} 0`, s.Addr))
	run(t, backup, "UNLOCK TABLES")
	if err := <-done; err != nil {
		t.Error(err)
	}
	run(t, gateway, "ROLLBACK")
}

// testMySQLQueue has many sessions wait for one row: each waits for all before it.
func testMySQLQueue(t *testing.T, s *servicetest.Server, root *sql.Conn, dsn string) {
	t.Helper()
	const many = 200
	holder := session(t, s.URL)
	run(t, holder, "BEGIN", "UPDATE pay.orders SET note = 'y' WHERE id = 1")
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer cancel()
	for range many {
		conn := session(t, s.URL)
		waiting.Go(func() { conn.ExecContext(ctx, "UPDATE pay.orders SET note = 'z' WHERE id = 1") })
	}
	untilNumber(t, root, "SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'", many)
	w := watch(t, newMySQL, dsn, 0)
	text := w.Collect(t)
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	collecttest.Expect(t, text, fmt.Sprintf("mysql_blocked_sessions%s%d", own, many), fmt.Sprintf("mysql_row_lock_waits%s%d", own, many),
		fmt.Sprintf(`mysql_blocked_session_seconds{blocking_pid="%d",`, askNumber(t, holder, "SELECT connection_id()")))
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
	}
}
