package sqldb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

const (
	autoIncrementEvery = 10 * time.Minute
	// autoIncrementMost is how many columns are told: those that are fullest.
	autoIncrementMost = 50
	// autoIncrementColumns are the columns with numbers of their own, and what they can hold at most; autoIncrementNext is what
	// comes next. MariaDB opens all tables where one question joins the two.
	autoIncrementColumns = `SELECT TABLE_NAME AS ` + "`table`, COLUMN_NAME AS `column`" + `,
		pow(2, CASE DATA_TYPE WHEN 'tinyint' THEN 7 WHEN 'smallint' THEN 15 WHEN 'mediumint' THEN 23 WHEN 'int' THEN 31
			ELSE 63 END + (COLUMN_TYPE LIKE '% unsigned%')) - 1 AS most
		FROM information_schema.COLUMNS WHERE EXTRA LIKE '%auto_increment%' AND `
	autoIncrementNext = `SELECT TABLE_NAME AS ` + "`table`" + `, AUTO_INCREMENT AS next FROM information_schema.TABLES WHERE AUTO_INCREMENT IS NOT NULL AND `
)

func autoIncrementSpecs() []collect.Spec {
	labels := []string{"schema", "table", "column"}
	return []collect.Spec{
		{Name: "mysql_info_schema_auto_increment_column", Kind: collect.GaugeKind, Labels: labels,
			Help: "Next value of the column; of the 50 fullest ones of tables that the user may know of."},
		{Name: "mysql_info_schema_auto_increment_column_max", Kind: collect.GaugeKind, Labels: labels,
			Help: "Largest value that the column can hold; after it inserts fail."},
	}
}

// autoIncrement is a sweeper that finds columns whose numbers come to their end.
type autoIncrement struct {
	next, most      collect.Metric
	found, complete fullest
}

type numberedColumn struct {
	schema, table, column string
	next, most            float64
}

// fullest are the columns that are fullest, and how many others there are.
type fullest struct {
	columns []numberedColumn
	others  int
}

func newAutoIncrement(fixed prometheus.Labels) *autoIncrement {
	specs := autoIncrementSpecs()
	return &autoIncrement{next: specs[0].Metric(fixed), most: specs[1].Metric(fixed)}
}

func (a *autoIncrement) begin(context.Context, *mysqlLink) error {
	a.found = fullest{}
	return nil
}

func (a *autoIncrement) page(ctx context.Context, link *mysqlLink, p tablePage) error {
	columns, err := link.ask(ctx, autoIncrementColumns+p.of("TABLE_SCHEMA", "TABLE_NAME"))
	if err != nil || len(columns.rows) == 0 {
		return err
	}
	numbered := p
	numbered.tables = columnOf(columns, "table")
	found, err := link.ask(ctx, autoIncrementNext+numbered.of("TABLE_SCHEMA", "TABLE_NAME"))
	if err != nil {
		return err
	}
	next := map[string]float64{}
	for _, row := range found.rows {
		next[found.cell(row, "table")], _ = collect.ParseNumber(found.cell(row, "next"))
	}
	for _, row := range columns.rows {
		one := numberedColumn{schema: p.schema, table: columns.cell(row, "table"), column: columns.cell(row, "column")}
		one.most, _ = collect.ParseNumber(columns.cell(row, "most"))
		one.next = next[one.table]
		if one.most > 0 && one.next > 0 {
			a.found.columns = append(a.found.columns, one)
		}
	}
	slices.SortStableFunc(a.found.columns, func(a, b numberedColumn) int { return cmp.Compare(b.next/b.most, a.next/a.most) })
	if n := len(a.found.columns) - autoIncrementMost; n > 0 {
		a.found.columns, a.found.others = a.found.columns[:autoIncrementMost], a.found.others+n
	}
	return nil
}

func (a *autoIncrement) end() { a.complete = a.found }

func (a *autoIncrement) add(out *collect.Samples) {
	for _, c := range a.complete.columns {
		out.Add(a.next, c.next, c.schema, c.table, c.column)
		out.Add(a.most, c.most, c.schema, c.table, c.column)
	}
	out.Dropped += a.complete.others
	a.complete.others = 0 // told once a round
}
