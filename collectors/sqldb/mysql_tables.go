package sqldb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// tableSizesMost is how many tables have sizes: the largest.
const tableSizesMost = 50

var mysqlTableSize = collect.Spec{Name: "mysql_info_schema_table_size", Kind: collect.GaugeKind, Labels: []string{"schema", "table", "component"},
	Help: "Bytes of data, of indexes, and free in the file of the table; of the 50 largest, when the user may know of them."}

const (
	tableSizesOf = `SELECT TABLE_SCHEMA AS ` + "`schema`, TABLE_NAME AS `table`" + `, DATA_LENGTH AS data_length, INDEX_LENGTH AS index_length,
		DATA_FREE AS data_free FROM information_schema.TABLES WHERE `
	// mysqlLargest are names of files as InnoDB writes them, which needs neither locks nor that anything is opened. Tables
	// without a file of their own have no sizes, because what is free there is free for all of them.
	mysqlLargest = `SELECT NAME AS name FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME LIKE '%%/%%' AND NAME NOT LIKE 'mysql/%%'
		AND NAME NOT LIKE 'sys/%%' AND NAME NOT LIKE '%%/#sql%%' AND NAME NOT LIKE '%%/FTS\_%%' ORDER BY FILE_SIZE DESC LIMIT %d`
	// mysql8Sizes asks the dictionary about the tables of a page.
	mysql8Sizes = tableSizesOf + `ENGINE = 'InnoDB' AND TABLE_TYPE = 'BASE TABLE' AND CREATE_OPTIONS NOT LIKE '%%TABLESPACE%%' AND @@innodb_file_per_table
		AND %s ORDER BY DATA_LENGTH + INDEX_LENGTH + DATA_FREE DESC LIMIT %d`
)

// tableSizes is a sweeper that finds the sizes of the largest tables. MariaDB opens each table that it is asked for, so that
// it is asked for the largest files first, and then for those tables alone, however many there are.
type tableSizes struct {
	size            collect.Metric
	found, complete []tableSize
	dropped         int
}

type tableSize struct {
	schema, table string
	data, index   float64
	free          float64
}

func (t tableSize) total() float64 { return t.data + t.index + t.free }

func newTableSizes(fixed prometheus.Labels) *tableSizes {
	return &tableSizes{size: mysqlTableSize.Metric(fixed)}
}

func (t *tableSizes) begin(ctx context.Context, link *mysqlLink) error {
	t.found = nil
	if !link.tellsInnoDB() {
		return nil
	}
	files, err := link.ask(ctx, fmt.Sprintf(mysqlLargest, tableSizesMost+1))
	if err != nil {
		return err
	}
	if text := sizesOfFiles(files); text != "" {
		return t.read(ctx, link, text)
	}
	return nil
}

func (t *tableSizes) page(ctx context.Context, link *mysqlLink, p tablePage) error {
	if link.tellsInnoDB() {
		return nil
	}
	return t.read(ctx, link, fmt.Sprintf(mysql8Sizes, p.of("TABLE_SCHEMA", "TABLE_NAME"), tableSizesMost+1))
}

func (t *tableSizes) read(ctx context.Context, link *mysqlLink, text string) error {
	found, err := link.ask(ctx, text)
	if err != nil {
		return err
	}
	for _, row := range found.rows {
		one := tableSize{schema: found.cell(row, "schema"), table: found.cell(row, "table")}
		var known bool
		if one.data, known = collect.ParseNumber(found.cell(row, "data_length")); !known {
			continue
		}
		one.index, _ = collect.ParseNumber(found.cell(row, "index_length"))
		one.free, _ = collect.ParseNumber(found.cell(row, "data_free"))
		t.found = append(t.found, one)
	}
	slices.SortStableFunc(t.found, func(a, b tableSize) int { return cmp.Compare(b.total(), a.total()) })
	t.found = t.found[:min(len(t.found), tableSizesMost+1)]
	return nil
}

func (t *tableSizes) end() {
	t.complete = t.found[:min(len(t.found), tableSizesMost)]
	t.dropped = len(t.found) - len(t.complete)
}

func (t *tableSizes) add(out *collect.Samples) {
	for _, one := range t.complete {
		out.Add(t.size, one.data, one.schema, one.table, "data_length")
		out.Add(t.size, one.index, one.schema, one.table, "index_length")
		out.Add(t.size, one.free, one.schema, one.table, "data_free")
	}
	out.Dropped += t.dropped
	t.dropped = 0 // told once a round
}

// sizesOfFiles returns the question for the tables whose files are in a, "" without any. Each table is asked for by its
// two names, which is how MariaDB knows that it need not open all others.
func sizesOfFiles(a rowset) string {
	var all []string
	for _, row := range a.rows {
		schema, table := innodbTable(a.cell(row, "name"))
		if strings.ContainsAny(schema+table, `'\`) {
			continue // what these mean in a text depends on settings of the server
		}
		one := tableSizesOf + fmt.Sprintf("TABLE_SCHEMA = '%s' AND TABLE_NAME = '%s'", schema, table)
		if !slices.Contains(all, one) { // each partition has a file
			all = append(all, one)
		}
	}
	return strings.Join(all, " UNION ALL ")
}

// mysqlScans tells which tables are read without an index.
func mysqlScans() *query {
	return &query{part: "full_scans", every: 5 * time.Minute, most: 30, labels: []string{"schema", "table", "index", "operation"}, text: `SELECT
		OBJECT_SCHEMA AS ` + "`schema`, OBJECT_NAME AS `table`, 'NONE' AS `index`, 'fetch' AS `operation`" + `, COUNT_FETCH AS n
		FROM performance_schema.table_io_waits_summary_by_index_usage WHERE INDEX_NAME IS NULL AND COUNT_FETCH > 0
		AND OBJECT_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') ORDER BY COUNT_FETCH DESC LIMIT 31`,
		values: []value{{"n", "mysql_perf_schema_index_io_waits_total", collect.CounterKind,
			"Reads of rows without an index, of the 30 tables with most of them; absent without performance_schema."}}}
}
