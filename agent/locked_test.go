package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/internal/servicetest"
)

// The most and the usual number of scrapes in a test, and how long one may take on a machine that does much else. How
// long they took is printed.
const (
	lockedScrapes = 10
	scrapeTimeout = 10 * time.Second
)

// TestScrapesWhilePostgresIsLocked holds a table ACCESS EXCLUSIVE while ten scrapes come to the real agent, one after
// the other and then all at once. Each is answered, tells who is blocked, and leaves no session behind.
func TestScrapesWhilePostgresIsLocked(t *testing.T) {
	t.Parallel()
	s := servicetest.PostgreSQL(t)
	open := func() *pgconn.PgConn {
		conn, err := pgconn.Connect(t.Context(), s.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
		return conn
	}
	root, holder, waiter := open(), open(), open()
	ask := func(conn *pgconn.PgConn, text string) string {
		t.Helper()
		results, err := conn.Exec(t.Context(), text).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if last := results[len(results)-1]; len(last.Rows) > 0 {
			return string(last.Rows[0][0])
		}
		return ""
	}
	ask(root, `CREATE ROLE gatewatch LOGIN PASSWORD 'g'; GRANT pg_monitor TO gatewatch; CREATE TABLE payments (id int PRIMARY KEY)`)
	p := watching(t, "postgres: [{name: orders, interval: 1s, dsn: \"postgres://gatewatch:g@"+s.Addr+"/postgres?sslmode=disable\"}]")
	p.scrapes(t, `pg_up{instance="`+s.Addr+`",name="orders"} 1`)

	ask(holder, `SET application_name = 'migration'; BEGIN; LOCK TABLE payments IN ACCESS EXCLUSIVE MODE`)
	waits := make(chan error, 1)
	go func() {
		_, err := waiter.Exec(context.WithoutCancel(t.Context()), `SET application_name = 'gateway'; SELECT count(*) FROM payments`).ReadAll()
		waits <- err
	}()
	p.scrapes(t, `pg_blocked_session_seconds{application_name="gateway",blocking_application_name="migration",`)
	p.tenScrapes(t, func() string {
		return ask(root, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewatch'`)
	}, `pg_up{instance="`+s.Addr+`",name="orders"} 1`, `pg_blocked_sessions{instance="`+s.Addr+`",name="orders"} 1`,
		`pg_blocked_session_seconds{application_name="gateway",blocking_application_name="migration",`)
	ask(holder, "ROLLBACK")
	if err := <-waits; err != nil {
		t.Error(err)
	}
}

// TestScrapesWhileMariaDBIsLocked is the like for a metadata lock: an ALTER TABLE waits for a transaction that has read
// the table, and everybody else behind it.
func TestScrapesWhileMariaDBIsLocked(t *testing.T) {
	t.Parallel()
	s := servicetest.MariaDB(t, "--performance-schema=ON", "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON")
	open := func() *sql.Conn {
		cfg, err := mysql.ParseDSN(s.URL)
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
	root, holder, migration, gateway := open(), open(), open(), open()
	do := func(conn *sql.Conn, statements ...string) {
		t.Helper()
		for _, text := range statements {
			if _, err := conn.ExecContext(t.Context(), text); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	}
	do(root, "CREATE USER gatewatch@'%' IDENTIFIED BY 'g'", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO gatewatch@'%'",
		"GRANT SELECT ON performance_schema.* TO gatewatch@'%'", "CREATE DATABASE pay", "CREATE TABLE pay.payments (id int PRIMARY KEY)")
	p := watching(t, "mysql: [{name: wallet, interval: 1s, dsn: \"gatewatch:g@tcp("+s.Addr+")/\"}]")
	own := `{instance="` + s.Addr + `",name="wallet"} `
	p.scrapes(t, "mysql_up"+own+"1")

	do(holder, "BEGIN", "SELECT count(*) FROM pay.payments")
	waits := make(chan error, 2)
	wait := func(conn *sql.Conn, text string) {
		go func() {
			_, err := conn.ExecContext(context.WithoutCancel(t.Context()), text)
			waits <- err
		}()
	}
	wait(migration, "ALTER TABLE pay.payments ADD note text")
	p.scrapes(t, "mysql_metadata_lock_waits"+own+"1")
	wait(gateway, "INSERT INTO pay.payments (id) VALUES (1)")
	p.scrapes(t, "mysql_metadata_lock_waits"+own+"2")
	p.tenScrapes(t, func() (n string) {
		if err := root.QueryRowContext(t.Context(), "SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = 'gatewatch'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}, "mysql_up"+own+"1", "mysql_metadata_lock_waits"+own+"2", `mysql_blocked_session_seconds{blocking_pid="`)
	do(holder, "ROLLBACK")
	for range 2 {
		if err := <-waits; err != nil {
			t.Error(err)
		}
	}
}

// watching starts an agent that collects what the section says and nothing else.
func watching(t *testing.T, section string) *process {
	t.Helper()
	config := writeConfig(t, t.TempDir(), "", "", "collectors:\n  host: null\n  processes: null\n  "+section+"\n", t.TempDir()+"/*.log")
	return start(t, "run", "-config", config)
}

// scrape gets /metrics once.
func (p *process) scrape() (text string, took time.Duration, err error) {
	began := time.Now()
	client := http.Client{Timeout: scrapeTimeout}
	resp, err := client.Get(p.base + "/metrics")
	if err != nil {
		return "", time.Since(began), err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return string(body), time.Since(began), err
}

// scrapes gets /metrics until it holds the line.
func (p *process) scrapes(t *testing.T, line string) {
	t.Helper()
	eventually(t, line, func() error {
		text, _, err := p.scrape()
		if err == nil && !strings.Contains(text, line) {
			err = fmt.Errorf("is not in what /metrics says")
		}
		return err
	})
}

// tenScrapes gets /metrics ten times, while several collections pass, and then ten times at once. Each answer holds the
// lines, and never are there more than one session of ours.
func (p *process) tenScrapes(t *testing.T, sessions func() string, lines ...string) {
	t.Helper()
	var times []time.Duration
	check := func(text string, took time.Duration, err error) {
		times = append(times, took)
		if err != nil {
			t.Errorf("a scrape is not answered: %v", err)
			return
		}
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("a scrape does not tell %s", line)
			}
		}
	}
	alone := func() {
		if n := sessions(); n != "1" {
			t.Errorf("%s sessions are ours, want 1", n)
		}
	}
	for range lockedScrapes {
		check(p.scrape())
		alone()
		time.Sleep(300 * time.Millisecond)
	}
	type answer struct {
		text string
		took time.Duration
		err  error
	}
	all := make(chan answer, lockedScrapes)
	for range lockedScrapes {
		go func() {
			var a answer
			a.text, a.took, a.err = p.scrape()
			all <- a
		}()
	}
	for range lockedScrapes {
		a := <-all
		check(a.text, a.took, a.err)
	}
	alone()
	slices.Sort(times)
	t.Logf("%d scrapes during the lock: median %v, slowest %v", len(times), times[len(times)/2], times[len(times)-1])
}
