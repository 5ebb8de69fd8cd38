package sqldb

import (
	"fmt"
	"strings"
	"testing"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

func TestMySQLFindings(t *testing.T) {
	t.Parallel()
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		testMySQLFindings(t, servicetest.MariaDB(t, "--performance-schema=ON"), mysqlGrants)
	})
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		testMySQLFindings(t, servicetest.MySQL(t), []string{mysqlGrants[0], mysqlGrants[1], mysqlGrants[3]})
	})
	t.Run("MariaDB as it is installed", func(t *testing.T) {
		t.Parallel()
		testMySQLBlind(t, servicetest.MariaDB(t))
	})
}

// testMySQLFindings has tables as gateways grow them, some of them locked, of which the user knows that they exist.
func testMySQLFindings(t *testing.T, s *servicetest.Server, grants []string) {
	root := session(t, s.URL)
	run(t, root, grants...)
	run(t, root, "CREATE DATABASE pay", "GRANT REFERENCES ON pay.* TO gatewatch@'%'", "CREATE DATABASE `pay.me`", "USE pay",
		"CREATE TABLE orders (id int PRIMARY KEY, customer int, note varchar(200), KEY by_customer (customer), KEY by_customer_again (customer), KEY by_note (note(10)))",
		"CREATE INDEX by_both ON orders (customer, note)", "CREATE UNIQUE INDEX one_note ON orders (note)", "CREATE INDEX by_id ON orders (id)",
		"CREATE TABLE callbacks (body varchar(100)) PARTITION BY KEY (body) PARTITIONS 2", "INSERT INTO orders VALUES (1, 1, 'a')", "SELECT * FROM orders IGNORE INDEX (by_both)",
		"CREATE TABLE `pay.me`.`ca``rds` (pan varchar(20) UNIQUE, expiry text)", "CREATE TABLE settled (id int NOT NULL UNIQUE)",
		"CREATE TABLE refunds (id int PRIMARY KEY AUTO_INCREMENT, order_id int, code int, note int, UNIQUE KEY once (code), KEY to_order (order_id), KEY by_note (note), CONSTRAINT f FOREIGN KEY (order_id) REFERENCES orders (id))",
		"INSERT INTO refunds (order_id) VALUES (1)", "SELECT * FROM refunds")
	run(t, root, "GRANT REFERENCES ON `pay.me`.* TO gatewatch@'%'")
	w := watch(t, newMySQL, "gatewatch:p@ss:word@tcp("+s.Addr+")/", 0)
	swept(t, w) // so that the connection and what the server learns at first are not part of what follows

	// One table is locked, of another one somebody waits for the lock.
	holder, migration := session(t, s.URL), session(t, s.URL)
	run(t, holder, "LOCK TABLES pay.orders WRITE, pay.callbacks READ")
	changed := make(chan error, 1)
	go func() {
		_, err := migration.ExecContext(t.Context(), "ALTER TABLE pay.callbacks ADD signature text")
		changed <- err
	}()
	untilNumber(t, root, "SELECT count(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock'", 1)
	text := swept(t, w)
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	size := func(component string) string {
		return fmt.Sprintf(`mysql_info_schema_table_size{component=%q,instance=%q,name="main",schema="pay",table="orders"} `, component, s.Addr)
	}
	collecttest.Expect(t, text, "mysql_tables_without_primary_key"+own+"2", "mysql_redundant_indexes"+own+"3",
		"mysql_unused_indexes"+own+"5", // by_customer, by_customer_again, by_note, by_both and by_note of refunds: neither by_id, which begins as what refunds refer to, nor what is unique
		fmt.Sprintf(`mysql_perf_schema_index_io_waits_total{index="NONE",instance=%q,name="main",operation="fetch",schema="pay",table="orders"} `, s.Addr),
		size("data_length")+"16384", size("data_free")+"0", size("index_length"))
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
	}
	run(t, holder, "UNLOCK TABLES")
	if err := <-changed; err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		`"message":"pay.callbacks has no primary key`, "\"message\":\"pay.me.ca`rds has no primary key",
		`"message":"index by_customer of pay.orders(customer) serves nothing that by_both(customer, note) does not serve`,
		`"message":"index by_customer_again of pay.orders(customer) serves nothing`,
		`"message":"index by_id of pay.orders(id) serves nothing that PRIMARY(id)`,
	} {
		if n := len(w.Documents(want)); n != 1 {
			t.Errorf("%d documents say %s, want 1 of two collections", n, want)
		}
	}
	if all := w.Documents("mysql.finding.kind"); len(all) != 5 {
		t.Errorf("%d documents, want 5:\n%s", len(all), strings.Join(all, "\n"))
	}
}

// testMySQLBlind has performance_schema off, and gives no right on any table: what cannot be known is not there.
func testMySQLBlind(t *testing.T, s *servicetest.Server) {
	root := session(t, s.URL)
	run(t, root, mysqlGrants...)
	run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.orders (id int, KEY (id), KEY again (id))", "INSERT INTO pay.orders VALUES (1)")
	text := swept(t, watch(t, newMySQL, "gatewatch:p@ss:word@tcp("+s.Addr+")/", 0))
	own := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	collecttest.Expect(t, text, "mysql_tables_without_primary_key"+own+"1", "mysql_global_variables_performance_schema"+own+"0")
	for _, absent := range []string{"mysql_unused_indexes", "mysql_perf_schema_index_io_waits_total", "mysql_info_schema_table_size"} {
		if found := collecttest.SamplesOf(text, absent); found != "" {
			t.Errorf("of what nobody tells there is:\n%s", found)
		}
	}
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("parts failed:\n%s", failed)
	}
}

func TestRedundantIndexes(t *testing.T) {
	t.Parallel()
	index := func(name string, unique bool, columns ...string) indexShape {
		return indexShape{"pay", "orders", name, unique, columns}
	}
	f := func(want string, all ...indexShape) {
		t.Helper()
		var got []string
		for _, one := range redundantIndexes(all) {
			got = append(got, one.index+" by "+one.of)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("redundantIndexes(%v) = %q, want %q", all, got, want)
		}
	}
	f("", index("PRIMARY", true, "id"), index("a", false, "customer"), index("b", false, "note", "customer"))
	f("b by a(x)", index("b", false, "x"), index("a", false, "x"))
	f("a by b(x)", index("a", false, "x"), index("b", true, "x"))
	f("a by PRIMARY(id)", index("PRIMARY", true, "id"), index("a", true, "id"))
	f("", index("PRIMARY", true, "id"), index("a", false, "id", "x"))
	f("", index("a", true, "x"), index("b", true, "x", "y"))
	f("a by b(x, y)", index("a", false, "x"), index("b", false, "x", "y"))
	f("", index("a", false, "x(10)"), index("b", false, "x"))
	f("", index("a", false, "x DESC"), index("b", false, "x", "y"))
	other := index("b", false, "x")
	other.table = "refunds"
	f("", index("a", false, "x"), other)
}

func TestInnoDBName(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := innodbName(text); got != want {
			t.Errorf("innodbName(%q) = %q, want %q", text, got, want)
		}
	}
	f("orders", "orders")
	f("pay@002eme", "pay.me")
	f("@8ba2@5355", "订单")
	f("a@", "a@")
	f("a@0g", "a@0g")
}
