package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

var mysqlNoPrimaryKey = collect.Spec{Name: "mysql_tables_without_primary_key", Kind: collect.GaugeKind,
	Help: "InnoDB tables without a primary key or a unique one that cannot be NULL; the documents mysql.finding name them."}

const (
	// mysqlKeyless asks InnoDB, which makes a hidden key for what has none: that needs no right on a table.
	mysqlKeyless = `SELECT t.NAME AS name FROM information_schema.INNODB_SYS_INDEXES i JOIN information_schema.INNODB_SYS_TABLES t ON t.TABLE_ID = i.TABLE_ID
		WHERE i.NAME = 'GEN_CLUST_INDEX' AND t.NAME NOT LIKE 'mysql/%%' AND t.NAME NOT LIKE 'sys/%%' AND t.NAME NOT LIKE '%%/#sql%%' ORDER BY t.NAME LIMIT %d`
	// mysql8Keyless asks the dictionary of MySQL 8 for tables of a page that the user may know of.
	mysql8Keyless = `SELECT TABLE_SCHEMA AS ` + "`database`" + `, TABLE_NAME AS name FROM information_schema.TABLES
		WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB' AND %s
		AND TABLE_NAME NOT IN (SELECT TABLE_NAME FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND %s
			GROUP BY TABLE_NAME, INDEX_NAME HAVING max(NULLABLE = 'YES') = 0) ORDER BY TABLE_NAME`
)

// keyless is a sweeper that finds tables without a primary key. Servers of which InnoDB tells it without locks are asked in
// one question.
type keyless struct {
	*findings
	tables   collect.Metric
	found    foundMost
	n, left  int // of the last complete round
	complete bool
}

func newKeyless(s *findings, fixed prometheus.Labels) *keyless {
	return &keyless{findings: s, tables: mysqlNoPrimaryKey.Metric(fixed)}
}

func (k *keyless) begin(ctx context.Context, link *mysqlLink) error {
	k.found = foundMost{}
	if !link.tellsInnoDB() {
		return nil
	}
	found, err := link.ask(ctx, fmt.Sprintf(mysqlKeyless, collect.MaxSamples))
	k.found.add(keylessTables(found)...)
	return err
}

func (k *keyless) page(ctx context.Context, link *mysqlLink, p tablePage) error {
	if link.tellsInnoDB() {
		return nil
	}
	these := p.of("TABLE_SCHEMA", "TABLE_NAME")
	found, err := link.ask(ctx, fmt.Sprintf(mysql8Keyless, these, these))
	k.found.add(keylessTables(found)...)
	return err
}

func (k *keyless) end() {
	k.n, k.left, k.complete = len(k.found.all)+k.found.others, k.found.others, true
	k.tell(k.found.all, time.Now(), "no_primary_key")
}

func (k *keyless) add(out *collect.Samples) {
	if !k.complete {
		return
	}
	out.Add(k.tables, float64(k.n))
	out.Dropped += k.left
	k.left = 0 // told once a round
}

// keylessTables reads names of tables, without a database as InnoDB writes them; partitions of a table are one.
func keylessTables(a rowset) []finding {
	var all []finding
	for _, row := range a.rows {
		schema, table := a.cell(row, "database"), a.cell(row, "name")
		if schema == "" {
			schema, table = innodbTable(table)
		}
		f := finding{kind: "no_primary_key", database: schema, table: schema + "." + table}
		if len(all) == 0 || all[len(all)-1] != f {
			all = append(all, f)
		}
	}
	return all
}
