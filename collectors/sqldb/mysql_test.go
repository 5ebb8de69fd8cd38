package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// mysqlGrants are those of docs/collectors.md.
var mysqlGrants = []string{
	"CREATE USER gatewatch@'%' IDENTIFIED BY 'p@ss:word' WITH MAX_USER_CONNECTIONS 3",
	"GRANT PROCESS, REPLICATION CLIENT ON *.* TO gatewatch@'%'",
	"GRANT SLAVE MONITOR ON *.* TO gatewatch@'%'",
	"GRANT SELECT ON performance_schema.* TO gatewatch@'%'",
}

// session is one connection of a user of a test.
func session(t *testing.T, dsn string) *sql.Conn {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); pool.Close() })
	return conn
}

func run(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func askNumber(t *testing.T, conn *sql.Conn, text string) (n int) {
	t.Helper()
	if err := conn.QueryRowContext(t.Context(), text).Scan(&n); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// oursInMySQL counts our sessions. One that we have left is there until the server has noticed.
const oursInMySQL = `SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = 'gatewatch'`

func TestMySQL(t *testing.T) {
	t.Parallel()
	slow := filepath.Join(t.TempDir(), "slow.log")
	s := servicetest.MariaDB(t, "--performance-schema=ON", "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
		"--slow-query-log=1", "--long-query-time=0", "--log-queries-not-using-indexes=1", "--slow-query-log-file="+slow,
		"--log-bin=bin", "--server-id=1")
	root := session(t, s.URL)
	run(t, root, mysqlGrants...)
	run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.cards (id int PRIMARY KEY, pan text)", "INSERT INTO pay.cards VALUES (1, 'x')")
	run(t, root, "CREATE TABLE pay.refunds (id int PRIMARY KEY AUTO_INCREMENT, card int, KEY (card)) AUTO_INCREMENT = 1073741824",
		"INSERT INTO pay.refunds (card) VALUES (1)", "CREATE TABLE pay.hidden LIKE pay.refunds", "GRANT REFERENCES ON pay.refunds TO gatewatch@'%'")
	run(t, root, "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'x'") // never started
	dsn := "gatewatch:p@ss:word@tcp(" + s.Addr + ")/"
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)

	t.Run("least privilege", func(t *testing.T) {
		w := watch(t, newMySQL, dsn, 0)
		text := swept(t, w)
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
			t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
		}
		collecttest.Expect(t, text, "mysql_up"+own+"1", "mysql_global_status_threads_connected"+own, "mysql_global_variables_max_connections"+own+"151",
			"mysql_global_variables_slow_query_log"+own+"1", `mysql_global_status_commands_total{command="select",`,
			`mysql_global_status_buffer_pool_pages{instance=`, "mysql_binlog_files"+own+"1", "mysql_metadata_lock_waits"+own+"0",
			"mysql_blocked_sessions"+own+"0", "mysql_innodb_longest_transaction_seconds"+own+"0", "mysql_unused_indexes"+own+"1",
			fmt.Sprintf(`mysql_info_schema_auto_increment_column{column="id",instance=%q,name="main",schema="pay",table="refunds"} 1.073741825e+09`, s.Addr),
			fmt.Sprintf(`mysql_info_schema_auto_increment_column_max{column="id",instance=%q,name="main",schema="pay",table="refunds"} 2.147483647e+09`, s.Addr),
			fmt.Sprintf(`mysql_slave_status_slave_io_running{channel_name="",connection_name="",instance=%q,master_host="127.0.0.1",`, s.Addr),
			`mysql_version_info{innodb_version="`, `mysql_info_schema_processlist_threads{command="`, "mysql_innodb_transactions"+own,
			"mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total"+own, `gatewatch_collector_success{collector="mysql_main"} 1`)
		// How a session begins is in the slow log, so it must be one session until the end: none that a late answer ended.
		for late := -1; late != w.Late(); {
			late = w.Late()
			before := slowQueries(t, slow)
			if before == 0 {
				t.Error("the slow log knows nothing of us, not even how the session began: the test would find nothing")
			}
			for range 5 {
				w.AllDue()
				w.Collect(t)
			}
			if now := slowQueries(t, slow); now != before && late == w.Late() {
				t.Errorf("five collections wrote %d statements into the slow log, want none", now-before)
			}
		}
		untilNumber(t, root, oursInMySQL, 1)
	})

	t.Run("wrong password", func(t *testing.T) {
		w := watch(t, newMySQL, "gatewatch:tell-nobody@tcp("+s.Addr+")/", 0)
		collecttest.Expect(t, w.Collect(t), "mysql_up"+own+"0", `gatewatch_collector_success{collector="mysql_main"} 0`)
		if log := w.Log.String(); !strings.Contains(log, "check the password in dsn") || strings.Contains(log, "tell-nobody") {
			t.Errorf("the log says %s, want what to do, without the password", log)
		}
	})

	t.Run("without grants", func(t *testing.T) {
		run(t, root, "CREATE USER nobody_special@'%' IDENTIFIED BY 'n'")
		w := watch(t, newMySQL, "nobody_special:n@tcp("+s.Addr+")/", 0)
		collecttest.Expect(t, w.Collect(t), "mysql_up"+own+"1", `gatewatch_collector_part_success{collector="mysql_main",part="transactions"} 0`,
			`gatewatch_collector_part_success{collector="mysql_main",part="status"} 1`)
		if !strings.Contains(w.Log.String(), "docs/collectors.md lists the grants") {
			t.Errorf("the log says %s, want where the grants are", w.Log)
		}
	})

	t.Run("locked", func(t *testing.T) { testMySQLLocked(t, s, root, dsn) })

	t.Run("killed and restarted", func(t *testing.T) {
		w := watch(t, newMySQL, dsn, 0)
		collecttest.Expect(t, w.Collect(t), "mysql_up"+own+"1")
		s.Kill()
		collecttest.ExpectDown(t, w, "mysql_up"+own+"0", "mysql_global")
		s.Restart(t)
		collecttest.Expect(t, w.Collect(t), "mysql_up"+own+"1")
	})
}

// swept collects until what is asked about all tables, a page of one schema at a time, has been asked about each.
func swept(t *testing.T, w *collecttest.Watched) (text string) {
	t.Helper()
	w.AllDue()
	for range 10 {
		text = w.Collect(t)
	}
	return text
}

// slowQueries counts what our user has in the slow log.
func slowQueries(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "User@Host: gatewatch[")
}

// testMySQLLocked has an ALTER TABLE wait behind a transaction, and a row locked, while we collect.
func testMySQLLocked(t *testing.T, s *servicetest.Server, root *sql.Conn, dsn string) {
	w := watch(t, newMySQL, dsn, 0)
	holder, migration, gateway := session(t, s.URL), session(t, s.URL), session(t, s.URL)
	run(t, root, "CREATE TABLE pay.orders (id int PRIMARY KEY, note text)", "INSERT INTO pay.orders VALUES (1, 'x')")
	// The table of which we may know more than the others is locked, too.
	changes := session(t, s.URL)
	run(t, changes, "LOCK TABLES pay.refunds WRITE")
	run(t, holder, "BEGIN", "SELECT * FROM pay.cards", "UPDATE pay.orders SET note = 'y' WHERE id = 1")
	waits := make(chan error, 2)
	wait := func(conn *sql.Conn, text string) {
		go func() {
			_, err := conn.ExecContext(context.WithoutCancel(t.Context()), text)
			waits <- err
		}()
	}
	id := askNumber(t, holder, "SELECT connection_id()")
	wait(migration, "ALTER TABLE pay.cards ADD expiry text DEFAULT '4111111111111111'")
	wait(gateway, "UPDATE pay.orders SET note = \"4111111111111111\" WHERE id = 1")
	for end := time.Now().Add(time.Minute); askNumber(t, root, `SELECT (SELECT count(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock' AND TIME > 5)
		+ (SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND timestampdiff(SECOND, trx_wait_started, now()) > 5)`) < 2; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody waits")
		}
	}
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	for i := range 10 {
		w.AllDue()
		text := w.Collect(t)
		collecttest.Expect(t, text, "mysql_up"+own+"1", "mysql_metadata_lock_waits"+own+"1", "mysql_row_lock_waits"+own+"1",
			"mysql_blocked_sessions"+own+"2",
			fmt.Sprintf(`mysql_blocked_session_seconds{blocking_pid="%d",blocking_usename="root",instance=%q,kind="metadata",`, id, s.Addr),
			fmt.Sprintf(`mysql_blocked_session_seconds{blocking_pid="%d",blocking_usename="root",instance=%q,kind="row",`, id, s.Addr))
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
			t.Errorf("collection %d: parts failed:\n%s\n%s", i, failed, w.Log)
		}
		untilNumber(t, root, oursInMySQL, 1)
	}
	log := w.Log.String()
	if n := strings.Count(log, "session is blocked"); n != 2 || strings.Contains(log, "41111111") ||
		!strings.Contains(log, "ALTER TABLE pay.cards ADD expiry text DEFAULT ?") {
		t.Errorf("the log tells of %d blocked sessions, want 2, without values:\n%s", n, log)
	}
	run(t, holder, "ROLLBACK")
	for range 2 {
		if err := <-waits; err != nil {
			t.Error(err)
		}
	}
}

// TestMySQLSilent has a server that takes connections and never says a word.
func TestMySQLSilent(t *testing.T) {
	t.Parallel()
	addr, tried := collecttest.SilentServer(t)
	w := watch(t, newMySQL, "gatewatch:tell-nobody@tcp("+addr+")/", time.Second)
	collecttest.ExpectSilence(t, w, fmt.Sprintf(`mysql_up{instance=%q,name="main"} 0`, addr), tried)
}

func TestParseVariable(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text string, want float64, ok bool) {
		t.Helper()
		if got, is := parseVariable(text); got != want || is != ok {
			t.Errorf("parseVariable(%q) = %v, %v, want %v, %v", text, got, is, want, ok)
		}
	}
	f(t, "ON", 1, true)
	f(t, "No", 0, true)
	f(t, "Connecting", 0, true)
	f(t, "1.5", 1.5, true)
	f(t, "mysql-bin.000042", 42, true)
	f(t, "Nov  2 15:04:05 2026 GMT", 1793631845, true)
	f(t, "10.11.19-MariaDB", 0, false)
	f(t, "127.0.0.1", 0, false)
	f(t, "", 0, false)
}
