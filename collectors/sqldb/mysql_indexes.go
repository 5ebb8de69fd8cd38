package sqldb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

var (
	mysqlRedundant = collect.Spec{Name: "mysql_redundant_indexes", Kind: collect.GaugeKind,
		Help: "Indexes that begin as another one does and serve nothing more, of tables that the user may know of; the documents mysql.finding name them."}
	mysqlUnusedIndexes = collect.Spec{Name: "mysql_unused_indexes", Kind: collect.GaugeKind,
		Help: "Indexes that no statement used since the server started, of tables in use that the user may know of; without those that are unique or serve a foreign key. Absent without performance_schema."}
)

const (
	// unusedSince is how long a server has to run before indexes that nobody used are told by name.
	unusedSince = 7 * 24 * time.Hour
	// mysqlShapes asks for no CARDINALITY, for which MariaDB would open the tables.
	mysqlShapes = `SELECT TABLE_SCHEMA AS ` + "`database`, TABLE_NAME AS `table`, INDEX_NAME AS `index`" + `, min(NON_UNIQUE) AS non_unique,
		group_concat(concat(COLUMN_NAME, coalesce(concat('(', SUB_PART, ')'), ''), CASE COLLATION WHEN 'D' THEN ' DESC' ELSE '' END)
			ORDER BY SEQ_IN_INDEX SEPARATOR 0x1F) AS columns, max(CASE SEQ_IN_INDEX WHEN 1 THEN COLUMN_NAME END) AS first
		FROM information_schema.STATISTICS WHERE INDEX_TYPE = 'BTREE' AND %s
		GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME HAVING count(COLUMN_NAME) = count(*)`
	// maxUnused is how many indexes that nobody used are compared with what is known of them.
	maxUnused   = 50_000
	mysqlUnused = `SELECT OBJECT_SCHEMA, OBJECT_NAME, INDEX_NAME FROM performance_schema.table_io_waits_summary_by_index_usage
		WHERE INDEX_NAME IS NOT NULL AND INDEX_NAME <> 'PRIMARY' AND COUNT_STAR = 0
		AND OBJECT_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')`
	mysqlCounting = `SELECT @@performance_schema AS counts, (SELECT VARIABLE_VALUE FROM %s WHERE VARIABLE_NAME = 'Uptime') AS uptime`
)

// indexes is a sweeper that finds indexes which nobody needs.
type indexes struct {
	*findings
	redundant, unused collect.Metric

	counts         bool // the server counts who uses an index
	uptime         time.Duration
	foreign        foreignColumns
	untouched      map[[3]string]bool // schema, table and index that no statement used
	found, settled indexCounts
	superfluous    foundMost
	idle           foundMost
}

// indexCounts are what a round counted.
type indexCounts struct {
	known, complete            bool
	redundant, unused, leftOut int
}

// foundMost are as many findings as there may be documents of a kind, and how many others there are.
type foundMost struct {
	all    []finding
	others int
}

func (f *foundMost) add(more ...finding) {
	room := min(len(more), findingsMost-len(f.all))
	f.all, f.others = append(f.all, more[:room]...), f.others+len(more)-room
}

func newIndexes(s *findings, fixed prometheus.Labels) *indexes {
	return &indexes{findings: s, redundant: mysqlRedundant.Metric(fixed), unused: mysqlUnusedIndexes.Metric(fixed)}
}

func (x *indexes) begin(ctx context.Context, link *mysqlLink) (err error) {
	x.found, x.superfluous, x.idle = indexCounts{}, foundMost{}, foundMost{}
	x.foreign, x.untouched = foreignColumns{}, map[[3]string]bool{}
	status := "performance_schema.global_status"
	if link.mariadb {
		status = "information_schema.GLOBAL_STATUS"
	}
	counting, err := link.ask(ctx, fmt.Sprintf(mysqlCounting, status))
	if err != nil || len(counting.rows) == 0 {
		return err
	}
	x.counts = counting.cell(counting.rows[0], "counts") == "1"
	seconds, _ := collect.ParseNumber(counting.cell(counting.rows[0], "uptime"))
	x.uptime = time.Duration(seconds) * time.Second
	if !x.counts {
		return nil
	}
	// Each question about this table reads all of it.
	_, err = link.each(ctx, mysqlUnused, func(cells [][]byte) {
		if len(x.untouched) == maxUnused {
			x.found.leftOut++
			return
		}
		x.untouched[[3]string{string(cells[0]), string(cells[1]), string(cells[2])}] = true
	})
	if err == nil {
		x.foreign, err = link.innodbForeignKeys(ctx)
	}
	return err
}

func (x *indexes) page(ctx context.Context, link *mysqlLink, p tablePage) error {
	found, err := link.ask(ctx, fmt.Sprintf(mysqlShapes, p.of("TABLE_SCHEMA", "TABLE_NAME")))
	if err != nil || len(found.rows) == 0 {
		return err
	}
	unused := x.unusedOf(p, found)
	var left collect.Samples
	redundant := redundantIndexes(indexShapes(found, &left))
	x.found.known = true
	x.found.leftOut += left.Dropped
	x.found.redundant += len(redundant)
	x.found.unused += len(unused)
	x.superfluous.add(redundant...)
	x.idle.add(unused...)
	return nil
}

// unusedOf returns the indexes among shapes that nobody used and nobody needs.
func (x *indexes) unusedOf(p tablePage, shapes rowset) (all []finding) {
	for _, row := range shapes.rows {
		table, index := shapes.cell(row, "table"), shapes.cell(row, "index")
		first := tableColumn{p.schema, table, strings.ToLower(shapes.cell(row, "first"))}
		if x.untouched[[3]string{p.schema, table, index}] && shapes.cell(row, "non_unique") == "1" && !x.foreign[first] {
			all = append(all, finding{kind: "unused_index", database: p.schema, table: p.schema + "." + table, index: index})
		}
	}
	return all
}

func (x *indexes) end() {
	x.settled = x.found
	x.settled.complete = true
	x.settled.leftOut += x.superfluous.others
	now := time.Now()
	x.tell(x.superfluous.all, now, "redundant_index")
	if x.uptime < unusedSince {
		x.idle = foundMost{}
	}
	x.settled.leftOut += x.idle.others
	x.tell(x.idle.all, now, "unused_index")
	x.untouched, x.foreign = nil, nil
}

func (x *indexes) add(out *collect.Samples) {
	if !x.settled.complete {
		return
	}
	out.Add(x.redundant, float64(x.settled.redundant))
	if x.counts && x.settled.known {
		out.Add(x.unused, float64(x.settled.unused))
	}
	out.Dropped += x.settled.leftOut
	x.settled.leftOut = 0 // told once a round
}
