package sqldb

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestMySQLCheckEndsAtTheServer has checks of a table that nobody could wait for.
func TestMySQLCheckEndsAtTheServer(t *testing.T) {
	t.Parallel()
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		testCheckEnds(t, servicetest.MariaDB(t))
	})
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		testCheckEnds(t, servicetest.MySQL(t))
	})
}

func testCheckEnds(t *testing.T, s *servicetest.Server) {
	root := session(t, s.URL)
	run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.orders (id int PRIMARY KEY)", "CREATE USER checks@'%' IDENTIFIED BY 'word' WITH MAX_USER_CONNECTIONS 2",
		"GRANT SELECT ON pay.* TO checks@'%'")
	run(t, session(t, s.URL), "LOCK TABLES pay.orders WRITE")
	const running = `SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = 'checks' AND INFO LIKE 'CHECK%'`
	f := func(t *testing.T, timeout time.Duration, ctx context.Context) {
		t.Helper()
		cfg, err := mysqlConfig("checks:word@tcp(" + s.Addr + ")/")
		if err != nil {
			t.Fatal(err)
		}
		connector, err := mysql.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w := collecttest.NewWatched()
		c := &tableCheck{cfg: cfg, connector: connector, timeout: timeout, log: w.Env().Log}
		if c.link, err = openMySQL(t.Context(), connector); err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if err := c.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		// It waits for the lock, as one of a large table reads: MySQL has no time-out for either.
		if err := c.link.set(t.Context(), []string{"SET SESSION lock_wait_timeout = 3600", "SET SESSION max_statement_time = 0"}); err != nil {
			t.Fatal(err)
		}
		a, err := c.askOrEnd(ctx, "CHECK TABLE pay.orders QUICK")
		if said := fmt.Sprint(a.rows, err); err == nil && tableVerdict(a) != (skippedError{"time"}) {
			t.Errorf("a check that was ended says %s", said)
		}
		untilNumber(t, root, running, 0)
		if strings.Contains(w.Log.String(), "goes on at the server") {
			t.Errorf("the log says %s", w.Log)
		}
		if again, err := c.link.ask(t.Context(), "SELECT 1 AS one"); ctx.Err() == nil && (err != nil || again.cell(again.rows[0], "one") != "1") {
			t.Errorf("afterwards the connection says %v", err)
		}
	}
	f(t, 2*time.Second, t.Context()) // time enough for the check to begin
	ctx, cancel := context.WithCancel(t.Context())
	watcher := session(t, s.URL)
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		for n := 0; n == 0 && t.Context().Err() == nil; time.Sleep(10 * time.Millisecond) {
			if err := watcher.QueryRowContext(t.Context(), running).Scan(&n); err != nil {
				t.Error(err)
				break
			}
		}
		cancel()
	}()
	f(t, time.Hour, ctx)
	<-seen
}
