package sqldb

import (
	"fmt"
	"strings"
	"testing"

	"gatewatch/collectors/collecttest"
)

// TestPostgresFindings has tables as gateways grow them, of which the user may read none.
func TestPostgresFindings(t *testing.T) { onEachPostgres(t, testPostgresFindings) }

func testPostgresFindings(t *testing.T, start startPostgres) {
	s := start(t)
	root := admin(t, s)
	do(t, root, postgresGrants)
	do(t, root, `CREATE TABLE customers (id int PRIMARY KEY, email text, region text);
		CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, buyer int CONSTRAINT orders_buyer REFERENCES customers, paid bool);
		CREATE INDEX orders_customer ON orders (customer, paid);
		CREATE TABLE payments (region text, id int, "order" int REFERENCES orders, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
		CREATE TABLE payments_cn PARTITION OF payments FOR VALUES IN ('cn'); CREATE TABLE payments_eu PARTITION OF payments FOR VALUES IN ('eu');
		CREATE INDEX customers_email ON customers (email); CREATE INDEX customers_email_again ON customers (email);
		CREATE INDEX customers_lower ON customers ((lower(email))); CREATE INDEX customers_lower_again ON customers (lower(email));
		CREATE INDEX customers_cn ON customers (id) WHERE region = 'cn'; CREATE INDEX customers_eu ON customers (id) WHERE region = 'eu';
		CREATE INDEX customers_down ON customers (email DESC); CREATE INDEX customers_more ON customers (email) INCLUDE (region);
		CREATE INDEX customers_pattern ON customers (email text_pattern_ops); CREATE INDEX customers_hash ON customers USING hash (email);
		CREATE INDEX customers_id ON customers (id); CREATE INDEX customers_torn ON customers (region);
		UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'customers_torn'::regclass`)
	if majorVersion(t, root) >= 15 { // what allows NULL once does not go for what allows it twice
		do(t, root, `CREATE TABLE tokens (token text); CREATE UNIQUE INDEX ON tokens (token); CREATE UNIQUE INDEX ON tokens (token) NULLS NOT DISTINCT`)
	}
	if majorVersion(t, root) >= 18 { // nothing waits for what is not enforced
		do(t, root, `CREATE TABLE notes (customer int REFERENCES customers NOT ENFORCED)`)
	}
	w := watch(t, newPostgres, gatewatchDSN(s, "p%40ss%20word"), 0)
	// Who changes the tables is not waited for.
	holder := admin(t, s)
	do(t, holder, `BEGIN; LOCK TABLE customers, orders, payments IN ACCESS EXCLUSIVE MODE`)
	text := w.Collect(t)
	do(t, holder, `ROLLBACK`)
	of := fmt.Sprintf(`{datname="postgres",instance=%q,name="main"`, s.Addr)
	collecttest.Expect(t, text, "pg_duplicate_indexes"+of+"} 3", "pg_duplicate_indexes_bytes"+of+"} 24576", "pg_foreign_keys_without_index"+of+"} 2",
		"pg_invalid_indexes"+of+"} 1", "pg_table_foreign_keys_without_index"+of+`,relname="orders",schemaname="public"} 1`,
		"pg_table_foreign_keys_without_index"+of+`,relname="payments",schemaname="public"} 1`)
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
	}
	w.AllDue()
	w.Collect(t)
	for _, want := range []string{
		`"message":"public.orders(buyer) refers to public.customers and has no index`,
		`"message":"public.payments(order) refers to public.orders and has no index`,
		`"message":"index customers_email_again of public.customers(email) is the same as customers_email:`,
		`"message":"index customers_lower_again of public.customers(…) is the same as customers_lower:`,
		`"message":"index customers_id of public.customers(id) is the same as customers_pkey:`,
		`"message":"index customers_torn of public.customers is invalid`,
	} {
		if n := len(w.Documents(want)); n != 1 {
			t.Errorf("%d documents say %s, want 1 of two collections", n, want)
		}
	}
	if all := w.Documents("postgresql.finding.kind"); len(all) != 6 {
		t.Errorf("%d documents, want 6:\n%s", len(all), strings.Join(all, "\n"))
	}
}
