package sqldb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"gatewatch/collectors/collect"
)

// tableCheck checks tables with CHECK TABLE … QUICK, on replicas only: InnoDB may end the whole server when it finds
// what is broken.
type tableCheck struct {
	cfg       *mysql.Config
	connector driver.Connector
	timeout   time.Duration
	log       *slog.Logger
	link      *mysqlLink
	id        string // the server's, of our connection
}

// checkableTables are those of a page whose engine can be checked. A table that cannot be opened, because it is broken, has
// no engine.
const checkableTables = `SELECT TABLE_NAME AS name, coalesce(DATA_LENGTH, 0) + coalesce(INDEX_LENGTH, 0) AS bytes FROM information_schema.TABLES
	WHERE TABLE_TYPE = 'BASE TABLE' AND (ENGINE IS NULL OR ENGINE IN ('InnoDB', 'MyISAM', 'Aria')) AND %s ORDER BY BINARY TABLE_NAME`

func tableCheckSpecs() []collect.Spec { return integritySpecs("mysql_table_check_", "Tables") }

// newTableCheck returns the collector that checks the tables of a replica.
func newTableCheck(d DatabaseConfig, e collect.Env) (collect.Collector, error) {
	cfg, err := mysqlConfig(cmp.Or(d.Integrity.DSN, d.DSN).Reveal())
	if err != nil {
		return collect.Collector{}, fmt.Errorf("dsn: %w", err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return collect.Collector{}, errors.New("dsn: cannot be used: check its parameters")
	}
	name := "mysql_" + d.Name + "_integrity"
	c := &tableCheck{cfg: cfg, connector: connector, timeout: time.Duration(d.Integrity.Timeout), log: e.Log.With("collector", name)}
	return newIntegrity(name, *d.Integrity, c, tableCheckSpecs(), mysqlLabels(d.Name, cfg), e), nil
}

// open connects, and finds out whether this is a replica.
func (c *tableCheck) open(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, collect.PartTimeout)
	defer cancel()
	link, err := openMySQL(limited, c.connector)
	if err != nil {
		return mysqlError(err, c.cfg)
	}
	c.link = link
	if err = mysqlError(c.begin(limited), c.cfg); err == nil {
		err = c.isReplica(limited)
	}
	if err != nil {
		c.close()
	}
	return err
}

func (c *tableCheck) close() { c.link.close() }

// begin gives the session the time that it needs, and lets it read with one thread: MySQL takes four by default.
func (c *tableCheck) begin(ctx context.Context) error {
	settings := []string{fmt.Sprintf("SET SESSION max_execution_time = %d", integrityListTimeout.Milliseconds()), "SET SESSION innodb_parallel_read_threads = 1"}
	if c.link.mariadb {
		settings = []string{fmt.Sprintf("SET SESSION max_statement_time = %d", int(c.timeout.Seconds()))}
	}
	if err := c.link.set(ctx, settings); err != nil {
		return err
	}
	own, err := c.link.ask(ctx, "SELECT connection_id() AS id")
	if err == nil && len(own.rows) > 0 {
		c.id = own.cell(own.rows[0], "id")
	}
	return err
}

// isReplica returns a skippedError unless the server only reads and copies another one.
func (c *tableCheck) isReplica(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, collect.PartTimeout)
	defer cancel()
	only, err := c.link.ask(ctx, "SELECT @@global.read_only AS `only`")
	if err != nil {
		return mysqlError(err, c.cfg)
	}
	state, err := c.link.ask(ctx, c.link.replicaQuestion())
	if err != nil {
		return mysqlError(err, c.cfg)
	}
	if len(only.rows) == 0 || only.cell(only.rows[0], "only") != "1" || len(state.rows) == 0 {
		return skippedError{"role"}
	}
	return nil
}

// after lists the tables of the next page that has some. A position is the name of a schema, a zero byte and that of a table.
func (c *tableCheck) after(ctx context.Context, position string) ([]candidate, error) {
	limited, cancel := context.WithTimeout(ctx, integrityListTimeout)
	defer cancel()
	var pages tablePages
	pages.schema, pages.table, _ = strings.Cut(position, "\x00")
	for {
		page, err := pages.next(limited, c.link, integrityBatch)
		if err != nil || len(page.tables) == 0 {
			return nil, mysqlError(err, c.cfg)
		}
		found, err := c.link.ask(limited, fmt.Sprintf(checkableTables, page.of("TABLE_SCHEMA", "TABLE_NAME")))
		if err != nil {
			return nil, mysqlError(err, c.cfg)
		}
		var all []candidate
		for _, row := range found.rows {
			bytes, _ := collect.ParseNumber(found.cell(row, "bytes"))
			name := found.cell(row, "name")
			all = append(all, candidate{page.schema + "\x00" + name, page.schema + "." + name, bytes})
		}
		if len(all) > 0 {
			return all, nil
		}
	}
}

// check asks again whether this is a replica: somebody may have made it the primary since.
func (c *tableCheck) check(ctx context.Context, one candidate) error {
	if err := c.isReplica(ctx); err != nil {
		return err
	}
	schema, table, _ := strings.Cut(one.position, "\x00")
	a, err := c.askOrEnd(ctx, "CHECK TABLE "+quotedName(schema)+"."+quotedName(table)+" QUICK")
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && (refused.Number == 1969 || refused.Number == 1317) {
		return skippedError{"time"}
	}
	if err != nil {
		return mysqlError(err, c.cfg)
	}
	return tableVerdict(a)
}

// quotedName writes a name as it stands in statements.
func quotedName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// tableVerdict reads the rows of CHECK TABLE: messages, and in the end a status.
func tableVerdict(a rowset) error {
	var why []string
	for _, row := range a.rows {
		kind, text := strings.ToLower(a.cell(row, "Msg_type")), a.cell(row, "Msg_text")
		switch {
		case strings.Contains(text, "doesn't exist"):
			return nil // dropped since it was listed
		case strings.Contains(text, "Lock wait timeout"):
			return skippedError{"lock"}
		case strings.Contains(text, "max_statement_time"), strings.Contains(text, "interrupted"):
			return skippedError{"time"}
		case kind != "note":
			why = append(why, text)
		}
	}
	said := strings.Join(why, "; ")
	if lower := strings.ToLower(said); strings.Contains(lower, "corrupt") || strings.Contains(lower, "crashed") {
		return brokenError{said}
	}
	return nil
}
