package sqldb

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestMySQLSettings asks servers whose sessions begin with other settings than usual.
func TestMySQLSettings(t *testing.T) {
	t.Parallel()
	options := []string{"--server-id=1", "--default-time-zone=+08:00", "--autocommit=0"}
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
