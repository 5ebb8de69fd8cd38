package collectors

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/internal/servicetest"
)

// tables is how many tables each database has.
const tables = 50

// servers are what is watched.
type servers struct {
	postgres, mariadb, redis, nginx, haproxy *servicetest.Server
	pg                                       *pgconn.PgConn
	my                                       *sql.Conn
}

func startServers(b *testing.B) *servers {
	b.Helper()
	s := &servers{
		postgres: servicetest.PostgreSQL(b),
		mariadb: servicetest.MariaDB(b, "--performance-schema=ON", "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
			"--log-bin=bin", "--server-id=1"),
		redis: servicetest.Redis(b, ""),
		nginx: servicetest.Nginx(b, "access_log off; server { listen @LISTEN@; location = /stub_status { stub_status; } location / { return 200; } }"),
	}
	s.haproxy = servicetest.HAProxy(b, strings.ReplaceAll(haproxyConfig, "@NGINX@", s.nginx.Addr))
	s.pg, s.my = s.openPostgres(b), s.openMariaDB(b)
	for _, user := range []string{agentUser, besides, exporterUser} {
		s.doPostgres(b, s.pg, "CREATE ROLE "+user+" LOGIN PASSWORD 'g'; GRANT pg_monitor TO "+user)
		s.doMariaDB(b, s.my, "CREATE USER "+user+" IDENTIFIED BY 'g'", "GRANT PROCESS, REPLICATION CLIENT, SLAVE MONITOR, SELECT ON *.* TO "+user)
	}
	s.doMariaDB(b, s.my, "CREATE DATABASE pay")
	for i := range tables {
		s.doPostgres(b, s.pg, fmt.Sprintf("CREATE TABLE t%d (id serial PRIMARY KEY, note text); INSERT INTO t%d (note) VALUES ('x')", i, i))
		s.doMariaDB(b, s.my, fmt.Sprintf("CREATE TABLE pay.t%d (id int PRIMARY KEY, note text)", i))
	}
	return s
}

const haproxyConfig = `global
  stats socket @DIR@/s mode 600
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend pay
  bind @LISTEN@
  stats enable
  stats uri /stats
  default_backend core
backend core
  server a @NGINX@ check
`

func (s *servers) openPostgres(b *testing.B) *pgconn.PgConn {
	b.Helper()
	conn, err := pgconn.Connect(b.Context(), s.postgres.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.WithoutCancel(b.Context())) })
	return conn
}

// doPostgres runs statements and returns the first cell of the last result.
func (s *servers) doPostgres(b *testing.B, conn *pgconn.PgConn, text string) string {
	b.Helper()
	results, err := conn.Exec(b.Context(), text).ReadAll()
	if err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

func (s *servers) openMariaDB(b *testing.B) *sql.Conn {
	b.Helper()
	cfg, err := mysql.ParseDSN(s.mariadb.URL)
	if err != nil {
		b.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		b.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	conn, err := pool.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(); pool.Close() })
	return conn
}

func (s *servers) doMariaDB(b *testing.B, conn *sql.Conn, statements ...string) {
	b.Helper()
	for _, text := range statements {
		if _, err := conn.ExecContext(b.Context(), text); err != nil {
			b.Fatalf("%s: %v", text, err)
		}
	}
}

// sessions returns how many sessions a user has at PostgreSQL and at MariaDB.
func (s *servers) sessions(b *testing.B, user string) (postgres, mariadb string) {
	b.Helper()
	postgres = s.doPostgres(b, s.pg, "SELECT count(*) FROM pg_stat_activity WHERE usename = '"+user+"'")
	if err := s.my.QueryRowContext(b.Context(), "SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = ?", user).Scan(&mariadb); err != nil {
		b.Fatal(err)
	}
	return postgres, mariadb
}

// lock holds a table of each database and lets somebody wait for it, until the returned function is called.
func (s *servers) lock(b *testing.B) (release func()) {
	b.Helper()
	holder, waiter := s.openPostgres(b), s.openPostgres(b)
	held, alter := s.openMariaDB(b), s.openMariaDB(b)
	s.doPostgres(b, holder, "BEGIN; LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE")
	s.doMariaDB(b, held, "BEGIN", "SELECT count(*) FROM pay.t1")
	ended := make(chan error, 2)
	ctx := context.WithoutCancel(b.Context())
	go func() {
		_, err := waiter.Exec(ctx, "SELECT count(*) FROM t1").ReadAll()
		ended <- err
	}()
	go func() {
		_, err := alter.ExecContext(ctx, "ALTER TABLE pay.t1 ADD more text")
		ended <- err
	}()
	return func() {
		s.doPostgres(b, holder, "ROLLBACK")
		s.doMariaDB(b, held, "ROLLBACK")
		for range 2 {
			if err := <-ended; err != nil {
				b.Error(err)
			}
		}
	}
}

func free(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
