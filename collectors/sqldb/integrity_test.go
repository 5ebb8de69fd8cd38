package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

func TestWindow(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text, at string, want bool) {
		t.Helper()
		w, err := parseWindow(text)
		if err != nil {
			t.Fatal(err)
		}
		clock, err := time.Parse("15:04", at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.holds(clock); got != want {
			t.Errorf("%s holds %s: %v, want %v", text, at, got, want)
		}
		if began := w.began(clock); want && (began.After(clock) || clock.Sub(began) >= 24*time.Hour || sinceMidnight(began) != w.from) {
			t.Errorf("%s holds %s and began %v", text, at, began)
		}
	}
	f(t, "01:30-05:00", "01:29", false)
	f(t, "01:30-05:00", "01:30", true)
	f(t, "01:30-05:00", "05:00", false)
	f(t, "23:00 - 02:00", "23:30", true)
	f(t, "23:00-02:00", "01:59", true)
	f(t, "23:00-02:00", "12:00", false)
	for _, wrong := range []string{"", "01:30", "01:30-01:30", "25:00-26:00", "1-2"} {
		if _, err := parseWindow(wrong); err == nil {
			t.Errorf("parseWindow(%q) finds nothing wrong", wrong)
		}
	}
}

// shelfOf is a checker of made-up things, each of which takes ten seconds.
type shelfOf struct {
	names  []string
	found  map[string]error
	order  []string // what was checked
	refuse error
}

func (s *shelfOf) open(context.Context) error { return s.refuse }
func (s *shelfOf) close()                     {}

func (s *shelfOf) after(_ context.Context, position string) (all []candidate, _ error) {
	for _, name := range s.names {
		if name > position && len(all) < 2 {
			all = append(all, candidate{name, name, 1})
		}
	}
	return all, nil
}

func (s *shelfOf) check(_ context.Context, one candidate) error {
	time.Sleep(10 * time.Second)
	s.order = append(s.order, one.name)
	return s.found[one.name]
}

func TestIntegrityGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelfOf{names: []string{"a", "b", "c", "d", "e"}, found: map[string]error{"b": brokenError{"torn"}, "c": skippedError{"lock"}}}
		w := collecttest.NewWatched()
		// The clock of a test begins at midnight UTC.
		time.Sleep(time.Until(time.Date(2000, 1, 1, 23, 0, 0, 0, time.Local)))
		c := newIntegrity("t", IntegrityConfig{Window: "23:00-23:01", MaxSize: 10}, s, amcheckSpecs(), nil, w.Env())
		w.Follow(t, c)
		minute := func() string {
			w.Collect(t)
			time.Sleep(10 * time.Second)
			text := w.Collect(t)
			time.Sleep(30 * time.Minute)
			return text
		}
		text := minute()
		if got := strings.Join(s.order, ""); got != "abcd" {
			t.Errorf("checked %q in a minute, want abcd: twenty seconds of each thirty", got)
		}
		collecttest.Expect(t, text, "pg_amcheck_failures 1", "pg_amcheck_checks_total 3", `pg_amcheck_skipped_total{reason="lock"} 1`, "pg_amcheck_last_round_timestamp_seconds 0")
		if log := w.Log.String(); strings.Count(log, "data are corrupt") != 1 || !strings.Contains(log, "in=b why=torn") {
			t.Errorf("the log says %s", log)
		}
		if w.Collect(t); len(s.order) != 4 {
			t.Errorf("checked %q outside of the window", s.order)
		}
		// The next day it goes on, and is content when all is done.
		time.Sleep(time.Until(time.Date(2000, 1, 2, 23, 0, 0, 0, time.Local)))
		text = minute()
		if got := strings.Join(s.order, ""); got != "abcde" {
			t.Errorf("checked %q until the second day, want abcde", got)
		}
		if collecttest.SampleOf(t, text, "pg_amcheck_last_round_timestamp_seconds") == 0 {
			t.Error("the end of the round is not told")
		}
		// What was broken is not there any more: it is forgotten when a round did not find it.
		s.names = []string{"a", "e"}
		w.Collect(t)
		time.Sleep(time.Until(time.Date(2000, 1, 3, 23, 0, 0, 0, time.Local)))
		w.Collect(t)
		time.Sleep(10 * time.Second)
		collecttest.Expect(t, w.Collect(t), "pg_amcheck_failures 0")
		s.refuse = errors.New("no server")
		time.Sleep(30 * time.Minute)
		w.Collect(t)
		time.Sleep(time.Until(time.Date(2000, 1, 4, 23, 0, 0, 0, time.Local)))
		collecttest.Expect(t, w.Collect(t), "pg_amcheck_failures 0", `gatewatch_collector_success{collector="t"} 0`)
	})
}

// TestIntegrityGoesOnAfterWhatFails has one thing whose check fails each time, and one whose check fails once.
func TestIntegrityGoesOnAfterWhatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelfOf{names: []string{"a", "b", "c"}, found: map[string]error{"a": errors.New("connection reset"), "b": errors.New("no such function")}}
		w := collecttest.NewWatched()
		time.Sleep(time.Until(time.Date(2000, 1, 1, 23, 0, 0, 0, time.Local)))
		w.Follow(t, newIntegrity("t", IntegrityConfig{Window: "23:00-23:59", MaxSize: 10}, s, amcheckSpecs(), nil, w.Env()))
		slice := func(want string, lines ...string) {
			t.Helper()
			s.order = nil
			collecttest.Expect(t, w.Collect(t), lines...)
			if got := strings.Join(s.order, ""); got != want {
				t.Errorf("a slice checked %q, want %q", got, want)
			}
			time.Sleep(time.Minute)
		}
		slice("a", `gatewatch_collector_success{collector="t"} 0`, `pg_amcheck_skipped_total{reason="error"} 0`)
		delete(s.found, "a")
		slice("ab", `gatewatch_collector_success{collector="t"} 0`, `pg_amcheck_skipped_total{reason="error"} 0`)
		slice("bc", `gatewatch_collector_success{collector="t"} 1`, `pg_amcheck_skipped_total{reason="error"} 1`, "pg_amcheck_checks_total 2")
		if log := w.Log.String(); !strings.Contains(log, `left out" collector=t in=b err="no such function"`) {
			t.Errorf("the log does not name what is left out: %s", log)
		}
	})
}

// allDay is a window that has just opened and closes in a day, but for a minute.
func allDay() string {
	now := time.Now()
	return now.Format("15:04") + "-" + now.Add(-time.Minute).Format("15:04")
}

// round collects until all has been checked, or left out: a slow machine needs more than one collection.
func round(t *testing.T, w *collecttest.Watched, last string) string {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; {
		if text := w.Collect(t); collecttest.SampleOf(t, text, last) > 0 || time.Now().After(end) {
			return text
		}
	}
}

// checking returns the collector of the checks of a database, whose window is now.
func checking(t *testing.T, make func(DatabaseConfig, collect.Env) (collect.Collector, error), dsn string, change func(*IntegrityConfig)) *collecttest.Watched {
	t.Helper()
	cfg := &IntegrityConfig{Window: allDay()}
	cfg.SetDefaults()
	if change != nil {
		change(cfg)
	}
	w := collecttest.NewWatched()
	c, err := make(DatabaseConfig{DSNConfig: collect.DSNConfig{ServerConfig: collect.ServerConfig{Name: "main"}, DSN: secret.Secret(dsn)}, Integrity: cfg}, w.Env())
	if err != nil {
		t.Fatal(err)
	}
	w.Follow(t, c)
	return w
}

func TestPostgresIntegrity(t *testing.T) { onEachPostgres(t, testPostgresIntegrity) }

func testPostgresIntegrity(t *testing.T, start startPostgres) {
	s := start(t)
	root := admin(t, s)
	do(t, root, postgresGrants)
	dsn := gatewatchDSN(s, "p%40ss%20word")
	w := checking(t, newAmcheck, dsn, nil)
	if text := w.Collect(t); !strings.Contains(text, `gatewatch_collector_success{collector="postgres_main_integrity"} 0`) ||
		!strings.Contains(w.Log.String(), "CREATE EXTENSION amcheck is missing") {
		t.Errorf("without the extension: %s", w.Log)
	}
	do(t, root, `CREATE EXTENSION amcheck`)
	w = checking(t, newAmcheck, dsn, nil)
	if w.Collect(t); !strings.Contains(w.Log.String(), "GRANT EXECUTE ON FUNCTION bt_index_check(regclass)") {
		t.Errorf("without the grant: %s", w.Log)
	}
	do(t, root, `GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO gatewatch`)
	do(t, root, `CREATE TABLE cards (id int, pan text); INSERT INTO cards SELECT g, 'x' FROM generate_series(1, 1000) g;
		CREATE FUNCTION compare(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($1, $2)';
		CREATE OPERATOR CLASS odd FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
			FUNCTION 1 compare(int, int);
		CREATE INDEX cards_sound ON cards (id); CREATE INDEX cards_torn ON cards (id odd)`)
	of := fmt.Sprintf(`{datname="postgres",instance=%q,name="main"} `, s.Addr)
	reason := func(r string) string {
		return fmt.Sprintf(`pg_amcheck_skipped_total{datname="postgres",instance=%q,name="main",reason=%q} `, s.Addr, r)
	}
	const last = "pg_amcheck_last_round_timestamp_seconds"
	w = checking(t, newAmcheck, dsn, nil)
	text := round(t, w, last)
	collecttest.Expect(t, text, "pg_amcheck_failures"+of+"0", reason("lock")+"0", `gatewatch_collector_success{collector="postgres_main_integrity"} 1`)
	sound := collecttest.SampleOf(t, text, "pg_amcheck_checks_total")
	if sound < 100 || collecttest.SampleOf(t, text, last) == 0 {
		t.Errorf("%v indexes were checked, want all, those of the catalogues, too:\n%s", sound, text)
	}

	// The order of the index changes behind its back, as a library of the system with other sorting does it.
	do(t, root, `CREATE OR REPLACE FUNCTION compare(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -btint4cmp($1, $2)'`)
	w = checking(t, newAmcheck, dsn, nil)
	collecttest.Expect(t, round(t, w, last), "pg_amcheck_failures"+of+"1", fmt.Sprintf("pg_amcheck_checks_total%s%v", of, sound))
	if log := w.Log.String(); !strings.Contains(log, "data are corrupt") || !strings.Contains(log, "in=public.cards_torn") {
		t.Errorf("the log says %s, want the index", log)
	}

	// Somebody holds the table: its indexes are left out, and nobody waits.
	holder := admin(t, s)
	do(t, holder, `BEGIN; LOCK TABLE cards IN ACCESS EXCLUSIVE MODE`)
	w = checking(t, newAmcheck, dsn, func(c *IntegrityConfig) { c.MaxSize = 100 << 10 })
	text = round(t, w, last)
	collecttest.Expect(t, text, reason("lock")+"2", "pg_amcheck_failures"+of+"0")
	if large := collecttest.SampleOf(t, text, strings.TrimSuffix(reason("size"), " ")); large < 1 {
		t.Errorf("%v indexes were too large, want some of the catalogues", large)
	}
	until(t, root, ours, "0") // no session stays
}

func TestMySQLIntegrity(t *testing.T) {
	t.Parallel()
	s := servicetest.MariaDB(t, "--server-id=2")
	root := session(t, s.URL)
	run(t, root, mysqlGrants...)
	run(t, root, "CREATE DATABASE `pay.me`", "USE `pay.me`", "CREATE TABLE `ca``rds` (id int PRIMARY KEY)", "CREATE TABLE old (id int PRIMARY KEY, note text) ENGINE=MyISAM",
		"INSERT INTO old VALUES (1, 'x'), (2, 'y')", "FLUSH TABLES", "GRANT SELECT ON `pay.me`.* TO gatewatch@'%'",
		"CREATE VIEW seen AS SELECT * FROM old", "CREATE TABLE counted (id int) ENGINE=MEMORY")
	dsn := "gatewatch:p@ss:word@tcp(" + s.Addr + ")/"
	of := fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
	role := fmt.Sprintf(`mysql_table_check_skipped_total{instance=%q,name="main",reason="role"} `, s.Addr)
	w := checking(t, newTableCheck, dsn, nil)
	collecttest.Expect(t, w.Collect(t), role+"1", "mysql_table_check_checks_total"+of+"0", `gatewatch_collector_success{collector="mysql_main_integrity"} 1`)
	run(t, root, "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'x'")
	collecttest.Expect(t, w.Collect(t), role+"2", "mysql_table_check_checks_total"+of+"0")
	run(t, root, "SET GLOBAL read_only = 1")
	collecttest.Expect(t, w.Collect(t), role+"2", "mysql_table_check_checks_total"+of+"2", "mysql_table_check_failures"+of+"0")

	files, err := filepath.Glob(filepath.Join(s.Dir, "data", "pay*", "old.MYD"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files of the table: %q, %v", files, err)
	}
	if err := os.Truncate(files[0], 3); err != nil {
		t.Fatal(err)
	}
	run(t, root, "FLUSH TABLES")
	// The second time it is marked as broken already.
	checking(t, newTableCheck, dsn, nil).Collect(t)
	w = checking(t, newTableCheck, dsn, nil)
	collecttest.Expect(t, w.Collect(t), "mysql_table_check_failures"+of+"1", "mysql_table_check_checks_total"+of+"2")
	if log := w.Log.String(); !strings.Contains(log, "data are corrupt") || !strings.Contains(log, "in=pay.me.old") {
		t.Errorf("the log says %s, want the table", log)
	}

	// A table that somebody holds is left out.
	holder := session(t, s.URL)
	run(t, holder, "LOCK TABLES `pay.me`.`ca``rds` WRITE")
	w = checking(t, newTableCheck, dsn, nil)
	text := w.Collect(t)
	if locked := slices.Contains(strings.Split(collecttest.SamplesOf(text, "mysql_table_check_skipped_total"), "\n"),
		fmt.Sprintf(`mysql_table_check_skipped_total{instance=%q,name="main",reason="lock"} 1`, s.Addr)); !locked {
		t.Errorf("a locked table is not left out:\n%s\n%s", collecttest.SamplesOf(text, "mysql_table_check"), w.Log)
	}
}
