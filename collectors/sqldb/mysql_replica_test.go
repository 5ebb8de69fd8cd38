package sqldb

import (
	"database/sql"
	"fmt"
	"net"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// replicaState returns a column of the state of replication.
func replicaState(t *testing.T, conn *sql.Conn, column string) string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "SHOW SLAVE STATUS")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatalf("no state of replication: %v", err)
	}
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(sql.NullString)
	}
	if err := rows.Scan(cells...); err != nil {
		t.Fatal(err)
	}
	for i, name := range columns {
		if name == column {
			return cells[i].(*sql.NullString).String
		}
	}
	t.Fatalf("no column %s", column)
	return ""
}

func untilReplica(t *testing.T, conn *sql.Conn, column, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = replicaState(t, conn, column); got == want {
			return
		}
	}
	t.Fatalf("%s = %q, want %q", column, got, want)
}

func untilNumber(t *testing.T, conn *sql.Conn, text string, want int) {
	t.Helper()
	// InnoDB shows what it knew before to who asks for its transactions more often than every 100 ms.
	for end := time.Now().Add(time.Minute); askNumber(t, conn, text) != want; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s is not %d", text, want)
		}
	}
}

// TestMySQLReplica follows a MariaDB and its replica through what happens to them.
func TestMySQLReplica(t *testing.T) {
	t.Parallel()
	primary := servicetest.MariaDB(t, "--log-bin=bin", "--server-id=1", "--gtid-domain-id=1")
	replica := servicetest.MariaDB(t, "--log-bin=bin", "--server-id=2", "--read-only=1", "--slave-net-timeout=2")
	root, copied := session(t, primary.URL), session(t, replica.URL)
	host, port, _ := net.SplitHostPort(primary.Addr)
	run(t, root, "CREATE USER copies@'%' IDENTIFIED BY 'c'", "GRANT REPLICATION SLAVE ON *.* TO copies@'%'")
	run(t, root, mysqlGrants...)
	run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.orders (id int PRIMARY KEY)")
	run(t, copied, fmt.Sprintf(`CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %s, MASTER_USER = 'copies', MASTER_PASSWORD = 'c',
		MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos`, host, port), "START SLAVE")
	const rows = "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'pay'"
	untilNumber(t, copied, rows, 1)
	w := watch(t, newMySQL, "gatewatch:p@ss:word@tcp("+replica.Addr+")/", 0)
	of := func(column string) string {
		return fmt.Sprintf(`mysql_slave_status_%s{channel_name="",connection_name="",instance=%q,master_host="127.0.0.1",master_uuid="",name="main"} `, column, replica.Addr)
	}
	collect := func() string {
		w.AllDue()
		return w.Collect(t)
	}
	w.Await(t, of("slave_io_running")+"1", of("slave_sql_running")+"1", of("seconds_behind_master")+"0\n",
		fmt.Sprintf(`mysql_global_variables_read_only{instance=%q,name="main"} 1`, replica.Addr))

	// The replica waits for a lock that somebody holds there.
	run(t, copied, "LOCK TABLES pay.orders READ")
	run(t, root, "INSERT INTO pay.orders VALUES (1)")
	for end := time.Now().Add(time.Minute); collecttest.SampleOf(t, collect(), "mysql_slave_status_seconds_behind_master") < 1; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a replica that waits for a minute is not behind")
		}
	}
	run(t, copied, "UNLOCK TABLES")
	untilReplica(t, copied, "Seconds_Behind_Master", "0")
	w.Await(t, of("seconds_behind_master")+"0\n")

	// Somebody wrote on the replica: the same key comes from the primary.
	run(t, copied, "INSERT INTO pay.orders VALUES (2)")
	run(t, root, "INSERT INTO pay.orders VALUES (2)")
	untilReplica(t, copied, "Slave_SQL_Running", "No")
	text := collect()
	collecttest.Expect(t, text, of("slave_io_running")+"1", of("slave_sql_running")+"0", of("last_sql_errno")+"1062")
	if behind := collecttest.SamplesOf(text, "mysql_slave_status_seconds_behind_master"); behind != "" {
		t.Errorf("a replica that has stopped says how far it is behind: %s", behind)
	}
	run(t, copied, "DELETE FROM pay.orders WHERE id = 2", "START SLAVE SQL_THREAD")
	untilReplica(t, copied, "Seconds_Behind_Master", "0")
	w.Await(t, of("slave_sql_running")+"1", of("last_sql_errno")+"0")

	// The primary is gone, and comes back.
	primary.Kill()
	untilReplica(t, copied, "Slave_IO_Running", "Connecting")
	w.Await(t, of("slave_io_running")+"0", of("slave_sql_running")+"1")
	primary.Restart(t)
	untilReplica(t, copied, "Slave_IO_Running", "Yes")
	w.Await(t, of("slave_io_running")+"1")
}
