package sqldb

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

func TestStatementsBecomeSlower(t *testing.T) {
	t.Parallel()
	w := collecttest.NewWatched()
	s := newStatements("pg_", "postgresql.statement", DatabaseConfig{Statements: 1}, "db:5432", nil,
		collect.Env{Log: slog.New(slog.NewTextHandler(w.Log, nil)), Notes: w})
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	big := statementSum{key: statementKey{"pay", "1"}}
	slow := statementSum{key: statementKey{"pay", "2"}}
	next := func(millis float64) []statementSum {
		now = now.Add(statementsEvery)
		big.calls, big.millis = big.calls+1000, big.millis+1e6
		slow.calls, slow.millis = slow.calls+20, slow.millis+20*millis
		top := s.take([]statementSum{big, slow}, true, now)
		s.tell(top, map[statementKey]string{slow.key: "SELECT 'x'"}, now)
		return top
	}
	if top := next(10); len(top) != 0 {
		t.Errorf("the first reading tells %v: what was before the agent is not of an interval", top)
	}
	for range usualReadings + 3 {
		if top := next(10); len(top) != 1 || top[0].key != big.key || top[0].millis != 1e6 || s.slowers != 0 {
			t.Fatalf("told %+v, slower %d; want the largest one, and none slower", top, s.slowers)
		}
	}
	if top := next(49); s.slowers != 0 {
		t.Errorf("told %+v: five times as slow is needed", top)
	}
	top := next(200)
	if s.slowers != 1 || len(top) != 2 || top[1].key != slow.key || !top[1].slower {
		t.Errorf("told %+v, slower %d; want the slower one beside the largest", top, s.slowers)
	}
	if log := w.Log.String(); strings.Count(log, "statement is slower than usual") != 1 || !strings.Contains(log, "mean_ms=200") || !strings.Contains(log, "SELECT ?") {
		t.Errorf("the log says %s, want the statement and its times", log)
	}
	if found := w.Documents(`"log.level":"warn","message":"SELECT ?"`); len(found) != 1 || !strings.Contains(found[0], `.query.time.mean.ms":200,`) {
		t.Errorf("documents of the slower one: %s", found)
	}
	// What stays slow is usual some day.
	for range 40 {
		next(200)
	}
	if s.slowers != 0 {
		t.Error("after three hours it is still not usual")
	}
	// The server forgot its counts.
	slow.calls, slow.millis, big = 0, 0, statementSum{key: big.key}
	before := s.all.calls
	if next(10); s.all.calls != before+1020 {
		t.Errorf("after a reset %v calls were counted, want 1020", s.all.calls-before)
	}
	// One that appears where not all fit may have been there before.
	other := statementSum{key: statementKey{"pay", "3"}, calls: 9, millis: 9e9}
	if top := s.take([]statementSum{other}, false, now); len(top) != 0 {
		t.Errorf("told %v, of which nobody knows when it was", top)
	}
}

func TestPostgresStatements(t *testing.T) { onEachPostgres(t, testPostgresStatements) }

func testPostgresStatements(t *testing.T, start startPostgres) {
	s := start(t, "shared_preload_libraries=pg_stat_statements")
	root := admin(t, s)
	do(t, root, postgresGrants)
	w := watch(t, newPostgres, gatewatchDSN(s, "p%40ss%20word"), 0)
	collect := func() string {
		w.AllDue()
		return w.Collect(t)
	}
	if text := collect(); strings.Contains(text, "pg_statements_calls_total") || !strings.Contains(text, `part_success{collector="postgres_main",part="statements"} 1`) {
		t.Errorf("without the extension there is %s", collecttest.SamplesOf(text, "pg_statements"))
	}
	do(t, root, `CREATE SCHEMA "odd one"; GRANT USAGE ON SCHEMA "odd one" TO gatewatch; CREATE EXTENSION pg_stat_statements SCHEMA "odd one"; CREATE TABLE cards (pan text, id int)`)
	collect()
	for i := range 7 {
		do(t, root, fmt.Sprintf(`INSERT INTO cards SELECT '411111111111111%d', g FROM generate_series(1, 1000) g`, i))
	}
	do(t, root, `ALTER ROLE gatewatch PASSWORD 'p@ss word'`)
	text := collect()
	found := w.Documents("INSERT INTO cards")
	if len(found) != 1 {
		t.Fatalf("%d documents of the statement, want 1; all: %s\n%s", len(found), w.Documents(""), w.Log)
	}
	for _, part := range []string{`"message":"INSERT INTO cards SELECT $1, g FROM generate_series($2, $3) g"`, `"event.kind":"metric"`,
		fmt.Sprintf(`"service.address":%q`, s.Addr), `"labels.name":"main"`, `"postgresql.statement.database.name":"postgres"`,
		`"postgresql.statement.query.calls":7`, `"postgresql.statement.query.rows":7000`, `"postgresql.statement.query.time.total.ms":`,
		`"postgresql.statement.query.memory.shared.hit":`} {
		if !strings.Contains(found[0], part) {
			t.Errorf("the document %s does not have %s", found[0], part)
		}
	}
	if told := w.Documents("p@ss word"); told != nil {
		t.Errorf("a document holds a password: %s", told)
	}
	if told := w.Documents("pg_stat_activity"); told != nil {
		t.Errorf("our own statements are told: %s", told)
	}
	if calls := collecttest.SampleOf(t, text, "pg_statements_calls_total"); calls < 7 {
		t.Errorf("pg_statements_calls_total = %v, want at least 7", calls)
	}
	for _, failed := range strings.Split(collecttest.SamplesOf(text, "gatewatch_collector_part_success"), "\n") {
		if strings.HasSuffix(failed, " 0") {
			t.Errorf("%s\n%s", failed, w.Log)
		}
	}
}

func TestMySQLStatements(t *testing.T) {
	t.Parallel()
	s := servicetest.MariaDB(t, "--performance-schema=ON", "--performance-schema-consumer-statements-digest=ON",
		"--performance-schema-instrument=statement/%=ON")
	root := session(t, s.URL)
	run(t, root, mysqlGrants...)
	run(t, root, "CREATE DATABASE pay", "USE pay", "CREATE TABLE cards (pan text, id int)")
	w := watch(t, newMySQL, "gatewatch:p@ss:word@tcp("+s.Addr+")/", 0)
	w.Collect(t)
	for i := range 7 {
		run(t, root, fmt.Sprintf(`INSERT INTO cards VALUES ("411111111111111%d", %d), ('x', 2)`, i, i))
	}
	w.AllDue()
	text := w.Collect(t)
	found := w.Documents("INSERT INTO")
	if len(found) != 1 {
		t.Fatalf("%d documents of the statement, want 1; all: %s", len(found), w.Documents(""))
	}
	for _, part := range []string{`"mysql.statement.database.name":"pay"`, `"mysql.statement.query.calls":7`, `"mysql.statement.query.rows":14`,
		`"mysql.statement.query.rows_examined":`} {
		if !strings.Contains(found[0], part) {
			t.Errorf("the document %s does not have %s", found[0], part)
		}
	}
	if told := w.Documents("41111111"); told != nil {
		t.Errorf("a document holds a value: %s", told)
	}
	if calls := collecttest.SampleOf(t, text, "mysql_statements_calls_total"); calls < 7 {
		t.Errorf("mysql_statements_calls_total = %v, want at least 7", calls)
	}
	for family := range slices.Values([]string{"mysql_statements_seconds_total", "mysql_statements_rows_total", "mysql_statements_slower"}) {
		collecttest.SampleOf(t, text, family)
	}
}
