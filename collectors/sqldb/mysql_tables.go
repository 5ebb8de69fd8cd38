package sqldb

import (
	"time"

	"gatewatch/collectors/collect"
)

// mysqlTables tells about tables under mysqld_exporter's names: the sizes of the largest ones that the user may know of,
// and which are read without an index. MariaDB answers for a locked table without waiting, MySQL has the numbers in its
// dictionary. What is not in a file of its own has no sizes, because what is free there is free for all.
func mysqlTables() []*query {
	return []*query{
		{part: "table_sizes", every: findingsEvery, most: 150, labels: []string{"schema", "table", "component"}, text: `SELECT t.s AS ` + "`schema`, t.t AS `table`" + `,
			c.component, CASE c.component WHEN 'data_length' THEN t.data WHEN 'index_length' THEN t.idx ELSE t.free END AS bytes
			FROM (SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, DATA_LENGTH AS data, INDEX_LENGTH AS idx, DATA_FREE AS free FROM information_schema.TABLES
				WHERE ENGINE = 'InnoDB' AND TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
				AND NOT ({shared}) AND @@innodb_file_per_table
				ORDER BY DATA_LENGTH + INDEX_LENGTH + DATA_FREE DESC LIMIT 51) t
			CROSS JOIN (SELECT 'data_length' AS component UNION ALL SELECT 'index_length' UNION ALL SELECT 'data_free') c
			ORDER BY t.data + t.idx + t.free DESC, t.s, t.t`,
			values: []value{{"bytes", "mysql_info_schema_table_size", collect.GaugeKind,
				"Bytes of data, of indexes, and free in the file of the table; of the 50 largest of those that the user may know of."}}},
		{part: "full_scans", every: 5 * time.Minute, most: 30, labels: []string{"schema", "table", "index", "operation"}, text: `SELECT
			OBJECT_SCHEMA AS ` + "`schema`, OBJECT_NAME AS `table`, 'NONE' AS `index`, 'fetch' AS `operation`" + `, COUNT_FETCH AS n
			FROM performance_schema.table_io_waits_summary_by_index_usage WHERE INDEX_NAME IS NULL AND COUNT_FETCH > 0
			AND OBJECT_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') ORDER BY COUNT_FETCH DESC LIMIT 31`,
			values: []value{{"n", "mysql_perf_schema_index_io_waits_total", collect.CounterKind,
				"Reads of rows without an index, of the 30 tables with most of them; absent without performance_schema."}}},
	}
}
