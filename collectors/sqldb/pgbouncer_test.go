package sqldb

import (
	"strings"
	"testing"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestPostgresBehindPgBouncer has one server connection for us and a gateway, which are given it for one transaction each.
func TestPostgresBehindPgBouncer(t *testing.T) {
	t.Parallel()
	s := servicetest.PostgreSQL(t)
	root := admin(t, s)
	do(t, root, strings.Replace(postgresGrants, "p@ss word", "word", 1))
	pool := servicetest.PgBouncer(t, s, 1, map[string]string{"gatewatch": "word"})
	dsn := gatewatchDSN(pool, "word")
	w := watch(t, newPostgres, dsn, 0)
	for range 3 {
		w.AllDue()
		text := w.Collect(t)
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") || !strings.Contains(text, `pg_up{`) {
			t.Fatalf("parts failed:\n%s\n%s", failed, w.Log)
		}
	}
	// Somebody who is given the connection after us finds no setting of ours.
	pool.URL = dsn
	gateway := admin(t, pool)
	for setting, want := range map[string]string{"statement_timeout": "0", "lock_timeout": "0", "transaction_read_only": "off",
		"idle_in_transaction_session_timeout": "0", "search_path": `"$user", public`} {
		if got := do(t, gateway, "SHOW "+setting); got != want {
			t.Errorf("behind us %s is %s, want %s", setting, got, want)
		}
	}
	// While somebody holds the only connection we give up, and come back.
	do(t, gateway, "BEGIN")
	w.AllDue()
	if text := collecttest.SamplesOf(w.CollectOnce(t), "pg_up{"); !strings.HasSuffix(text, " 0") {
		t.Errorf("%s while the pool has no connection, want 0", text)
	}
	do(t, gateway, "COMMIT")
	w.AllDue()
	if text := collecttest.SamplesOf(w.Collect(t), "pg_up{"); !strings.HasSuffix(text, " 1") {
		t.Errorf("%s when it has one again, want 1\n%s", text, w.Log)
	}
}
