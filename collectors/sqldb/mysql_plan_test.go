package sqldb

import (
	"strings"
	"testing"

	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

func TestMySQLPlan(t *testing.T) {
	t.Parallel()
	s := servicetest.MySQL(t, "--server-id=1")
	root := session(t, s.URL)
	run(t, root, "CREATE DATABASE `pay``2`", "USE `pay``2`", "CREATE TABLE cards (id int PRIMARY KEY, pan text)", "INSERT INTO cards VALUES (1, 'x'), (2, 'y')",
		"CREATE USER gatewatch@'%' IDENTIFIED BY 'word'", "GRANT SELECT ON performance_schema.* TO gatewatch@'%'",
		"SELECT pan FROM cards WHERE id = 2 AND pan <> '4111111111111111'", "UPDATE cards SET pan = '4111111111111111' WHERE pan = 'never'",
		"ALTER TABLE cards COMMENT 'x'", "SELECT id FROM cards WHERE pan IN ('"+strings.Repeat("4", 1100)+"')")
	digest := func(part string) string {
		var id string
		if err := root.QueryRowContext(t.Context(), "SELECT DIGEST FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST_TEXT LIKE '"+part+"%'").Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	f := func(t *testing.T, dsn, id, wantText, wantPlan, wantErr string) {
		t.Helper()
		text, plan, err := MySQLPlan(t.Context(), secret.Secret(dsn), id)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, wantErr) || (err == nil) != (wantErr == "") {
			t.Errorf("MySQLPlan(%s) fails with %q, want %q", id, got, wantErr)
		}
		if text != wantText || !strings.Contains(strings.Join(plan, "\n"), wantPlan) || strings.Contains(strings.Join(plan, " ")+got, "41111111") {
			t.Errorf("MySQLPlan(%s) = %q, %q, want %q and %q", id, text, plan, wantText, wantPlan)
		}
	}
	f(t, s.URL, digest("SELECT `pan`"), "SELECT pan FROM cards WHERE id = ? AND pan <> ?", "table=cards  type=const  possible_keys=PRIMARY  key=PRIMARY", "")
	f(t, s.URL, digest("UPDATE"), "UPDATE cards SET pan = ? WHERE pan = ?", "select_type=UPDATE  table=cards", "")
	f(t, s.URL, digest("ALTER"), "", "", "begins with SELECT")
	f(t, s.URL, digest("SELECT `id`"), "", "", "performance_schema_max_sql_text_length")
	f(t, "gatewatch:word@tcp("+s.Addr+")/", digest("SELECT `pan`"), "", "", `user "gatewatch" may not`)
	f(t, s.URL, strings.Repeat("0", 64), "", "", "knows no statement")
	f(t, s.URL, "1' OR 1", "", "", "is its digest")
	if n := askNumber(t, root, "SELECT count(*) FROM cards WHERE pan = '4111111111111111'"); n != 0 {
		t.Errorf("%v rows were changed, want none: nothing is run", n)
	}
}

// TestMariaDBPlan: MariaDB keeps no examples.
func TestMariaDBPlan(t *testing.T) {
	t.Parallel()
	s := servicetest.MariaDB(t, "--performance-schema=ON")
	_, _, err := MySQLPlan(t.Context(), secret.Secret(s.URL), strings.Repeat("0", 32))
	if err == nil || !strings.Contains(err.Error(), "keeps no examples") {
		t.Errorf("MySQLPlan() = %v, want that the server keeps no examples", err)
	}
}
