package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/internal/servicetest"
)

// servers are what is watched: each database with a replica, and clusters of one. The user gatewatch with the password p has
// the rights that docs/collectors.md lists; exporters come as administrators.
type servers struct {
	postgres, standby, pgbouncer *servicetest.Server
	mariadb, replica, galera     *servicetest.Server
	redis, copied, cluster       *servicetest.Server
	sentinel, ferretdb           *servicetest.Server
	nginx, haproxy               *servicetest.Server
	mongodb                      []*servicetest.Server // primary and secondary
	tls                          secure
	systemd                      string // address of its D-Bus
	my                           *sql.DB
}

func startServers(b *testing.B) *servers {
	b.Helper()
	s := &servers{tls: startTLS(b), systemd: servicetest.Systemd(b, units, started...).URL, ferretdb: servicetest.FerretDB(b)}
	s.startPostgres(b)
	s.startMariaDB(b)
	s.startRedis(b)
	s.startMongoDB(b)
	s.nginx = servicetest.Nginx(b, "access_log off; server { listen @LISTEN@; location = /stub_status { stub_status; } location /fail { return 500; } location /missing { return 404; } location / { return 200; } }")
	s.haproxy = servicetest.HAProxy(b, strings.ReplaceAll(haproxyConfig, "@NGINX@", s.nginx.Addr))
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
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /stats
  default_backend core
backend core
  server a @NGINX@ check
`

func (s *servers) startPostgres(b *testing.B) {
	b.Helper()
	s.postgres = servicetest.PostgreSQL(b, "wal_level=replica")
	doPostgres(b, s.postgres.URL, "CREATE ROLE gatewatch LOGIN PASSWORD 'p' CONNECTION LIMIT 6; GRANT pg_monitor TO gatewatch")
	doPostgres(b, s.postgres.URL, "CREATE DATABASE orders")
	doPostgres(b, inOrders(s.postgres.URL), "CREATE TABLE orders (id serial PRIMARY KEY, note text)")
	doPostgres(b, inOrders(s.postgres.URL), "CREATE EXTENSION pgstattuple; INSERT INTO orders (note) SELECT repeat('x', 50) FROM generate_series(1, 50000)")
	doPostgres(b, inOrders(s.postgres.URL), "VACUUM ANALYZE orders")
	s.standby = servicetest.PostgreSQLReplica(b, s.postgres, "standby")
	s.pgbouncer = servicetest.PgBouncer(b, s.postgres, 2, map[string]string{"gatewatch": "p"})
}

func doPostgres(b *testing.B, dsn, text string) {
	b.Helper()
	conn, err := pgconn.Connect(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	if _, err := conn.Exec(b.Context(), text).ReadAll(); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
}

// inOrders returns the data source name of the database of orders.
func inOrders(dsn string) string { return strings.Replace(dsn, "/postgres?", "/orders?", 1) }

func (s *servers) startMariaDB(b *testing.B) {
	b.Helper()
	s.mariadb = servicetest.MariaDB(b, "--performance-schema=ON", "--log-bin=bin", "--server-id=1")
	s.replica = servicetest.MariaDB(b, "--log-bin=bin", "--server-id=2", "--read-only=1")
	s.galera = servicetest.MariaDB(b, "--server-id=3", "--binlog-format=ROW", "--wsrep-on=ON", "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
		"--wsrep-cluster-address=gcomm://", "--wsrep-provider-options=gmcast.listen_addr=tcp://"+free(b)+";ist.recv_addr="+free(b))
	s.my = openMariaDB(b, s.mariadb.URL)
	host, port, _ := net.SplitHostPort(s.mariadb.Addr)
	doMariaDB(b, s.my, "CREATE USER copies@'%' IDENTIFIED BY 'p'", "GRANT REPLICATION SLAVE ON *.* TO copies@'%'")
	doMariaDB(b, s.my, mysqlGrants...)
	doMariaDB(b, s.my, "CREATE DATABASE pay", "CREATE TABLE pay.orders (id int PRIMARY KEY AUTO_INCREMENT, note text)")
	doMariaDB(b, openMariaDB(b, s.replica.URL), fmt.Sprintf(`CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %s, MASTER_USER = 'copies',
		MASTER_PASSWORD = 'p', MASTER_USE_GTID = slave_pos`, host, port), "START SLAVE")
	node, ready := openMariaDB(b, s.galera.URL), ""
	for deadline := time.Now().Add(time.Minute); ready != "ON"; time.Sleep(50 * time.Millisecond) {
		const text = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_ready'"
		// A node that is not ready answers nothing, not even this.
		if err := node.QueryRowContext(b.Context(), text).Scan(&ready); err != nil && time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
	doMariaDB(b, node, mysqlGrants...)
}

var mysqlGrants = []string{
	"CREATE USER gatewatch@'%' IDENTIFIED BY 'p' WITH MAX_USER_CONNECTIONS 3", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO gatewatch@'%'",
	"GRANT SLAVE MONITOR ON *.* TO gatewatch@'%'", "GRANT SELECT ON performance_schema.* TO gatewatch@'%'",
}

func openMariaDB(b *testing.B, dsn string) *sql.DB {
	b.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		b.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		b.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	b.Cleanup(func() { pool.Close() })
	return pool
}

func doMariaDB(b *testing.B, pool *sql.DB, statements ...string) {
	b.Helper()
	for _, text := range statements {
		if _, err := pool.ExecContext(b.Context(), text); err != nil {
			b.Fatalf("%s: %v", text, err)
		}
	}
}

func (s *servers) startRedis(b *testing.B) {
	b.Helper()
	s.redis = servicetest.Redis(b, "", "--maxmemory", "100mb", "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(s.redis.Addr)
	s.copied = servicetest.Redis(b, "", "--replicaof", host, port)
	s.cluster = servicetest.Redis(b, "", "--cluster-enabled", "yes", "--cluster-port", portOf(free(b)))
	s.sentinel = servicetest.RedisSentinel(b, "sentinel monitor cache "+host+" "+port+" 1\n")
	const rights = "ACL SETUSER gatewatch on >p resetkeys resetchannels -@all +info +client|setname +slowlog|len +slowlog|get +latency|latest +cluster|info"
	for _, server := range []*servicetest.Server{s.redis, s.copied, s.cluster} {
		doRedis(b, server, rights)
	}
	doRedis(b, s.cluster, "CLUSTER ADDSLOTSRANGE 0 16383")
}

// doRedis sends one command as a line, which Redis takes, too.
func doRedis(b *testing.B, server *servicetest.Server, command string) {
	b.Helper()
	conn, err := net.Dial("tcp", server.Addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "%s\r\n", command)
	answer := make([]byte, 100)
	n, err := conn.Read(answer)
	if err != nil || answer[0] != '+' {
		b.Fatalf("%s: %s %v", command, answer[:n], err)
	}
}

// work gives the databases something to count until the returned function is called.
func (s *servers) work(b *testing.B) (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := pgconn.Connect(ctx, inOrders(s.postgres.URL))
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for n := 0; ctx.Err() == nil; n++ {
			text := fmt.Sprintf("INSERT INTO orders (note) VALUES ('x'); UPDATE orders SET note = 'y' WHERE id = %d; DELETE FROM orders WHERE id = %d", n, n-5)
			if _, err := conn.Exec(ctx, text).ReadAll(); err != nil && ctx.Err() == nil {
				b.Errorf("%s: %v", text, err)
				return
			}
			if _, err := s.my.ExecContext(ctx, "INSERT INTO pay.orders (note) VALUES ('x')"); err != nil && ctx.Err() == nil {
				b.Error(err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	return func() { cancel(); <-ended }
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

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
