package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

var (
	mysqlUp      = collect.Spec{Name: "mysql_up", Kind: prometheus.GaugeValue, Help: "Whether the last connection to the server worked.", Labels: nil}
	mysqlVersion = collect.Spec{Name: "mysql_version_info", Kind: prometheus.GaugeValue, Help: "1, with the server's version.",
		Labels: []string{"innodb_version", "version", "version_comment"}}
)

// mysqlLink is one connection to a server.
type mysqlLink struct {
	pool *sql.DB // of this one connection
	conn *sql.Conn
	// version is major*100+minor: 1011, 804.
	version int
	mariadb bool
}

// mysqlConfig reads a DSN.
func mysqlConfig(dsn string) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil || cfg.User == "" {
		// The error's text may repeat parts of the DSN.
		return nil, errors.New("is no data source name: write user:password@tcp(host:3306)/, with ?tls=true for TLS")
	}
	cfg.ConnectionAttributes = "program_name:" + collect.ApplicationName
	cfg.Logger = log.New(io.Discard, "", 0) // what it would tell is in its errors, too
	// Whatever the DSN asks for: no server shall get at files of this host, and one message is one statement.
	cfg.AllowAllFiles, cfg.MultiStatements, cfg.ParseTime = false, false, false
	return cfg, nil
}

// MySQLConfig is an entry of collectors.mysql in the configuration.
type MySQLConfig struct {
	DatabaseConfig `yaml:",inline"`
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *MySQLConfig) Validate() error {
	return c.mistakes(func(dsn string) error { _, err := mysqlConfig(dsn); return err })
}

// Collectors returns what is switched on.
func (c *MySQLConfig) Collectors(e collect.Env) ([]collect.Collector, error) {
	s, err := newMySQL(c.DatabaseConfig, e)
	if err != nil {
		return nil, err
	}
	return c.withIntegrity(s.Collector(), newTableCheck, e)
}

func mysqlLabels(name string, cfg *mysql.Config) prometheus.Labels {
	return prometheus.Labels{"name": name, "instance": cfg.Addr}
}

// newMySQL returns what collects from one MySQL or MariaDB server.
func newMySQL(d DatabaseConfig, e collect.Env) (*collect.Server[*mysqlLink], error) {
	cfg, err := mysqlConfig(d.DSN.Reveal())
	if err != nil {
		return nil, fmt.Errorf("dsn: %w", err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("dsn: cannot be used: check its parameters")
	}
	fixed := mysqlLabels(d.Name, cfg)
	s := &collect.Server[*mysqlLink]{
		Name: "mysql_" + d.Name, Pace: time.Duration(d.Interval), Timeout: time.Duration(d.Timeout),
		Up: mysqlUp.Metric(fixed),
		Open: func(ctx context.Context) (*mysqlLink, error) {
			link, err := openMySQL(ctx, connector)
			return link, mysqlError(err, cfg)
		},
		Close:  (*mysqlLink).close,
		Usable: (*mysqlLink).usable,
	}
	e.Log = e.Log.With("collector", s.Name)
	parts := append(mysqlParts(fixed, e.Log), newFindings("mysql.finding", d, fixed["instance"], e).mysqlParts(fixed)...)
	if d.Statements > 0 {
		told := newStatements("mysql_", "mysql.statement", d, fixed["instance"], fixed, e)
		told.quoted, told.more = true, []string{"query.rows_examined"}
		parts = append(parts, &mysqlPart{Name: "statements", Every: statementsEvery, Ask: mysqlStatements{told}.ask})
	}
	for _, p := range parts {
		ask := p.Ask
		p.Ask = func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
			return mysqlError(ask(ctx, link, out), cfg)
		}
		s.Parts = append(s.Parts, p)
	}
	return s, nil
}

// mysqlSession are the settings of our session: it reads, gives up soon, and stays out of the slow log, also where that
// logs what uses no index. It never keeps a transaction open, and has the time zone in which InnoDB says when others began.
// Not every server knows, or lets us set, all of them.
var mysqlSession = struct{ both, mysql, mariadb []string }{
	both: []string{
		"SET SESSION long_query_time = 3600", "SET SESSION min_examined_row_limit = 4294967295",
		"SET SESSION TRANSACTION READ ONLY", "SET SESSION innodb_lock_wait_timeout = 1",
		"SET SESSION autocommit = 1", "SET SESSION time_zone = 'SYSTEM'",
	},
	// MySQL tells what AUTO_INCREMENT and sizes were a day ago, unless it shall look.
	mysql: []string{
		"SET SESSION max_execution_time = 1000", "SET SESSION lock_wait_timeout = 1", "SET SESSION information_schema_stats_expiry = 0",
	},
	mariadb: []string{"SET SESSION max_statement_time = 1", "SET SESSION lock_wait_timeout = 0", "SET SESSION slow_query_log = 0"},
}

func openMySQL(ctx context.Context, connector driver.Connector) (*mysqlLink, error) {
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		pool.Close()
		return nil, err
	}
	link := &mysqlLink{pool: pool, conn: conn}
	if err := link.begin(ctx); err != nil {
		link.close()
		return nil, err
	}
	return link, nil
}

// begin finds out whom we talk to and makes the session harmless.
func (l *mysqlLink) begin(ctx context.Context) error {
	var text string
	if err := l.conn.QueryRowContext(ctx, "SELECT VERSION()").Scan(&text); err != nil {
		return err
	}
	l.mariadb = strings.Contains(strings.ToLower(text), "mariadb")
	parts := strings.SplitN(strings.TrimPrefix(text, "5.5.5-"), ".", 3)
	if len(parts) > 1 {
		major, _ := strconv.Atoi(parts[0])
		minor, _ := strconv.Atoi(parts[1])
		l.version = major*100 + minor
	}
	own := mysqlSession.mysql
	if l.mariadb {
		own = mysqlSession.mariadb
	}
	return l.set(ctx, append(own[:len(own):len(own)], mysqlSession.both...))
}

// set makes settings of the session, and passes over those that the server refuses.
func (l *mysqlLink) set(ctx context.Context, settings []string) error {
	for _, statement := range settings {
		_, err := l.conn.ExecContext(ctx, statement)
		var refused *mysql.MySQLError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}

// usable tells whether the connection still works.
func (l *mysqlLink) usable() bool {
	err := l.conn.Raw(func(c any) error {
		if v, ok := c.(driver.Validator); ok && !v.IsValid() {
			return driver.ErrBadConn
		}
		return nil
	})
	return err == nil
}

// close gives the connection up. The driver says good-bye and waits for nothing.
func (l *mysqlLink) close() {
	l.conn.Close()
	l.pool.Close()
}

// ask asks one question. It is sent as text, without a prepared statement. Of its rows no more than a collector may have
// samples are kept: what may have more is asked with each.
func (l *mysqlLink) ask(ctx context.Context, text string) (rowset, error) {
	var a rowset
	var err error
	a.columns, err = l.each(ctx, text, func(cells [][]byte) {
		if len(a.rows) < collect.MaxSamples {
			a.rows = append(a.rows, cells)
		}
	})
	if err != nil {
		return rowset{}, err
	}
	return a, nil
}

// each asks one question, and gives each row of the answer to row as it comes.
func (l *mysqlLink) each(ctx context.Context, text string, row func(cells [][]byte)) (columns []string, err error) {
	rows, err := l.conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	into := make([]any, len(columns))
	for rows.Next() {
		cells := make([][]byte, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row(cells)
	}
	return columns, rows.Err()
}

// mysqlError says what to do about err, and holds no password.
func mysqlError(err error, cfg *mysql.Config) error {
	if err == nil {
		return nil
	}
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		if advice := mysqlAdvice(refused.Number, cfg); advice != "" {
			return errors.New(advice)
		}
		return fmt.Errorf("the server says %q (error %d)", collect.WithoutSecret(refused.Message, cfg.Passwd), refused.Number)
	}
	var network interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		return fmt.Errorf("the server gives no answer: %w", context.DeadlineExceeded)
	}
	return errors.New(collect.WithoutSecret(err.Error(), cfg.Passwd))
}

// mysqlAdvice says what to do about an error's number; "" for one that needs its message.
func mysqlAdvice(number uint16, cfg *mysql.Config) string {
	switch number {
	case 1045, 1698:
		return fmt.Sprintf("the server refuses user %q: check the password in dsn, and from which hosts this user may come", cfg.User)
	case 1130:
		return fmt.Sprintf("user %q may not come from this host: create it for this host", cfg.User)
	case 1049:
		return fmt.Sprintf("there is no database %q: leave it out of dsn", cfg.DBName)
	case 1044, 1142, 1227:
		return fmt.Sprintf("user %q may not see this: docs/collectors.md lists the grants", cfg.User)
	case 1040:
		return "the server has no connection left: raise max_connections, or find who holds them"
	case 1203, 1226:
		return fmt.Sprintf("user %q has as many connections, or asks as much, as it may: find out who else uses it, or raise its MAX_USER_CONNECTIONS", cfg.User)
	case 1205:
		return "left out, because somebody holds a lock on what it reads"
	case 1969, 3024:
		return "left out, because the server needed more than a second for it"
	}
	return ""
}
