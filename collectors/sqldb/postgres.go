package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// postgresBegin stands before every question, in the same message: what is set holds for the one transaction alone, so
// that behind PgBouncer no setting stays with a server connection that serves somebody else next. A transaction that
// an agent left open by being frozen ends by itself. Only functions of the system are found by their bare names.
const postgresBegin = "BEGIN READ ONLY; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = 100; " +
	"SET LOCAL idle_in_transaction_session_timeout = 5000; SET LOCAL search_path = pg_catalog; "

// postgresBefore is how many results come before the one of the question.
const postgresBefore = 5

const postgresCloseTimeout = time.Second

var (
	postgresUp = collect.Spec{Name: "pg_up", Kind: prometheus.GaugeValue, Help: "Whether the last connection to the server worked.", Labels: nil}
	// postgresStatic tells the version in its labels.
	postgresStatic = collect.Spec{Name: "pg_static", Kind: prometheus.UntypedValue, Help: "1, with the server's version.", Labels: []string{"short_version", "version"}}
)

// postgresConfig reads a DSN.
func postgresConfig(dsn string) (*pgconn.Config, error) {
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		// The error's text repeats the DSN.
		return nil, errors.New("is no connection string: write postgres://user:password@host:5432/database, " +
			"with %-codes for special characters in the password")
	}
	cfg.RuntimeParams["application_name"] = collect.ApplicationName
	return cfg, nil
}

// PostgresConfig is an entry of collectors.postgres in the configuration.
type PostgresConfig struct {
	DatabaseConfig `yaml:",inline"`
	// Whether, and when, it is measured how much of tables and indexes is empty; null: never.
	Bloat *BloatConfig `yaml:"bloat"`
}

// SetDefaults fills what is left out.
func (c *PostgresConfig) SetDefaults() {
	c.DatabaseConfig.SetDefaults()
	c.Bloat.SetDefaults()
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *PostgresConfig) Validate() error {
	var m invalid.Mistakes
	m.AddIn("", c.mistakes(func(dsn string) error { _, err := postgresConfig(dsn); return err }))
	m.AddIn("bloat", c.Bloat.mistakes())
	return m.Err()
}

// Collectors returns what is switched on.
func (c *PostgresConfig) Collectors(e collect.Env) ([]collect.Collector, error) {
	s, err := newPostgres(c.DatabaseConfig, e)
	if err != nil {
		return nil, err
	}
	all, err := c.withIntegrity(s.Collector(), newAmcheck, e)
	if err != nil {
		return nil, err
	}
	if c.Bloat != nil {
		measures, err := newBloat(c.DatabaseConfig, *c.Bloat, e)
		if err != nil {
			return nil, fmt.Errorf("bloat: %w", err)
		}
		measures.MadeOf = []any{c.DSN, *c.Bloat}
		all = append(all, measures)
	}
	return all, nil
}

func postgresLabels(name string, cfg *pgconn.Config) prometheus.Labels {
	return prometheus.Labels{"name": name, "instance": net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))}
}

// newPostgres returns what collects from one PostgreSQL server.
func newPostgres(d DatabaseConfig, e collect.Env) (*collect.Server[*pgconn.PgConn], error) {
	cfg, err := postgresConfig(d.DSN.Reveal())
	if err != nil {
		return nil, fmt.Errorf("dsn: %w", err)
	}
	fixed := postgresLabels(d.Name, cfg)
	s := &collect.Server[*pgconn.PgConn]{
		Name: "postgres_" + d.Name, Pace: time.Duration(d.Interval), Timeout: time.Duration(d.Timeout),
		Up: postgresUp.Metric(fixed),
		Open: func(ctx context.Context) (*pgconn.PgConn, error) {
			conn, err := pgconn.ConnectConfig(ctx, cfg)
			return conn, postgresError(err, cfg)
		},
		Close:  closePostgres,
		Usable: func(conn *pgconn.PgConn) bool { return !conn.IsClosed() },
	}
	e.Log = e.Log.With("collector", s.Name)
	parts := append(postgresParts(fixed, e.Log), newFindings("postgresql.finding", d, fixed["instance"], e).postgresPart())
	if d.Statements > 0 {
		told := newStatements("pg_", "postgresql.statement", d, fixed["instance"], fixed, e)
		told.more = []string{"query.memory.shared.hit", "query.memory.shared.read"}
		parts = append(parts, &postgresPart{Name: "statements", Every: statementsEvery, Ask: postgresStatements{told}.ask})
	}
	for _, p := range parts {
		ask := p.Ask
		p.Ask = func(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
			return postgresError(ask(ctx, conn, out), cfg)
		}
		s.Parts = append(s.Parts, p)
	}
	return s, nil
}

// postgresParts lists what one server is asked.
func postgresParts(fixed prometheus.Labels, log *slog.Logger) []*postgresPart {
	static := postgresStatic.Metric(fixed)
	all := []*postgresPart{
		{Name: "version", Every: 5 * time.Minute, Ask: func(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
			a, err := askPostgres(ctx, conn, "SELECT version() AS version")
			if err != nil || len(a.rows) == 0 {
				return err
			}
			// Three numbers, as the exporter gives it: 15.18.0.
			short, _, _ := strings.Cut(conn.ParameterStatus("server_version"), " ")
			out.Add(static, 1, short+".0", a.cell(a.rows[0], "version"))
			return nil
		}},
		{Name: "settings", Every: 5 * time.Minute, Ask: settingsPart(fixed)},
	}
	all = append(all, newBlockedSessions(fixed, log).parts()...)
	for _, q := range postgresQueries() {
		all = append(all, &postgresPart{Name: q.part, Every: q.every, Ask: q.asker(fixed)})
	}
	return all
}

type postgresPart = collect.Part[*pgconn.PgConn]

// asker returns the function that asks q of servers of its versions, and nothing of others.
func (q *query) asker(fixed prometheus.Labels) func(context.Context, *pgconn.PgConn, *collect.Samples) error {
	metrics := q.metrics(fixed)
	return func(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
		if !q.fits(postgresVersion(conn)) {
			return nil
		}
		a, err := askPostgres(ctx, conn, q.text)
		if err != nil {
			return err
		}
		q.add(out, a, metrics)
		return nil
	}
}

// askPostgres asks one question in a transaction of its own that only reads and does not wait. Question and
// transaction are one message of the simple protocol, which PgBouncer passes on in each of its modes.
func askPostgres(ctx context.Context, conn *pgconn.PgConn, text string) (rowset, error) {
	return askPostgresFor(ctx, conn, time.Second, text)
}

// askPostgresFor is askPostgres for a question that may take as long as limit.
func askPostgresFor(ctx context.Context, conn *pgconn.PgConn, limit time.Duration, text string) (rowset, error) {
	results, err := conn.Exec(ctx, fmt.Sprintf(postgresBegin, limit.Milliseconds())+text+"; COMMIT").ReadAll()
	if err != nil {
		if !conn.IsClosed() && conn.TxStatus() != 'I' {
			_, undo := conn.Exec(ctx, "ROLLBACK").ReadAll()
			return rowset{}, errors.Join(err, undo)
		}
		return rowset{}, err
	}
	if len(results) <= postgresBefore {
		return rowset{}, fmt.Errorf("the server gave %d results instead of %d", len(results), postgresBefore+2)
	}
	result := results[postgresBefore]
	var a rowset
	for _, f := range result.FieldDescriptions {
		a.columns = append(a.columns, f.Name)
	}
	a.rows = result.Rows
	return a, nil
}

// postgresVersion returns the major version: 15.
func postgresVersion(conn *pgconn.PgConn) int {
	text := conn.ParameterStatus("server_version")
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	major, _ := strconv.Atoi(text[:cmp.Or(max(end, 0), len(text))])
	return major
}

func closePostgres(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), postgresCloseTimeout)
	defer cancel()
	conn.Close(ctx) // whatever it says, the connection is gone
}

// postgresError says what to do about err, and holds no password.
func postgresError(err error, cfg *pgconn.Config) error {
	if err == nil {
		return nil
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		if advice := postgresAdvice(refused.Code, cfg); advice != "" {
			return errors.New(advice)
		}
		return fmt.Errorf("the server says %q (SQLSTATE %s)", collect.WithoutSecret(refused.Message, cfg.Password), refused.Code)
	}
	if errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) {
		return fmt.Errorf("the server gives no answer: %w", context.DeadlineExceeded)
	}
	return errors.New(collect.WithoutSecret(err.Error(), cfg.Password))
}

// postgresAdvice says what to do about a SQLSTATE; "" for one that needs its message.
func postgresAdvice(code string, cfg *pgconn.Config) string {
	switch code {
	case "28P01", "28000":
		return fmt.Sprintf("the server refuses user %q: check the password in dsn, and pg_hba.conf for this user, host and database", cfg.User)
	case "3D000":
		return fmt.Sprintf("there is no database %q: name an existing one in dsn", cfg.Database)
	case "42501":
		return fmt.Sprintf("user %q may not see this: GRANT pg_monitor TO %q, as docs/collectors.md says", cfg.User, cfg.User)
	case "53300":
		return "the server has no connection left: raise max_connections, or find who holds them"
	case "55P03":
		return "left out, because somebody holds a lock on what it reads"
	case "25P04":
		return fmt.Sprintf("transaction_timeout of the server ended it: ALTER ROLE %q SET transaction_timeout = 0", cfg.User)
	case "57014":
		return "left out, because the server needed more than a second for it"
	case "57P03":
		return "the server is starting or stopping"
	}
	return ""
}
