package sqldb

import (
	"strings"
	"testing"

	"gatewatch/internal/secret"
)

func TestPostgresPlan(t *testing.T) { onEachPostgres(t, testPostgresPlan) }

func testPostgresPlan(t *testing.T, start startPostgres) {
	s := start(t, "shared_preload_libraries=pg_stat_statements")
	root := admin(t, s)
	do(t, root, postgresGrants+`CREATE EXTENSION pg_stat_statements; CREATE TABLE cards (id int PRIMARY KEY, pan text);
		INSERT INTO cards SELECT g, 'x' FROM generate_series(1, 10000) g`)
	do(t, root, `ANALYZE cards`)
	do(t, root, `SELECT pan FROM cards WHERE id = 4242 AND pan <> '4111111111111111'`)
	do(t, root, `DELETE FROM cards WHERE pan = 'never'`)
	// What is one statement for somebody with old rules for backslashes is two for others.
	do(t, root, `SET standard_conforming_strings = off; SET escape_string_warning = off`)
	do(t, root, `COMMENT ON TABLE cards IS '\'; DROP TABLE cards; --'`)
	do(t, root, `SET pg_stat_statements.track = 'none'`)
	id := func(part string) string {
		return do(t, root, `SELECT queryid FROM pg_stat_statements WHERE query LIKE '`+part+`%' LIMIT 1`)
	}
	f := func(t *testing.T, dsn, id, wantText, wantPlan, wantErr string) {
		t.Helper()
		text, plan, err := PostgresPlan(t.Context(), secret.Secret(dsn), id)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, wantErr) || (err == nil) != (wantErr == "") {
			t.Errorf("PostgresPlan(%s) fails with %q, want %q", id, got, wantErr)
		}
		if text != wantText || !strings.Contains(strings.Join(plan, "\n"), wantPlan) || strings.Contains(strings.Join(plan, " ")+got, "41111111") {
			t.Errorf("PostgresPlan(%s) = %q, %q, want %q and %q", id, text, plan, wantText, wantPlan)
		}
	}
	f(t, s.URL, id("SELECT pan"), "SELECT pan FROM cards WHERE id = $1 AND pan <> $2", "Index Scan using cards_pkey on cards", "")
	f(t, s.URL, id("DELETE"), "DELETE FROM cards WHERE pan = $1", "Seq Scan on cards", "")
	if n := do(t, root, `SELECT count(*) FROM cards`); n != "10000" {
		t.Errorf("%s rows are there, want all: nothing is run", n)
	}
	own := gatewatchDSN(s, "p%40ss%20word")
	f(t, own, id("SELECT pan"), "", "", `user "gatewatch" may not do what the statement does`)
	f(t, s.URL, "1", "", "", "knows no statement 1")
	f(t, s.URL, "1; DROP TABLE cards", "", "", "is a number")
	f(t, s.URL, id("COMMENT"), "", "", "multiple commands")
	if n := do(t, root, `SELECT count(*) FROM cards`); n != "10000" {
		t.Errorf("%s rows are there, want all: nothing is run", n)
	}
}
