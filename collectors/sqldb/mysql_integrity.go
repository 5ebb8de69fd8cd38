package sqldb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
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
	link      *mysqlLink
}

// checkableTables has quoted names as positions, which are compared byte by byte. A table that cannot be opened, because
// it is broken, has no engine.
const checkableTables = `SELECT * FROM (SELECT concat(` + "'`', replace(TABLE_SCHEMA, '`', '``'), '`.`', replace(TABLE_NAME, '`', '``'), '`'" + `) AS position,
	concat(TABLE_SCHEMA, '.', TABLE_NAME) AS name, coalesce(DATA_LENGTH, 0) + coalesce(INDEX_LENGTH, 0) AS bytes FROM information_schema.TABLES
	WHERE TABLE_TYPE = 'BASE TABLE' AND (ENGINE IS NULL OR ENGINE IN ('InnoDB', 'MyISAM', 'Aria'))
	AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')) t
	WHERE BINARY position > %s ORDER BY BINARY position LIMIT %d`

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
	c := &tableCheck{cfg: cfg, connector: connector, timeout: time.Duration(d.Integrity.Timeout)}
	return newIntegrity("mysql_"+d.Name+"_integrity", *d.Integrity, c, tableCheckSpecs(), mysqlLabels(d.Name, cfg), e), nil
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
	if link.mariadb {
		_, err = link.conn.ExecContext(limited, fmt.Sprintf("SET SESSION max_statement_time = %d", int(c.timeout.Seconds())))
	}
	if err = mysqlError(err, c.cfg); err == nil {
		err = c.isReplica(limited)
	}
	if err != nil {
		c.close()
	}
	return err
}

func (c *tableCheck) close() { c.link.close() }

// isReplica returns a skippedError unless the server only reads and copies another one.
func (c *tableCheck) isReplica(ctx context.Context) error {
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

func (c *tableCheck) after(ctx context.Context, position string) ([]candidate, error) {
	from := "''"
	if position != "" {
		from = fmt.Sprintf("0x%x", position) // no name can be anything but a text
	}
	found, err := c.link.ask(ctx, fmt.Sprintf(checkableTables, from, integrityBatch))
	return candidates(found), mysqlError(err, c.cfg)
}

// check asks again whether this is a replica: somebody may have made it the primary since.
func (c *tableCheck) check(ctx context.Context, one candidate) error {
	limited, cancel := context.WithTimeout(ctx, c.timeout+collect.PartTimeout)
	defer cancel()
	if err := c.isReplica(limited); err != nil {
		return err
	}
	a, err := c.link.ask(limited, "CHECK TABLE "+one.position+" QUICK")
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && (refused.Number == 1969 || refused.Number == 1317) {
		return skippedError{"time"}
	}
	if err != nil {
		return mysqlError(err, c.cfg)
	}
	return tableVerdict(a)
}

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
